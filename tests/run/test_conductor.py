"""A conductor with real workers on a real target."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from vumeter.model.frame import EventLevel, Frame, RunState, StopCause
from vumeter.model.plan import Plan
from vumeter.model.throttle import CommandKind, Lever, ThrottleState
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

Plans = Callable[..., Plan]


def lever(frame: Frame, kind: Lever = Lever.VUS) -> ThrottleState:
    """Return that lever's state; one that is not there is at nothing."""
    found = [state for state in frame.throttles if state.lever is kind]
    return found[0] if found else msgspec.structs.replace(frame.throttles[0], actual=-1.0)


async def test_a_run_of_iterations_ends_by_itself_with_exact_counts(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, iterations=500, workers=2)) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.SCHEDULE
    assert summary.total.requests == server.truth.requests == 500
    assert summary.total.errors == 0
    assert summary.iterations.done == 500


async def test_a_run_with_a_duration_takes_that_long(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, duration_s=1.5)) as flight:
        summary = await flight.summary()
    assert 1.5 <= summary.duration_s < 4.0
    assert summary.total.requests == server.truth.requests
    assert summary.total.requests_per_s == pytest.approx(
        summary.total.requests / summary.duration_s
    )


async def test_vus_rise_and_fall_while_it_runs_and_each_step_is_acknowledged(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, vus=2, workers=2)) as flight:
        link = await flight.link()
        for vus in (7, 1):
            await flight.do(CommandKind.SET, value=vus)
            taken = await until(link, lambda frame, vus=vus: lever(frame).acknowledged == vus)
            assert lever(taken).requested == vus
            await until(link, lambda frame, vus=vus: lever(frame).actual == vus)
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert summary.stop is StopCause.STOPPED
    assert summary.vus_max == 7
    assert [entry.effect for entry in summary.journal][:2] == ["VU 2 → 7", "VU 7 → 1"]
    assert all(entry.acknowledged_s is not None for entry in summary.journal[:2])


async def test_a_rate_opens_the_model_and_close_returns(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        link = await flight.link()
        await flight.do(CommandKind.SET, lever=Lever.RATE, value=40.0)
        await until(link, lambda frame: lever(frame, Lever.RATE).actual == 40)
        await flight.do(CommandKind.CLOSE)
        await until(link, lambda frame: len(frame.throttles) == 1)
        await link.close()


async def test_pausing_stops_the_load_and_keeps_the_vus(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, vus=3)) as flight:
        link = await flight.link()
        await until(link, lambda frame: frame.total.requests > 0)
        await flight.do(CommandKind.PAUSE)
        paused = await until(link, lambda frame: frame.points and not frame.points[-1].requests)
        assert paused.state is RunState.PAUSED
        assert lever(paused).actual == 3
        at_rest = server.truth.requests
        await until(link, lambda frame: frame.second >= paused.second + 1)
        assert server.truth.requests == at_rest
        await flight.do(CommandKind.RESUME)
        await until(link, lambda frame: frame.points[-1].requests > 0)
        await link.close()


