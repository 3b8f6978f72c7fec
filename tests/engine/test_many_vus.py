"""Thousands of VUs in one worker: they come and go without holding up each other."""

from collections.abc import Iterator

import pytest

from vumeter.model.flow import Request, Step, Think
from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Retarget, Stop
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.model.throttle import Leg, Lever
from vumeter.testing.disturbance import Disturbance
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

LONG = Think(first_s=3600.0)
HELD_UP_MS = 100.0


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as target:
        yield target


def plan_of(**scenarios: tuple[int, tuple[Step, ...]]) -> Plan:
    return Plan(
        name="many",
        scenarios=tuple(
            Scenario(name=name, steps=steps, load=Load(vus=vus))
            for name, (vus, steps) in scenarios.items()
        ),
        limits=Limits(max_vus=5000),
        graceful_stop_s=5.0,
    )


def to(vus: int, *, at_s: float, scenario: str = "main", serial: int = 1) -> Retarget:
    course = (Leg(start_s=at_s, begin=vus, end=vus),)
    return Retarget(id=serial, scenario=scenario, lever=Lever.VUS, course=course, end_s=None)


async def test_two_thousand_vus_come_at_once_and_those_before_them_go_on(
    perform, server: ServerProcess
) -> None:
    few = (Request(name="few", url=server.url), Think(first_s=0.005))
    many = (Request(name="many", url=server.url + "many"), LONG)
    async with perform(plan_of(few=(10, few), main=(0, many))) as performance:
        await performance.until(lambda: len(performance.snapshots) == 2)
        before = performance.snapshots[1].tallies["few"].answered
        begun_s = performance.now_s
        with Disturbance() as disturbance:
            performance.generator.aim(to(2000, at_s=begun_s))
            await performance.until(lambda: "main" in performance.generator.crowds)
            crowd = performance.generator.crowds["main"]
            await performance.until(lambda: len(crowd._thinking) == 2000)
        ended_s = performance.now_s
        await performance.until(lambda: len(performance.snapshots) > ended_s)
        during = [
            snapshot.tallies["few"].answered if "few" in snapshot.tallies else 0
            for snapshot in performance.snapshots[int(begun_s) :]
        ]
        performance.generator.stop(Stop(id=2, graceful_s=0.0))
        await performance.done()
    # Told to stop at once, those few that wait for an answer are interrupted.
    assert performance.total.errors.keys() <= {ErrorKind.INTERRUPTED}
    assert server.truth()["connections"] == 2010
    # A fifth of the pace of before is far from starved, unless the machine starves everything.
    if min(during) < before / 5 and disturbance.max_ms >= HELD_UP_MS:
        pytest.skip(
            f"the machine was held up for {disturbance.max_ms:.0f} ms: who was starved, the "
            f"{min(during)} of {before} requests in a second do not say"
        )
    assert min(during) >= before / 5


async def test_lowering_from_thousands_leaves_exactly_those_that_are_wanted(
    perform, server: ServerProcess
) -> None:
    page = Request(name="page", url=server.url)
    async with perform(plan_of(main=(1500, (page, LONG)))) as performance:
        await performance.until(lambda: server.truth()["requests"] == 1500)
        crowd = performance.generator.crowds["main"]
        await performance.until(lambda: len(crowd._thinking) == 1500)
        performance.generator.aim(to(7, at_s=performance.now_s))
        await performance.until(lambda: sum(1 for _ in performance.generator.vus()) == 7)
        await performance.until(lambda: server.truth()["connections_open"] == 7)
        performance.generator.stop(Stop(id=2, graceful_s=5.0))
        await performance.done()
    # It had thought, and nothing more was to come: done, as if nobody had lowered anything.
    assert performance.counts.iterations_done == performance.counts.iterations_started == 1500


async def test_whoever_wakes_while_others_are_still_being_dismissed_sends_nothing_more(
    perform, server: ServerProcess
) -> None:
    steps = (
        Request(name="first", url=server.url + "first"),
        LONG,
        Request(name="second", url=server.url + "second"),
    )
    async with perform(plan_of(main=(1000, steps))) as performance:
        await performance.until(lambda: "main" in performance.generator.crowds)
        crowd = performance.generator.crowds["main"]
        await performance.until(lambda: len(crowd._thinking) == 1000)
        performance.generator.stop(Stop(id=1, graceful_s=5.0))
        left = tuple(crowd._thinking)
        assert 0 < len(left) < 1000
        for vu in left[-100:]:
            performance.generator._agenda.remove(vu)
            vu.wake()
        await performance.done()
    assert server.truth()["paths"] == {"/first": 1000}
    assert performance.counts.iterations_interrupted == 1000
