"""
Scenarios in Python against a real server: what is sent, counted, and how it ends.

Over 400 lines: one small script after the other, each with the requests that it leads to.
"""

import asyncio
import socket
import textwrap

import pytest

from vumeter.errors import ProfileError
from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Pause, Retarget, Stop
from vumeter.model.metric import CustomMetric, Kind, Unit
from vumeter.model.plan import Load, Plan, Scenario, Script
from vumeter.model.throttle import Leg, Lever
from vumeter.stats.custom import merge_by_name, values
from vumeter.testing.answers import Answer
from vumeter.testing.hostile import HostileServer
from vumeter.testing.laws import by_path, fixed
from vumeter.testing.server import LoopbackServer

JSON = Answer(
    body=b'{"price": 7.5}',
    headers=(("Content-Type", "application/json"), ("X-Id", "a"), ("X-Id", "b")),
)


@pytest.fixture
def scripted(tmp_path):
    """Give what makes a plan of a script; the scenario in it is called `act`."""

    def make(text: str, server, *, load: Load, url: str | None = None, **more) -> Plan:
        path = tmp_path / "shop.py"
        path.write_text(
            "import asyncio\nfrom vumeter.script import RequestFailed, Vu, scenario\n\n"
            + textwrap.dedent(text)
        )
        script = Script(
            path=str(path),
            scenario="act",
            target=url or server.url,
            timeout_s=more.pop("timeout_s", 10.0),
        )
        one = Scenario(name="act", steps=(), load=load, script=script)
        return Plan(name="test", scenarios=(one,), graceful_stop_s=5.0, **more)

    return make


@pytest.mark.parametrize(
    "load",
    [Load(vus=3, iterations=30), Load(vus=3, rate_per_s=200.0, iterations=30)],
    ids=["closed", "open"],
)
async def test_every_iteration_is_one_call_of_the_coroutine(scripted, total_of, load) -> None:
    text = """
    @scenario()
    async def act(vu):
        await vu.get("/a")
        await vu.post("/b?x=1", json={"n": 1}, name="second")
    """
    async with LoopbackServer() as server:
        performance = await total_of(scripted(text, server, load=load))
    assert server.truth.paths == {"/a": 30, "/b?x=1": 30}
    assert performance.named("GET /a").answered == 30
    assert performance.named("second").answered == 30
    assert performance.total.errors == {}
    assert performance.counts.iterations_done == 30
    assert (performance.named("GET /a").response is not None) == (load.rate_per_s is not None)


async def test_a_script_on_the_short_way_is_counted_as_on_the_long_one(scripted, total_of) -> None:
    # An Expect header takes each request the long way: by its own step, `request` and `_send`.
    text = """
    @scenario()
    async def act(vu):
        for number in range(3):
            page = await vu.get(f"/{number}", name="page", %s)
            vu.check("even", number %% 2 == 0)
    """

    def law(path: str, number: int) -> float:
        return 0.1 if path == "/2" and number > 100 else 0.0

    totals, snapshots = [], []
    for options in ("", 'headers={"Expect": "100-continue"}'):
        async with LoopbackServer(law=law) as server:
            performance = await total_of(
                scripted(text % options, server, load=Load(vus=1, iterations=40))
            )
        page = performance.named("page")
        assert server.truth.requests == 120
        assert page.sent_bytes == server.truth.received_bytes
        totals.append((page.answered, page.statuses, page.checks, page.received_bytes))
        totals[-1] += (performance.counts.iterations_done, sum(page.service.counts.values()))
        slowest = max(
            (each for snapshot in performance.snapshots for each in snapshot.slowest.values()),
            key=lambda each: each.service_us,
        )
        snapshots.append((slowest.vu, slowest.status, slowest.service_us >= 100_000))
        durations = performance.counts.iteration_duration
        assert sum(durations.counts.values()) == 40
        assert durations.sum_us >= page.service.sum_us
        # What crosses to the run process as a count is one, not the answer to a question.
        assert all(type(count) is int for counts in page.checks.values() for count in counts)
    assert totals[0] == totals[1]
    assert snapshots == [(1, 200, True)] * 2


