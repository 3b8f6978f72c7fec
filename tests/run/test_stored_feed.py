"""A stored run, played: the same numbers as live."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.model.plan import Plan, Threshold
from vumeter.model.series import SeriesPoint
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.run.conductor import Conductor
from vumeter.run.stored_feed import StoredFeed
from vumeter.store.reader import open_run
from vumeter.testing.clock import ManualClock
from vumeter.testing.laws import fixed
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
            while conductor.frame.second < second:  # noqa: ASYNC110 - it is a plain value
                await asyncio.sleep(0.02)
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
