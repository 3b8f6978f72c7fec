"""A stored run, played: the same numbers as live."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import WINDOW_S, Frame, RunState, StopCause
from vumeter.model.measure import Reading
from vumeter.model.metric import CustomMetric, Kind
from vumeter.model.plan import Load, Plan, Scenario, Threshold
from vumeter.model.retention import Retention
from vumeter.model.series import SeriesPoint
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.run.alarm import Alarm
from vumeter.run.conductor import Conductor
from vumeter.run.recount import Recount
from vumeter.run.stored_feed import StoredFeed
from vumeter.run.throttles import Throttles
from vumeter.run.views import Views
from vumeter.stats.redaction import Redactor
from vumeter.store import reader
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.clock import ManualClock
from vumeter.testing.laws import fixed
from vumeter.testing.patience import PATIENCE_S, until
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.server import LoopbackServer

DEADLINE_S = 60.0
FAR_S = 1_000


@dataclass(frozen=True)
class Flown:
    """A run that was watched live, and what is stored of it."""

    path: Path
    frames: list[Frame]
    summary: Summary
    series: dict[str, tuple[SeriesPoint, ...]]

    def live(self, second: int) -> Frame:
        """Return the first frame that had *second* as its newest: hands came after it."""
        return next(frame for frame in self.frames if frame.second == second)


async def fly(plan: Plan, path: Path, hand: list[tuple[int, Command]]) -> Flown:
    """Drive *plan*, with these commands once a second is over, and keep every frame of it."""
    frames: list[Frame] = []
    async with Conductor(plan, sinks=(frames.append,), store=path) as conductor:
        await conductor.start()
        finish = asyncio.create_task(conductor.finish())
        for second, command in hand:
            await until(
                lambda at=second: conductor.frame.second >= at, within_s=second + PATIENCE_S
            )
            conductor.command(command, viewer="ann")
        summary = await finish
        log = conductor.series
        series = {name: log.points(name, 0, FAR_S) for name in log.names}
    return Flown(path, frames, summary, series)


def measured(frame: Frame) -> dict[str, Any]:
    """Return what must be equal: everything that was measured, and what was wanted."""
    return {
        "state": frame.state,
        "second": frame.second,
        "window": frame.window,
        "endpoints": [replace(it, total=it.window) for it in frame.endpoints],
        "totals": {it.name: it.total.requests for it in frame.endpoints},
        "latency": frame.total.latency,
        "in_flight": frame.in_flight,
        "dropped": frame.dropped,
        "points": frame.points,
        "errors": frame.errors,
        "generator": frame.generator,
        "verdicts": frame.verdicts,
        "alerts": frame.alerts,
        "driven": frame.driven,
        "undo": frame.undo,
        "levers": [(it.lever, it.requested, it.acknowledged, it.actual) for it in frame.throttles],
    }


@pytest.mark.slow
async def test_a_replay_shows_the_same_numbers_as_the_live_run_did(
    a_plan: Callable[..., Plan], tmp_path: Path
) -> None:
    async with LoopbackServer(law=fixed(0.01)) as server:
        plan = a_plan(
            server.url,
            vus=3,
            duration_s=6.6,
            thresholds=(
                Threshold(metric="http_req_duration", expression="p(95) < 1ms over 2s"),
                Threshold(metric="http_reqs", expression="count > 10"),
            ),
        )
        hand = [
            (0, Command(kind=CommandKind.SET, author="ann", lever=Lever.VUS, value=5.0)),
            (1, Command(kind=CommandKind.MARK, author="ann", note="deploy")),
            (2, Command(kind=CommandKind.PAUSE, author="ann")),
            (3, Command(kind=CommandKind.RESUME, author="ann")),
            (4, Command(kind=CommandKind.TAKE, author="ann")),
        ]
        flown = await fly(plan, tmp_path / "run.sqlite", hand)
    clock = ManualClock()
    with open_run(flown.path) as stored:
        feed = StoredFeed(stored, clock=clock)
        frames = feed.frames()
        for second in range(6):
            feed.seek(second + 1)
            shown = await anext(frames)
            live = flown.live(second)
            assert measured(shown) == measured(live), second
        assert {point.second for point in await feed.series("vus", 0, FAR_S)} == set(range(6))
        feed.seek(100)
        last = await anext(frames)
        assert set(await feed.series_now()) > {"requests_per_s", "latency.p95_ms", "vus"}
        for name, points in flown.series.items():
            assert await feed.series(name, 0, FAR_S) == points, name
    ended = flown.frames[-1]
    assert last.state is RunState.ENDED and last.stop_cause is StopCause.SCHEDULE
    assert measured(last) == measured(ended)
    assert last.total == ended.total == flown.summary.total
    assert [it.total for it in last.endpoints] == [it.total for it in ended.endpoints]


QUICK = Retention(seconds_s=60, tens_s=240)
LENGTH_S = 1_000
MOMENTS = [1, 2, 9, 10, 11, 59, 60, 61, 333, 615, 719, 720, 741, 899, 938, 940, 941, 961, 999]
SCRAMBLED = random.Random(5).sample(MOMENTS, len(MOMENTS))


def store(path: Path, plan: Plan) -> None:
    """Store a made-up run at all resolutions, with what it had come to."""
    run, views = MadeUpRun(endpoints=3, requests=4), Views(Throttles(plan), plan.metrics)
    recount = Recount(plan, late=(), verdicts=(), journal=())
    writer = StoreWriter(path, Redactor(plan), version="1", retention=QUICK)
    for second in range(LENGTH_S):
        reading = run.reading(second)
        recount.add(reading, is_shown=True)
        writer.second(reading, views.add(reading))
        if second % 10 == 9 or second >= LENGTH_S - QUICK.seconds_s:
            writer.balance(recount.balance(second + 1, has_ended=False))
        if second % 50 == 0:
            assert writer.drain(DEADLINE_S)
    # As they stood last, from which a recount knows what it cannot find out any more.
    writer.verdicts(recount.balance(LENGTH_S, has_ended=False).verdicts)
    assert writer.close(DEADLINE_S)


@pytest.fixture(scope="module")
def made_up_plan() -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1:1/")
    steps = (Pick(choices=(Choice(steps=(request,)),)),)
    return Plan(
        name="made-up",
        scenarios=(Scenario(name="main", steps=steps, load=Load(vus=50)),),
        thresholds=(
            Threshold(metric="http_req_duration", expression="p(95) < 12ms"),
            Threshold(metric="http_req_duration", expression="p(95) < 9ms over 60s"),
            Threshold(metric="http_req_duration", expression="p(95) < 9ms over 15s"),
        ),
        metrics=(CustomMetric(name="orders", kind=Kind.COUNTER),),
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, made_up_plan: Plan) -> tuple[Path, Path]:
    """The same run twice: with what it had come to at each second, and without."""
    folder = tmp_path_factory.mktemp("runs")
    store(folder / "kept", made_up_plan)
    shutil.copy(folder / "kept", folder / "bare")
    with sqlite3.connect(folder / "bare") as bare:
        bare.execute("DELETE FROM balances")
    bare.close()
    return folder / "kept", folder / "bare"


async def shown(path: Path, moments: list[int]) -> dict[int, Frame]:
    """Go to these moments one after the other."""
    frames: dict[int, Frame] = {}
    with open_run(path) as stored:
        feed = StoredFeed(stored, clock=ManualClock())
        stream = feed.frames()
        for moment in moments:
            feed.seek(moment)
            frames[moment] = await anext(stream)
    return frames


@pytest.mark.slow
async def test_a_seek_anywhere_shows_what_playing_up_to_there_does(
    stores: tuple[Path, Path],
) -> None:
    kept, bare = stores
    sought = await shown(kept, SCRAMBLED)
    assert sought == await shown(kept, MOMENTS)
    recounted = await shown(bare, MOMENTS)
    for moment in MOMENTS:
        # When an error was first seen, what is left of the seconds does not tell any more.
        # How a window stood that was looked at every two seconds, neither.
        of_seek, of_recount = (
            replace(it[moment], errors=(), verdicts=it[moment].verdicts[:1])
            for it in (sought, recounted)
        )
        assert of_seek == of_recount, moment


@pytest.mark.slow
async def test_a_seek_reads_no_more_than_what_its_windows_show(
    stores: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    real = reader.unpacked

    def counted(content: bytes) -> Reading:
        nonlocal read
        read += 1
        return real(content)

    monkeypatch.setattr(reader, "unpacked", counted)
    with open_run(stores[0]) as stored:
        feed = StoredFeed(stored, clock=ManualClock())
        stream = feed.frames()
        for moment in SCRAMBLED:
            feed.seek(moment)
            read = 0
            await anext(stream)
            # Two windows, what follows them, and one more to see that this one is whole.
            assert read <= 2 * WINDOW_S + 2


@pytest.mark.slow
async def test_a_run_that_died_knows_of_the_stalls_that_it_met(
    a_plan: Callable[..., Plan], tmp_path: Path
) -> None:
    def law(path: str, number: int) -> float:
        if number == 200:
            server.gate.close()
            asyncio.get_running_loop().call_later(1.2, server.gate.open)
        return 0.01

    async with LoopbackServer(law=law) as server:
        plan = a_plan(server.url, vus=12, duration_s=4.0)
        flown = await fly(plan, tmp_path / "run.sqlite", [])
    assert flown.summary.stalls is not None
    with open_run(flown.path) as stored:
        # As if its end had not been written.
        so_far = stored.so_far(StopCause.KILLED)
    assert so_far.stalls == flown.summary.stalls


@pytest.mark.slow
async def test_thresholds_stand_as_they_stood_where_their_windows_are_gone(
    stores: tuple[Path, Path], made_up_plan: Plan
) -> None:
    alarm, run = Alarm(made_up_plan), MadeUpRun(endpoints=3, requests=4)
    alarm.hear(run.reading(second) for second in range(660))
    frames = await shown(stores[0], [660, 720])
    with open_run(stores[0]) as stored:
        assert {reading.span_s for reading in stored.readings(600, 720)} == {60}
    # Judged by seconds, of which there are minutes left, also over 15 s.
    assert frames[660].verdicts == alarm.verdicts