async def test_what_is_sent_is_what_was_asked_for(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        await vu.request(
            "PUT", "/ü", params={"q": ["a b", 2]}, headers={"X-A": "{{no}}"}, data={"k": "v&w"}
        )
    """
    async with LoopbackServer() as server:
        await total_of(scripted(text, server, load=Load(vus=1, iterations=1)))
    head, _, body = server.truth.last_request.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"PUT /%C3%BC?q=a+b&q=2 HTTP/1.1",
        b"Host: 127.0.0.1:%d" % server.port,
        b"Content-Type: application/x-www-form-urlencoded",
        b"X-A: {{no}}",
        b"Content-Length: 7",
    ]
    assert body == b"k=v%26w"


async def test_an_answer_shows_all_that_came(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        for _ in range(3):
            page = await vu.get("/quote")
            vu.check("status", page.status == 200 and page.ok and page.error is None)
            vu.check("json", page.json() == {"price": 7.5})
            vu.check("text", page.text == page.body.decode())
            vu.check("headers", page.headers["x-id"] == "a, b")
            vu.check("slow", 0.01 < page.duration < 5)
            vu.check("never", False)
        gone = await vu.get("/status/503")
        vu.check("gone", gone.error == "status" and not gone.ok and gone.status == 503)
    """
    async with LoopbackServer(answers={"/quote": JSON}, law=fixed(0.02)) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=2, iterations=4)))
    checks = performance.named("GET /quote").checks
    assert checks.pop("never") == (0, 12)
    assert checks == dict.fromkeys(("status", "json", "text", "headers", "slow"), (12, 0))
    assert performance.named("GET /status/{id}").checks == {"gone": (4, 0)}
    assert performance.total.errors == {ErrorKind.STATUS: 4}