async def test_an_abort_does_not_wait_for_what_is_in_flight(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    server.gate.close()
    async with fly(a_plan(server.url, vus=2, timeout_s=600.0)) as flight:
        await server.gate.held(2)
        await flight.do(CommandKind.ABORT)
        summary = await flight.summary()
    assert summary.stop is StopCause.ABORTED
    assert summary.total.requests == server.truth.requests == 2
    assert summary.iterations.interrupted == 2


async def test_a_stop_waits_for_what_is_in_flight(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    server.gate.close()
    async with fly(a_plan(server.url, vus=2)) as flight:
        link = await flight.link()
        await server.gate.held(2)
        await flight.do(CommandKind.STOP)
        await until(link, lambda frame: frame.state is RunState.STOPPING)
        # Only when the worker has taken it up may the answers go out. That is worth a frame.
        async for _ in link.frames():
            if (await link.journal())[0].acknowledged_s is not None:
                break
        refused = await flight.do(CommandKind.SET, value=5)
        assert refused == "The run is stopping"
        server.gate.open()
        summary = await flight.summary()
        await link.close()
    assert summary.total.requests == summary.total.statuses[200] == 2


async def test_a_worker_that_is_lost_is_said_loudly_and_another_takes_over(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, vus=4, workers=2)) as flight:
        link = await flight.link()
        await until(link, lambda frame: frame.workers_heard == 2)
        flight.workers()[0].send_signal(signal.SIGKILL)
        lost = await until(
            link,
            lambda frame: any(event.level is EventLevel.ERROR for event in frame.events),
        )
        (event,) = [each for each in lost.events if each.level is EventLevel.ERROR]
        assert "was lost" in event.text
        assert "50 %" in event.text
        # Both are expected all the while, and both are heard again.
        whole = await until(
            link, lambda frame: frame.second > lost.second + 1 and frame.workers_heard == 2
        )
        assert whole.workers_expected == 2
        assert any("took over" in event.text for event in whole.events)
        # What is commanded now is acknowledged by the new one, too.
        await flight.do(CommandKind.SET, value=6)
        await until(link, lambda frame: lever(frame).acknowledged == 6)
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert any("was lost" in remark for remark in summary.remarks)


async def test_a_run_that_is_stopping_replaces_nobody(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    server.gate.close()
    async with fly(a_plan(server.url)) as flight:
        link = await flight.link()
        await until(link, lambda frame: frame.in_flight > 0)
        await link.close()
        await flight.do(CommandKind.STOP)
        flight.workers()[0].send_signal(signal.SIGKILL)
        summary = await flight.summary()
    server.gate.open()
    assert summary.stop is StopCause.STOPPED
    (remark,) = [each for each in summary.remarks if "was lost" in each]
    assert "nobody takes its place" in remark


async def test_a_worker_that_hangs_does_not_keep_an_abort_waiting(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        link = await flight.link()
        await until(link, lambda frame: frame.total.requests > 0)
        (worker,) = flight.workers()
        worker.suspend()
        await flight.do(CommandKind.ABORT)
        summary = await flight.summary()
        assert not worker.is_running()
        await link.close()
    assert summary.stop is StopCause.ABORTED
    assert any("ended by force" in remark for remark in summary.remarks)


async def test_a_run_without_an_end_that_nobody_watches_stops_itself(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, dead_man_s=0.5)) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.DEAD_MAN
    assert summary.journal[-1].command.author == "dead man's switch"


async def test_a_viewer_keeps_the_dead_mans_switch_from_tripping(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, dead_man_s=2.5)) as flight:
        link = await flight.link()
        # Longer than the switch would wait; a frame a second is a sign of life each.
        await until(link, lambda frame: frame.elapsed_s > 4)
        assert not flight.ending.done()
        await link.close()
        summary = await flight.summary()
    assert summary.stop is StopCause.DEAD_MAN


async def test_a_run_with_an_end_goes_on_to_it_unwatched(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, duration_s=2.0, dead_man_s=0.2)) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.SCHEDULE


async def test_marks_stand_in_the_log_and_in_the_journal_and_cannot_write_to_a_terminal(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url)) as flight:
        link = await flight.link()
        await flight.do(CommandKind.MARK, note="deploy\x1b[31m 42")
        marked = await until(
            link, lambda frame: any(event.level is EventLevel.MARK for event in frame.events)
        )
        (event,) = [each for each in marked.events if each.level is EventLevel.MARK]
        assert event.text == event.label == "deploy\N{REPLACEMENT CHARACTER}[31m 42"
        await link.close()


async def test_no_seconds_stump_at_the_end_looks_like_a_collapse(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, duration_s=2.0)) as flight:
        link = await flight.link()
        frames = [frame async for frame in link.frames()]
        await link.close()
    assert frames[-1].state is RunState.ENDED
    assert frames[-1].second == 1
    assert frames[-1].total.requests == server.truth.requests


async def test_leaving_a_run_by_cancellation_leaves_no_worker(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    async with fly(a_plan(server.url, workers=2)) as flight:
        workers = flight.workers()
        assert len(workers) == 2
        flight.ending.cancel()
        await asyncio.wait({flight.ending})
        assert flight.ending.cancelled()
        assert not any(worker.is_running() for worker in workers)
