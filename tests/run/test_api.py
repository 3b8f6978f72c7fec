"""
The control API, over its socket.

Over 400 lines: each resource with what it answers and what it refuses.
"""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from vumeter.link.client import Link, send
from vumeter.model.alert import Alert
from vumeter.model.frame import Frame, RunState
from vumeter.model.measure import Reading
from vumeter.model.plan import Plan, Threshold
from vumeter.model.throttle import Command, CommandKind, JournalEntry, Lever, Outcome
from vumeter.report.schema import Report
from vumeter.stats import resolutions
from vumeter.stats.serieslog import SeriesLog
from vumeter.testing import patience
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

Plans = Callable[..., Plan]

GENEROUS_S = 30.0


async def asked(path: Path, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    connector = aiohttp.UnixConnector(path=str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://run{target}", data=body) as response,
    ):
        return response.status, await response.read()


def requested(frame: Frame) -> float:
    return frame.throttles[0].requested


async def test_status_points_and_journal_are_json_of_the_models(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        async with await flight.link() as link:
            await until(link, lambda frame: frame.second >= 2)
            points = await link.points(1)
            assert [point.second for point in points][:2] == [1, 2]
        socket_path = flight.folder.socket
        status, body = await asked(socket_path, "GET", "/status")
        frame = msgspec.json.decode(body, type=Frame)
        assert (status, frame.run, frame.state) == (200, "test", RunState.RUNNING)
        assert len(json.loads((await asked(socket_path, "GET", "/points"))[1])) >= 3
        await flight.do(CommandKind.MARK, note="hello")
        status, body = await asked(socket_path, "GET", "/journal")
        (entry,) = msgspec.json.decode(body, type=tuple[JournalEntry, ...])
        assert (entry.effect, entry.command.author) == ("hello", "test")


async def test_who_asks_for_it_has_the_summary_before_the_last_frame(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        viewer, socket_path = "afar", flight.folder.socket
        async with (
            await Link.open(socket_path, viewer=viewer, watch=True, wants_summary=True) as asker,
            await flight.link(watch=True) as other,
        ):
            await until(asker, lambda frame: frame.second >= 1)
            await flight.do(CommandKind.STOP, author="hand")
            await until(asker, lambda frame: frame.state is RunState.ENDED)
            told = asker.summary
            await until(other, lambda frame: frame.state is RunState.ENDED)
            assert other.summary is None
        assert told == await flight.summary()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "not a command", id="empty"),
        pytest.param(b"[]", "not a command", id="a-list"),
        pytest.param(b'{"kind": "explode"}', "explode", id="unknown-kind"),
        pytest.param(b'{"kind": "set", "value": "12"}', "$.value", id="text-for-a-number"),
        pytest.param(b'{"kind": "set", "value": NaN}', "not a command", id="nan"),
        pytest.param(b"\xff\xfe", "not a command", id="not-utf8"),
    ],
)
async def test_what_is_no_command_is_refused_in_words(
    fly: Any, a_plan: Plans, server: LoopbackServer, body: bytes, words: str
) -> None:
    async with fly(a_plan(server.url)) as flight:
        status, answer = await asked(flight.folder.socket, "POST", "/commands", body)
    assert status == 400
    assert words in answer.decode()


async def test_a_command_needs_no_more_than_its_kind_and_belongs_to_who_sent_it(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url)) as flight:
        body = b'{"kind": "mark", "note": "x", "author": "somebody else"}'
        path = flight.folder.socket
        status, answer = await asked(path, "POST", "/commands?viewer=ali%1bce", body)
        outcome = msgspec.json.decode(answer, type=Outcome)
        assert (status, outcome.accepted, outcome.message) == (200, True, "x")
        await asked(path, "POST", "/commands", b'{"kind": "mark"}')
        _, answer = await asked(path, "GET", "/journal")
        authors = [entry["command"]["author"] for entry in json.loads(answer)]
        assert authors == ["ali\N{REPLACEMENT CHARACTER}ce", "anonymous"]