async def test_a_vu_keeps_its_state_and_its_chance_is_its_own(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        seen = vu.vars.setdefault("seen", [])
        seen.append(vu.iteration)
        vu.check("counted", seen == list(range(vu.iteration + 1)))
        await vu.get(f"/{vu.id}/{vu.random.randrange(10**9)}", name="get")
    """
    load = Load(vus=2, iterations=5, per_vu=True)
    paths = []
    for _ in range(2):
        async with LoopbackServer() as server:
            performance = await total_of(scripted(text, server, load=load))
        assert performance.named("get").checks == {"counted": (9, 0)} or performance.total.checks
        assert sum(ok for ok, _ in performance.total.checks.values()) == 10
        paths.append(server.truth.paths)
    assert paths[0] == paths[1]
    assert len(paths[0]) == 10


async def test_each_vu_starts_once_and_stops_once(scripted, total_of) -> None:
    text = """
    @scenario(think=0.001)
    async def act(vu):
        await vu.get("/own/" + vu.vars["token"])

    @act.on_start
    async def login(vu):
        vu.vars["token"] = "t"
        await vu.post("/login", data="guest", raises=True)

    @act.on_stop
    async def logout(vu):
        await vu.delete("/login")
    """
    async with LoopbackServer() as server:
        plan = scripted(text, server, load=Load(vus=3, iterations=30))
        performance = await total_of(plan)
    assert performance.named("POST /login").answered == 3
    assert performance.named("GET /own/t").answered == 30
    assert performance.named("DELETE /login").answered == 3
    assert performance.counts.iterations_done == 30


async def test_a_start_that_raises_is_tried_again_and_no_iteration_begins(
    scripted, perform
) -> None:
    text = """
    @scenario()
    async def act(vu):
        await vu.get("/never")

    @act.on_start
    async def login(vu):
        await vu.post("/status/401", raises=True)
    """
    async with (
        LoopbackServer() as server,
        perform(scripted(text, server, load=Load(vus=1))) as performance,
    ):
        await performance.until(lambda: server.truth.requests >= 3)
        performance.generator.stop(Stop(id=1, graceful_s=0.0))
        await performance.done()
    assert "/never" not in server.truth.paths
    assert performance.counts.iterations_started == 0
    assert performance.counts.script_errors >= 2
    assert performance.remarks[0].endswith("RequestFailed: POST /status/{id}: status 401")


async def test_an_exception_is_counted_remarked_once_and_ends_the_iteration_not_the_vu(
    scripted, total_of, tmp_path
) -> None:
    text = """
    @scenario()
    async def act(vu):
        page = await vu.get("/a")
        if vu.iteration % 2:
            page.json()["no such key"]
        await vu.get("/b")
    """
    async with LoopbackServer() as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=10)))
    assert server.truth.paths == {"/a": 10, "/b": 5}
    assert server.truth.connections == 1
    assert performance.total.errors == {}
    assert performance.total.requests == 15
    assert performance.counts.script_errors == 5
    assert performance.counts.iterations_done == 10
    [remark] = performance.remarks
    assert remark.startswith(f"{tmp_path}/shop.py:9: KeyError: ")


async def test_a_failed_request_does_not_raise_unless_asked(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        page = await vu.get("/a")
        vu.check("refused", page.error == "refused" and page.status == 0 and not page.body)
        try:
            await vu.get("/a", raises=True)
        except RequestFailed as failed:
            vu.check("raised", failed.response.error == "refused")
    """
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    plan = scripted(text, None, load=Load(vus=1, iterations=2), url=f"http://127.0.0.1:{port}")
    performance = await total_of(plan)
    assert performance.total.errors == {ErrorKind.REFUSED: 4}
    assert performance.total.checks == {"refused": (2, 0), "raised": (2, 0)}
    assert performance.counts.iterations_done == 2


async def test_a_request_has_its_own_time_out(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        page = await vu.get("/a", timeout=0.05)
        vu.check("late", page.error == "timeout_response" and 0.05 <= page.duration < 4)
    """
    async with LoopbackServer(law=fixed(5.0)) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=2)))
    assert performance.total.errors == {ErrorKind.TIMEOUT_RESPONSE: 2}
    assert performance.total.checks == {"late": (2, 0)}


async def test_a_connection_is_waited_for_no_longer_than_an_answer(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        page = await vu.get("/a", timeout=0.05)
        vu.check("late", page.error == "timeout_connect")
    """
    async with HostileServer("silent") as server:
        url = server.url.replace("http:", "https:")
        performance = await total_of(scripted(text, None, load=Load(vus=1, iterations=2), url=url))
    assert performance.total.errors == {ErrorKind.TIMEOUT_CONNECT: 2}
    assert performance.total.checks == {"late": (2, 0)}


async def test_all_of_asyncio_works_in_a_script(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        task = asyncio.current_task()
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await vu.get("/a")
        await asyncio.wait_for(vu.get("/b"), 10)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0.001))
            await vu.get("/c")
        try:
            async with asyncio.timeout(0.02):
                await asyncio.Event().wait()
        except TimeoutError:
            vu.check("timed out", True)
        await asyncio.to_thread(vu.vars.setdefault, "thread", 1)
        await vu.get("/d")
        vu.check("same task", task is not None and asyncio.current_task() is task)
    """
    async with LoopbackServer() as server:
        performance = await total_of(scripted(text, server, load=Load(vus=2, iterations=6)))
    assert performance.remarks == []
    assert server.truth.paths == dict.fromkeys(("/a", "/b", "/c", "/d"), 6)
    assert performance.total.checks == {"timed out": (6, 0), "same task": (6, 0)}
    assert performance.counts.iterations_done == 6


async def test_a_request_that_the_script_gives_up_is_counted_and_its_answer_never_mistaken(
    scripted, total_of
) -> None:
    text = """
    @scenario()
    async def act(vu):
        try:
            async with asyncio.timeout(0.02):
                await vu.get("/slow")
        except TimeoutError:
            pass
        try:
            async with asyncio.timeout(0.02):
                await vu.think(30)
        except TimeoutError:
            pass
        page = await vu.get("/quote")
        vu.check("right", page.json() == {"price": 7.5})
    """
    async with LoopbackServer(answers={"/quote": JSON}, law=by_path({"/slow": 5.0})) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=2)))
    assert performance.total.checks == {"right": (2, 0)}
    assert performance.total.errors == {ErrorKind.INTERRUPTED: 2}
    assert performance.named("GET /slow").requests == 2


async def test_a_request_that_outlives_its_iteration_is_given_up(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        before = vu.vars.get("task")
        page = await vu.get("/fast")
        vu.check("mine", page.ok and (before is None or before.cancelled()))
        vu.vars["task"] = asyncio.ensure_future(vu.get("/slow"))
        await asyncio.sleep(0.02)
    """
    async with LoopbackServer(law=by_path({"/slow": 5.0})) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=3)))
    assert performance.total.errors == {ErrorKind.INTERRUPTED: 3}
    assert performance.total.checks == {"mine": (3, 0)}
    assert performance.named("GET /fast").answered == 3
    assert performance.counts.iterations_done == 3


