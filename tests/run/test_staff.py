"""Who works on what: shares that pass on, and workers that are added, with real processes."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.measure import Reading, Snapshot, Vitals
from vumeter.model.plan import Load, Plan
from vumeter.model.throttle import Command, CommandKind
from vumeter.run.conductor import Conductor
from vumeter.run.staff import Staff
from vumeter.stats.aggregator import Aggregator
from vumeter.stats.histogram import histogram_of
from vumeter.testing.server import LoopbackServer

PATIENCE_S = 40.0


def reading_of(second: int, *, lag_us: int, cpu_percent: float) -> Reading:
    """Return what is read of a worker whose ticks came so late."""
    vitals = Vitals(
        cpu_percent=cpu_percent,
        tick_lag=histogram_of([lag_us] * 100),
        start_lag=histogram_of([]),
        late_starts=0,
        descriptors=10,
        descriptor_limit=1000,
        rss_bytes=1,
    )
    aggregator = Aggregator(start_unix_ms=0)
    aggregator.expect(frozenset({0}))
    aggregator.add(Snapshot(worker=0, second=second, tallies={}, scenarios={}, vitals=vitals))
    return replace(aggregator.take(second + 10.0)[second], second=second)


def added(plan: Plan, *, cores: int, lag_us: int, cpu_percent: float, seconds: int) -> list[int]:
    """Return in which seconds a worker is asked for."""
    staff = Staff(plan, cores=cores)
    readings = [
        reading_of(second, lag_us=lag_us, cpu_percent=cpu_percent) for second in range(seconds)
    ]
    return [reading.second for reading in readings if staff.watch(reading) is not None]


def test_a_worker_is_asked_for_after_three_seconds_in_which_one_was_the_limit(a_plan: Any) -> None:
    plan = replace(a_plan("http://127.0.0.1:1/"), adds_workers=True)
    limit = {"lag_us": 50_000, "cpu_percent": 99.0, "seconds": 8}
    # And then no other, before the first is at work.
    assert added(plan, cores=4, **limit) == [2]
    assert added(plan, cores=1, **limit) == []
    assert added(replace(plan, adds_workers=False), cores=4, **limit) == []


def test_who_is_not_the_limit_or_not_for_want_of_a_core_gets_no_help(a_plan: Any) -> None:
    plan = replace(a_plan("http://127.0.0.1:1/"), adds_workers=True)
    assert added(plan, cores=4, lag_us=100, cpu_percent=99.0, seconds=6) == []
    assert added(plan, cores=4, lag_us=50_000, cpu_percent=20.0, seconds=6) == []


def test_what_each_vu_has_of_its_own_is_not_divided(a_plan: Any) -> None:
    plan = a_plan("http://127.0.0.1:1/")
    load = Load(vus=4, iterations=10, per_vu=True)
    plan = replace(plan, adds_workers=True, scenarios=(replace(plan.scenarios[0], load=load),))
    assert added(plan, cores=4, lag_us=50_000, cpu_percent=99.0, seconds=6) == []


def test_more_workers_than_cores_are_not_added_and_none_is_taken_away(a_plan: Any) -> None:
    staff = Staff(replace(a_plan("http://127.0.0.1:1/"), workers=3), cores=2)
    assert "more than the 3" in staff.want(4)
    assert "none is taken away" in staff.want(2)
    assert staff.want(3) == ""
    assert staff.due() is None
    staff = Staff(a_plan("http://127.0.0.1:1/"), cores=4)
    assert staff.want(3) == ""
    assert staff.due() == 1
    assert staff.due() is None, "one after another"


def test_a_worker_that_does_not_come_up_is_not_tried_again_and_again(a_plan: Any) -> None:
    staff = Staff(a_plan("http://127.0.0.1:1/"), cores=4)
    staff.want(4)
    hired = staff.due()
    assert hired is not None
    staff.forget(hired)
    assert staff.due() is None
    assert staff.want(4) == ""
    assert staff.due() is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "load",
    [
        pytest.param(Load(vus=12, duration_s=6.0), id="closed"),
        # Long enough for a worker to come up on a busy machine, and to have a second of its own.
        pytest.param(Load(vus=40, rate_per_s=120, duration_s=10.0), id="open"),
        pytest.param(Load(vus=6, iterations=1501), id="counted"),
    ],
)
async def test_a_worker_that_is_added_costs_no_request_and_no_count(
    a_plan: Any, server: LoopbackServer, load: Load
) -> None:
    plan = a_plan(server.url)
    plan = replace(plan, scenarios=(replace(plan.scenarios[0], load=load),))
    async with asyncio.timeout(PATIENCE_S), Conductor(plan, is_attended=True) as conductor:
        await conductor.start()
        run = asyncio.create_task(conductor.finish())
        begun = asyncio.Event()
        conductor.add_sink(lambda frame: begun.set() if frame.second >= 0 else None)
        await begun.wait()
        two = Command(kind=CommandKind.WORKERS, author="hand", value=2)
        assert conductor.command(two, viewer="hand").message == "workers 1 → 2"
        seen = set()
        conductor.add_sink(lambda frame: seen.add((frame.workers_heard, frame.workers_expected)))
        summary = await run
    assert (2, 2) in seen
    [entry] = summary.journal
    assert (entry.command.author, entry.effect) == ("hand", "workers 1 → 2")
    assert any("2 workers now" in remark for remark in summary.remarks)
    assert summary.total.requests == server.truth.requests
    iterations = summary.iterations
    assert iterations.started == iterations.done + iterations.interrupted
    if load.rate_per_s is not None:
        assert iterations.due == 1200 == iterations.started + iterations.dropped
    if load.iterations is not None:
        assert iterations.done == 1501