async def test_points_that_cannot_be_are_refused(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    wrong = {
        "from=-1": "from",
        "from=x": "from",
        "from=²": "from",
        "to=1.5": "to",
        "from=" + "9" * 5_000: "from",
        "span=7": "1, 10, 60",
        "span=0": "1, 10, 60",
        "span=": "span",
    }
    async with fly(a_plan(server.url)) as flight:
        for query, words in wrong.items():
            status, answer = await asked(flight.folder.socket, "GET", f"/points?{query}")
            assert (status, words in answer.decode()) == (400, True), query


async def test_what_is_no_longer_in_memory_comes_from_the_store(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(resolutions.KEPT_S, 1, 2)
    async with fly(a_plan(server.url)) as flight, await flight.link() as link:
        await until(link, lambda frame: frame.second >= 6)
        points = await link.points(1)
        readings = await whole_readings(flight.folder.socket, seconds=4)
        assert [point.second for point in points] == list(range(1, points[-1].second + 1))
        assert all(point.requests > 0 for point in points)
        assert [it.tallies["GET /"].requests for it in readings[1:]] == [
            point.requests for point in points[:3]
        ]


async def whole_readings(path: Path, *, seconds: int) -> tuple[Reading, ...]:
    """Return the first readings once they are stored."""

    async def stored() -> tuple[Reading, ...]:
        _, body = await asked(path, "GET", f"/readings?to={seconds}")
        readings = msgspec.json.decode(body, type=tuple[Reading, ...])
        return readings if len(readings) == seconds else ()

    found: tuple[Reading, ...] = await patience.until(stored, within_s=GENEROUS_S)
    return found


async def test_readings_that_cannot_be_had_are_refused_in_words(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url)) as flight:
        status, answer = await asked(flight.folder.socket, "GET", "/readings?from=0&to=601")
        assert (status, answer) == (400, b"to: at most 600 readings at once")
        flight.folder.store.unlink()
        status, answer = await asked(flight.folder.socket, "GET", "/readings")
        assert (status, b"no stored run" in answer) == (503, True)
        # What is in memory needs no store.
        assert (await asked(flight.folder.socket, "GET", "/points?span=60")) == (200, b"[]")


async def test_metrics_are_what_a_scraper_reads_and_equal_what_the_target_has_seen(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    plan = a_plan(
        server.url,
        thresholds=(Threshold(metric="http_req_duration", expression="p(95) < 1ms"),),
        alerts=(
            Alert(name='slow "one"', metric="http_req_duration", expression="p(95) > 1ms over 1s"),
        ),
    )

    def is_at_rest(frame: Frame) -> bool:
        return frame.in_flight == 0 and frame.total.requests == server.truth.requests

    async with fly(plan) as flight, await flight.link() as link:
        await until(link, lambda frame: frame.second >= 2)
        await flight.do(CommandKind.PAUSE)
        last = await until(link, is_at_rest)
        status, body = await asked(flight.folder.socket, "GET", "/metrics")
    metrics = {
        sample.name: (sample.labels, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if sample.value and sample.labels.get("le") in (None, "+Inf")
    }
    assert status == 200
    assert metrics["vumeter_requests_total"] == ({"request": "GET /"}, last.total.requests)
    assert metrics["vumeter_responses_total"][1] == last.total.requests
    assert metrics["vumeter_service_time_seconds_bucket"][1] == last.total.requests
    assert metrics["vumeter_run_state"][0] == {"state": "paused"}
    assert metrics["vumeter_threshold_failing"][0]["rule"] == "p(95) < 1ms"
    assert metrics["vumeter_alert_firings_total"][0]["alert"] == 'slow "one"'
    assert all(name.startswith("vumeter_") for name in metrics)


async def test_a_run_that_goes_on_reports_itself_as_it_will_at_the_end(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    plan = a_plan(
        server.url,
        thresholds=(Threshold(metric="http_req_failed", expression="rate < 1%"),),
    )
    async with fly(plan) as flight, await flight.link() as link:
        await until(link, lambda frame: frame.second >= 2)
        socket_path = flight.folder.socket
        report = msgspec.json.decode((await asked(socket_path, "GET", "/report"))[1], type=Report)
        again = msgspec.json.decode((await asked(socket_path, "GET", "/report"))[1], type=Report)
        reading = msgspec.json.decode(
            (await asked(socket_path, "GET", "/reading"))[1], type=Reading
        )
        verdicts = json.loads((await asked(socket_path, "GET", "/verdicts"))[1])
        assert json.loads((await asked(socket_path, "GET", "/alerts"))[1]) == []
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert report.run.stop is None
    assert 0 < report.totals.requests <= again.totals.requests <= summary.total.requests
    assert report.generator.seconds <= again.generator.seconds <= summary.generator.seconds
    assert summary.generator.seconds <= summary.duration_s + 1
    assert reading.tallies["GET /"].requests > 0
    assert [each["threshold"]["metric"] for each in verdicts] == ["http_req_failed"]


async def test_points_end_before_a_second_and_come_in_tens(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight, await flight.link() as link:
        await until(link, lambda frame: frame.second >= 10)
        seconds = await link.points(0, to_second=10)
        [tens] = await link.points(0, to_second=10, span_s=10)
        assert [point.second for point in seconds] == list(range(10))
        assert (tens.second, tens.span_s) == (0, 10)
        assert tens.requests == sum(point.requests for point in seconds)
        assert await link.points(0, span_s=60) == ()


async def test_a_series_is_the_same_in_memory_and_from_the_store(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    until: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fly(a_plan(server.url, vus=2)) as flight, await flight.link() as link:
        await until(link, lambda frame: frame.second >= 12)
        whole = await link.series("latency.p95_ms", 0, 10)
        points = await link.points(0, to_second=10)
        assert [(it.second, it.span_s) for it in whole] == [(second, 1) for second in range(10)]
        assert [round(it.mean * 1000) for it in whole] == [point.p95_us for point in points]
        now = await link.series_now()
        assert now["vus"] == 2
        # What memory has forgotten is read, and both together have every second once.
        monkeypatch.setattr(SeriesLog, "first_second", 7)
        assert await link.series("latency.p95_ms", 0, 10) == whole
        [tens] = await link.series("latency.p95_ms", 0, 10, span_s=10)
        assert tens.highest == max(it.highest for it in whole)
        assert await link.series("no.such", 0, 10) == ()


async def test_a_command_is_on_every_screen_at_once_and_not_only_on_the_second(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with (
        fly(a_plan(server.url, vus=2)) as flight,
        await flight.link("alice") as alice,
        await flight.link("bob") as bob,
    ):
        for vus in range(3, 13):
            await alice.command(
                Command(kind=CommandKind.SET, author="alice", lever=Lever.VUS, value=vus)
            )
            seen = await until(bob, lambda frame, vus=vus: requested(frame) == vus)
        # Ten commands, each seen before the next: with frames once a second only, that
        # would have taken ten seconds of run time.
        assert seen.elapsed_s < 8


async def test_one_hand_at_a_time_and_the_other_is_told_whose(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        async with await flight.link("alice") as alice, await flight.link("bob") as bob:
            more = Command(kind=CommandKind.STEP, author="bob", value=1)
            refused = await bob.command(more)
            assert (refused.accepted, refused.message) == (
                False,
                "alice holds the control; take it over first",
            )
            assert (await bob.take_control()).accepted
            taken = await until(alice, lambda frame: frame.control == "bob")
            assert any("took the control over from alice" in e.text for e in taken.events)
            entry = (await bob.journal())[-1]
            assert (entry.command.kind, entry.command.author) == (CommandKind.TAKE, "bob")
            assert entry.effect == "took the control over from alice"
            assert (await bob.command(more)).accepted
            assert not (await alice.command(more)).accepted
        async with await flight.link("watcher", watch=True) as watcher:
            assert "only watches" in (await watcher.command(more)).message
        refusals = [entry for entry in await journal_of(flight) if not entry.accepted]
        assert [entry.command.author for entry in refusals] == ["bob", "alice", "watcher"]


async def test_of_two_commands_at_once_the_later_wins_and_both_viewers_see_it(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with (
        fly(a_plan(server.url)) as flight,
        await flight.link("alice") as alice,
        await flight.link("bob") as bob,
    ):

        async def insist(link: Link, vus: int) -> list[Outcome]:
            """Take the control and use it, however often somebody else does the same."""
            author = "alice" if link is alice else "bob"
            command = Command(kind=CommandKind.SET, author=author, lever=Lever.VUS, value=vus)
            outcomes: list[Outcome] = []
            while not outcomes or not outcomes[-1].accepted:
                await link.take_control()
                outcomes.append(await link.command(command))
            return outcomes

        for vus in range(3, 13, 2):
            mine, theirs = await asyncio.gather(insist(alice, vus), insist(bob, vus + 1))
            last = max(mine[-1].id, theirs[-1].id)
            journal = {entry.id: entry for entry in await alice.journal()}
            wanted = journal[last].command.value
            seen = [
                await until(link, lambda frame, wanted=wanted: requested(frame) == wanted)
                for link in (alice, bob)
            ]
            assert {frame.control for frame in seen} == {journal[last].command.author}
        turns = [it for it in journal.values() if it.command.kind is CommandKind.SET]
        assert {it.command.author for it in turns if it.accepted} == {"alice", "bob"}
        assert [it.command.author for it in turns if it.id == mine[-1].id] == ["alice"]
        assert [it.command.author for it in turns if it.id == theirs[-1].id] == ["bob"]
        assert await bob.journal() == tuple(journal.values())


async def test_of_commands_at_the_same_time_the_last_one_counts_and_both_viewers_see_it(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    def set_to(author: str, vus: int) -> Command:
        return Command(kind=CommandKind.SET, author=author, value=vus)

    async with (
        fly(a_plan(server.url)) as flight,
        await flight.link("alice") as alice,
        await flight.link("bob") as bob,
    ):
        await asyncio.gather(
            alice.command(set_to("alice", 5)),
            bob.take_control(),
            bob.command(set_to("bob", 7)),
            alice.command(set_to("alice", 9)),
            send(flight.folder.socket, set_to("carol", 11), take=True),
        )
        journal = await journal_of(flight)
        *_, last = [
            entry for entry in journal if entry.accepted and entry.command.kind is CommandKind.SET
        ]
        for link in (alice, bob):
            await until(link, lambda frame: requested(frame) == last.command.value)
    assert {entry.command.author for entry in journal} == {"alice", "bob", "carol"}
    assert len(journal) == 6


async def journal_of(flight: Any) -> tuple[JournalEntry, ...]:
    async with await flight.link("reader", watch=True) as link:
        journal: tuple[JournalEntry, ...] = await link.journal()
        return journal


async def test_a_script_takes_the_control_only_when_it_says_so(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url)) as flight, await flight.link("alice"):
        command = Command(kind=CommandKind.SET, author="script", value=3)
        assert not (await send(flight.folder.socket, command)).accepted
        assert (await send(flight.folder.socket, command, take=True)).accepted


async def test_a_viewer_that_stops_reading_holds_up_neither_run_nor_viewers(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        stalled = socket.socket(socket.AF_UNIX)
        stalled.connect(str(flight.folder.socket))
        stalled.sendall(
            b"GET /stream?viewer=stalled&watch=1 HTTP/1.1\r\nHost: run\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with await flight.link("reader") as reader:
            await until(reader, lambda frame: frame.viewers == 2)
            # Each mark is a frame for both; together far more than the kernel keeps for one
            # that does not read.
            note = "x" * 400
            for number in range(300):
                mark = Command(kind=CommandKind.MARK, author="reader", note=f"{number} {note}")
                assert (await reader.command(mark)).accepted
            last = await until(reader, lambda frame: frame.events[-1].text.startswith("299 "))
            assert last.viewers == 2
            now = await until(reader, lambda frame: frame.second > last.second)
            assert now.points[-1].requests > 0
        stalled.close()


_WATCHES = """
import asyncio, sys
from pathlib import Path
from vumeter.link.client import Link

async def main():
    async with await Link.open(Path(sys.argv[1]), viewer="frozen", watch=True) as link:
        async for frame in link.frames():
            print(frame.events[-1].text.partition(" ")[0], flush=True)

asyncio.run(main())
"""


async def test_a_viewer_that_is_frozen_costs_nothing_and_sees_the_present_when_it_wakes(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight, await flight.link("reader") as reader:
        frozen = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _WATCHES, str(flight.folder.socket)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert frozen.stdout is not None
        try:
            await frozen.stdout.readline()
            frozen.send_signal(signal.SIGSTOP)
            before = psutil.Process().memory_info().rss
            note = "x" * 4_000
            for number in range(500):
                mark = Command(kind=CommandKind.MARK, author="reader", note=f"{number} {note}")
                assert (await reader.command(mark)).accepted
            assert psutil.Process().memory_info().rss - before < 32 * 2**20
            now = await until(reader, lambda frame: frame.second >= 2)
            assert now.points[-1].requests > 0
            frozen.send_signal(signal.SIGCONT)
            async with asyncio.timeout(GENEROUS_S):
                seen = [await frozen.stdout.readline()]
                while seen[-1] != b"499\n":
                    seen.append(await frozen.stdout.readline())
            # What was on the way when it froze, and then the newest: nothing was kept for it.
            assert len(seen) < 50
        finally:
            frozen.kill()
            await frozen.wait()


async def test_the_end_reaches_every_viewer_and_then_the_run_is_gone(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, duration_s=1.0)) as flight:
        links = [await flight.link(name) for name in ("alice", "bob")]
        ends = [[frame async for frame in link.frames()][-1] for link in links]
        assert [frame.state for frame in ends] == [RunState.ENDED] * 2
        summary = await flight.summary()
        assert all(frame.total.requests == summary.total.requests for frame in ends)
        for link in links:
            await link.close()
    assert not flight.folder.socket.exists()
    assert flight.folder.summary.exists()


async def test_a_viewer_that_comes_and_goes_a_hundred_times_leaves_nothing_behind(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url)) as flight:
        before = psutil.Process().num_fds()
        for _ in range(100):
            link = await flight.link()
            await link.close()
        async with await flight.link() as link:
            assert link.hello.frame.viewers == 1
        await asyncio.sleep(0)  # the loop's own bookkeeping of closed transports
        assert psutil.Process().num_fds() <= before + 3


async def test_nothing_that_leaves_the_run_has_the_plans_secrets(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    canary = "canary-9f8e7d6c"
    plan = a_plan(
        f"{server.url}?token={canary}",
        headers=(("Authorization", f"Bearer {canary}"), ("X-Api-Key", canary)),
        postgres_dsn=f"postgresql://watcher:{canary}@127.0.0.1:1/none",
    )
    async with fly(plan) as flight:
        async with await flight.link() as link:
            assert canary.encode() not in msgspec.msgpack.encode(link.hello)
        for path in ("/status", "/reading", "/points", "/journal", "/report", "/metrics"):
            assert canary.encode() not in (await asked(flight.folder.socket, "GET", path))[1]
        await flight.do(CommandKind.ABORT)
        await flight.summary()
        assert canary.encode() not in flight.folder.summary.read_bytes()


async def test_only_the_owner_can_reach_the_socket(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url)) as flight:
        folder = flight.folder
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.socket.stat().st_mode) == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user for a moment")
async def test_another_user_is_refused_even_where_the_modes_would_let_him_in(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    asks = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'GET /status HTTP/1.0\\r\\nHost: run\\r\\n\\r\\n'); print(s.recv(4096))"
    )
    async with fly(a_plan(server.url)) as flight:
        for path in (flight.folder.path.parent, flight.folder.path, flight.folder.socket):
            path.chmod(0o777)
        answer = await asyncio.to_thread(
            subprocess.run,
            ["/usr/bin/env", "python3", "-c", asks, str(flight.folder.socket)],
            user=65534,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert "403" in answer.stdout, answer.stderr + sys.executable


async def test_a_link_to_nothing_says_so() -> None:
    with pytest.raises(Exception, match="does not answer"):
        await Link.open(Path("/nowhere/control.sock"), viewer="test")