async def test_two_requests_of_a_vu_at_once_are_an_error_with_a_reason(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        await asyncio.gather(vu.get("/a"), vu.get("/b"))
    """
    async with LoopbackServer() as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=2)))
    assert performance.counts.script_errors == 2
    assert "one request, or pauses, at a time" in performance.remarks[0]
    assert performance.counts.iterations_done == 2


async def test_hands_steer_scripts_like_any_scenario(scripted, perform) -> None:
    text = """
    @scenario()
    async def act(vu):
        await vu.get("/a")
        await vu.think(0.001, 0.002)
    """
    async with (
        LoopbackServer() as server,
        perform(scripted(text, server, load=Load(vus=2))) as performance,
    ):
        generator = performance.generator

        def existing() -> int:
            return sum(1 for _ in generator.vus())

        def aim(number: int) -> None:
            leg = Leg(start_s=performance.now_s, begin=number, end=number)
            generator.aim(
                Retarget(id=1, scenario="act", lever=Lever.VUS, course=(leg,), end_s=None)
            )

        await performance.until(lambda: server.truth.connections_open == 2)
        aim(5)
        await performance.until(lambda: server.truth.connections_open == 5)
        aim(1)
        await performance.until(lambda: existing() == 1)
        generator.pause(Pause(id=2, paused=True))
        await performance.until(lambda: not any(vu.in_iteration for vu in generator.vus()))
        still = server.truth.requests
        await asyncio.sleep(0.05)
        assert server.truth.requests == still
        generator.pause(Pause(id=3, paused=False))
        await performance.until(lambda: server.truth.requests > still)
        generator.stop(Stop(id=4, graceful_s=5.0))
        await performance.done()
    counts = performance.counts
    assert counts.iterations_started == counts.iterations_done + counts.iterations_interrupted
    assert performance.total.requests == server.truth.requests


@pytest.mark.parametrize(
    "wait",
    ["vu.think(60)", "asyncio.sleep(60)", 'vu.get("/slow")'],
)
async def test_stopping_at_once_ends_a_coroutine_wherever_it_waits(scripted, perform, wait) -> None:
    text = f"""
    @scenario()
    async def act(vu):
        try:
            await {wait}
        finally:
            vu.check("cleared away", True)

    @act.on_start
    async def begin(vu):
        await vu.get("/start")
    """
    async with (
        LoopbackServer() as server,
        perform(scripted(text, server, load=Load(vus=3))) as performance,
    ):
        await performance.until(lambda: server.truth.paths["/start"] == 3)
        server.gate.close()
        performance.generator.stop(Stop(id=1, graceful_s=0.0))
        await performance.done()
    assert performance.counts.iterations_done == 0 or "slow" in wait
    assert performance.remarks == []


async def test_a_vu_that_thinks_says_goodbye_when_it_is_told_to_stop(scripted, perform) -> None:
    text = """
    @scenario()
    async def act(vu):
        await vu.get("/a")
        await vu.think(60)
        await vu.get("/never")

    @act.on_stop
    async def logout(vu):
        await vu.get("/bye")
    """
    async with (
        LoopbackServer() as server,
        perform(scripted(text, server, load=Load(vus=3))) as performance,
    ):
        await performance.until(lambda: server.truth.paths["/a"] == 3)
        await performance.until(lambda: performance.generator.crowds["act"]._thinking)
        performance.generator.stop(Stop(id=1, graceful_s=5.0))
        await performance.done()
    assert server.truth.paths == {"/a": 3, "/bye": 3}
    assert performance.counts.iterations_interrupted == 3


async def test_cookies_and_redirects_work_as_in_any_scenario(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        page = await vu.get("/from", redirects=1)
        vu.check("landed", page.status == 200 and page.json() == {"price": 7.5})
        lost = await vu.get("/loop", redirects=1)
        vu.check("lost", lost.error == "redirect")
    """
    cookie = ("Set-Cookie", "sid=1; Path=/")
    answers = {
        "/from": Answer(status=302, headers=(("Location", "/to"), cookie)),
        "/to": JSON,
        "/loop": Answer(status=302, headers=(("Location", "/loop"),)),
    }
    async with LoopbackServer(answers=answers) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=2)))
    assert performance.total.checks == {"landed": (2, 0), "lost": (2, 0)}
    assert server.truth.paths == {"/from": 2, "/to": 2, "/loop": 2}
    assert b"Cookie: sid=1" in server.truth.last_request


