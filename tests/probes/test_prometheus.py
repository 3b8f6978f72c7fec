"""Pages of metrics: a real node_exporter's, a run's own, and those of servers that mean no good."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator

import psutil
import pytest
from aiohttp import web
from tests.probes.services import free_port, node_exporter

from vumeter.model.watched import PrometheusMonitor, WatchedState
from vumeter.probes import pages
from vumeter.probes.observing import Look, UnseenError, WatchProbe
from vumeter.probes.prometheus import PrometheusObserver

PAGE = r"""# HELP requests_total How many.
# TYPE requests_total counter
requests_total{job="shop",status="200"} 10
requests_total{job="shop",status="503"} 4
requests_total{job="other",status="200"} 100
requests_totally 7
temperature{place="a\"b\\c\nd}"} -1.5e1
broken NaN
endless +Inf
"""


@pytest.fixture
async def page() -> AsyncIterator[Callable[..., str]]:
    """Serve a page, which may change with each answer, and return its URL."""
    runners: list[web.AppRunner] = []

    async def serve(*texts: str, **answer: object) -> str:
        left = list(texts)

        async def handle(request: web.Request) -> web.Response:
            text = left.pop(0) if len(left) > 1 else left[0]
            seen.append(request)
            return web.Response(**{"text": text, **answer})

        app = web.Application()
        app.router.add_get("/metrics", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        return f"http://{host}:{port}/metrics"

    seen: list[web.Request] = []
    serve.seen = seen
    yield serve
    for runner in runners:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def observing(url: str, **options: object) -> AsyncIterator[PrometheusObserver]:
    series = tuple(options.pop("series", {"up": "up"}).items())
    observer = PrometheusObserver(PrometheusMonitor(name="node", url=url, series=series, **options))
    try:
        yield observer
    finally:
        await observer.close()


async def looked(url: str, **series: str) -> Look:
    async with observing(url, series=series) as observer:
        return await observer.look()


async def test_samples_are_chosen_by_name_and_label_and_become_one_number(page) -> None:
    look = await looked(
        await page(PAGE),
        all="requests_total",
        shop='requests_total{job="shop"}',
        failed='requests_total{status=~"5.."}',
        others='requests_total{job!="shop"}',
        most="max(requests_total)",
        number='count(requests_total{status!~"5.*"})',
        degrees='temperature{place="a\\"b\\\\c\\nd}"}',
    )
    assert look.remark == ""
    answer_ms = look.series.pop("answer_ms")
    assert answer_ms > 0
    assert look.series == {
        "all": 114,
        "shop": 14,
        "failed": 4,
        "others": 100,
        "most": 100,
        "number": 2,
        "degrees": -15,
    }


async def test_counters_are_rates_where_that_is_asked_and_a_reset_is_none(page) -> None:
    url = await page("hits 100", "hits 150", "hits 5")
    async with observing(url, series={"hits_per_s": "rate(hits)", "hits": "hits"}) as observer:
        assert "hits_per_s" not in (await observer.look()).series
        await asyncio.sleep(0.05)
        second = (await observer.look()).series
        assert second["hits"] == 150
        assert 0 < second["hits_per_s"] <= 50 / 0.05
        third = (await observer.look()).series
        assert (third["hits"], third["hits_per_s"]) == (5, 0)


async def test_what_is_not_there_or_no_number_is_missing_and_the_first_is_said(page) -> None:
    look = await looked(await page(PAGE), broken="broken", endless="endless", gone="requests")
    assert set(look.series) == {"answer_ms"}
    assert look.remark.startswith("nothing on the page is called requests → look at http://")


async def test_a_token_is_shown_to_the_page_and_its_url_without_a_password(page) -> None:
    url = await page("up 1")
    async with observing(url, token="s3cret") as observer:
        await observer.look()
    assert page.seen[0].headers["Authorization"] == "Bearer s3cret"
    async with observing(url.replace("//", "//ann:hunter2@")) as observer:
        look = await observer.look()
    assert page.seen[1].headers["Authorization"].startswith("Basic ")
    assert look.title == url


@pytest.mark.parametrize(
    ("text", "answer", "said"),
    [
        pytest.param("up 1", {"status": 404}, "/metrics answers 404", id="404"),
        pytest.param("up 1", {"status": 401}, "/metrics answers 401", id="401"),
        pytest.param(
            "",
            {"status": 302, "headers": {"Location": "http://192.0.2.1/"}},
            "answers 302",
            id="302",
        ),
        pytest.param("up one", {}, "that is no page of metrics", id="no-number"),
        pytest.param('up{a="b" 1', {}, "that is no page of metrics", id="no-end"),
        pytest.param(
            "up 1",
            {"headers": {"Content-Encoding": "gzip"}},
            "compresses what was not to be",
            id="gzip",
        ),
        pytest.param("up{n='1'} 1\n" * 10_001, {}, "more than 10000 samples", id="many"),
    ],
)
async def test_what_is_no_page_of_metrics_is_said(page, text, answer, said) -> None:
    with pytest.raises(UnseenError) as caught:
        await looked(await page(text, **answer), up="up")
    assert said in caught.value.message
    assert caught.value.hint


async def test_an_endless_page_is_given_up_and_never_kept(monkeypatch) -> None:
    monkeypatch.setattr(pages, "LARGEST_BYTES", 2**20)

    serving: list[asyncio.Task[None] | None] = []

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"# nothing, over and over\n" * 1000)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnseenError, match="more than 1 MiB"):
            await looked(f"http://127.0.0.1:{port}/metrics", up="up")
        await asyncio.gather(*filter(None, serving))


async def test_a_page_that_drips_is_down_after_its_time_and_back_when_it_answers(
    monkeypatch,
) -> None:
    monkeypatch.setattr("vumeter.probes.observing.LOOK_LIMIT_S", 0.5)
    is_slow = True
    serving: list[asyncio.Task[None] | None] = []

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup")
        while is_slow:  # noqa: ASYNC110 - it is the other end that gives up
            await asyncio.sleep(0.02)
        writer.write(b" 1\n")
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/metrics"
        monitor = PrometheusMonitor(name="node", url=url, series=(("up", "up"),))
        probe = WatchProbe(monitor, PrometheusObserver(monitor))
        watched = await probe.looked()
        assert (watched.state, watched.series) == (WatchedState.DOWN, {})
        assert watched.remark.startswith("no answer within 0.5 s")
        is_slow = False
        assert (await probe.looked()).series["up"] == 1
        await probe._observer.close()
        await asyncio.gather(*filter(None, serving))


async def test_hostile_pages_leave_nothing_hostile_behind(page) -> None:
    monitor = PrometheusMonitor(
        name="node", url=await page('up{a="\x1b[31m"} x\x1b]0;pwned\x07'), series=(("up", "up"),)
    )
    probe = WatchProbe(monitor, PrometheusObserver(monitor))
    watched = await probe.looked()
    assert watched.state is WatchedState.DOWN
    assert watched.remark.isprintable()
    await probe._observer.close()


@pytest.fixture(scope="module")
def node_page() -> Iterator[str]:
    with node_exporter(free_port()) as url:
        yield url


@pytest.mark.slow
async def test_a_real_node_exporter_says_what_the_kernel_does(node_page: str) -> None:
    look = await looked(
        node_page,
        load_1m="node_load1",
        memory_bytes="node_memory_MemTotal_bytes",
        cores='count(node_cpu_seconds_total{mode="idle"})',
        idle_s='node_cpu_seconds_total{mode="idle"}',
        release='node_uname_info{sysname="Linux"}',
    )
    assert look.remark == ""
    assert look.series["memory_bytes"] == psutil.virtual_memory().total
    assert look.series["cores"] == os.cpu_count()
    assert look.series["idle_s"] == pytest.approx(psutil.cpu_times().idle, rel=0.01)
    assert look.series["load_1m"] == pytest.approx(os.getloadavg()[0], abs=1.0)
    assert look.series["release"] == 1