async def test_a_script_that_is_broken_is_refused(scripted, total_of) -> None:
    async with LoopbackServer() as server:
        with pytest.raises(ProfileError, match=r"shop\.py:4: ZeroDivisionError"):
            await total_of(scripted("1 / 0", server, load=Load(vus=1)))
        assert server.truth.requests == 0


async def test_what_scripts_measure_of_their_own_is_counted_by_name_over_all_scenarios(
    scripted, total_of
) -> None:
    text = """
    from vumeter.script import Counter, Gauge, Rate, Trend

    took = Trend("took", unit="s")
    orders, fast, seen = Counter("orders"), Rate("fast"), Gauge("seen")

    @scenario()
    async def act(vu):
        page = await vu.get("/")
        took.add(page.duration)
        orders.add(0.5)
        fast.add(vu.iteration % 4)
        seen.add(vu.iteration)
        Counter("made_up").add()
    """
    declared = (
        CustomMetric(name="took", kind=Kind.TREND, unit=Unit.MS),
        CustomMetric(name="orders", kind=Kind.COUNTER),
        CustomMetric(name="fast", kind=Kind.RATE, unit=Unit.RATIO),
        CustomMetric(name="seen", kind=Kind.GAUGE),
    )
    async with LoopbackServer() as server:
        load = Load(vus=1, iterations=8)
        performance = await total_of(scripted(text, server, load=load, metrics=declared))
    added = merge_by_name(snapshot.metrics for snapshot in performance.snapshots)
    by_name = {metric.name: metric for metric in declared}
    figures = {name: values(by_name[name], part, 1.0) for name, part in added.items()}
    assert figures["orders"]["count"] == 4.0
    assert (figures["fast"]["passes"], figures["fast"]["fails"]) == (6, 2)
    assert (figures["seen"]["value"], figures["seen"]["min"]) == (7.0, 0.0)
    # What is added in seconds is a time, in ms as all are, and no other than the engine's own.
    service = performance.total.service
    assert figures["took"]["count"] == 8
    assert figures["took"]["avg"] == pytest.approx(service.sum_us / 8000)
    # What no plan was told of is refused, and says why.
    assert performance.counts.script_errors == 8
    assert "made_up" in performance.remarks[0]


async def test_a_script_may_ask_first_whether_its_body_is_wanted(scripted, total_of) -> None:
    text = """
    @scenario()
    async def act(vu):
        taken = await vu.post("/", data=b"x" * 5000, headers={"Expect": "100-continue"})
        vu.check("taken", taken.status == 200)
    """

    async def behave(wire) -> None:
        async for _ in wire.requests():
            await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            await wire.body(5000)
            await wire.answer()

    async with HostileServer(behave) as server:
        performance = await total_of(scripted(text, server, load=Load(vus=1, iterations=5)))
        assert server.requests == performance.total.answered == 5
    assert performance.total.checks == {"taken": (5, 0)}
