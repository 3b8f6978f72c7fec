"""VUs and arrivals along the stages of a plan, in one worker."""

import pytest

from vumeter.model.messages import Retarget, Share
from vumeter.model.plan import Load, Stage
from vumeter.model.throttle import Leg, Lever
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow


def stages(*pairs: tuple[float, float]) -> tuple[Stage, ...]:
    return tuple(Stage(duration_s=duration_s, target=target) for duration_s, target in pairs)


def crowd(performance):
    return performance.generator.crowds["main"]


def vus(performance, number: float, *, end_s: float | None = None) -> None:
    leg = Leg(start_s=performance.now_s, begin=number, end=number)
    performance.generator.aim(
        Retarget(id=1, scenario="main", lever=Lever.VUS, course=(leg,), end_s=end_s)
    )


async def test_vus_follow_their_stages_and_the_schedule_ends_with_them(perform, plan_for) -> None:
    async with LoopbackServer(law=fixed(0.005)) as server:
        load = Load(vus=2, stages=stages((0, 8), (0.4, 8), (0, 3), (0.4, 3)))
        async with perform(plan_for(server.url, load=load)) as performance:
            await performance.until(lambda: server.truth.connections_open == 8)
            await performance.until(lambda: performance.now_s > 0.4)
            await performance.until(lambda: server.truth.connections_open == 3)
            await performance.done()
        assert performance.now_s < 0.8 + 2
        assert server.truth.connections == 8
        assert performance.counts.iterations_done == server.truth.requests


async def test_a_scenario_waits_for_its_time(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=20, rate_per_s=100, start_s=0.5, duration_s=0.5)
        async with perform(plan_for(server.url, load=load)) as performance:
            await performance.done()
        first_s = (server.truth.arrivals_ns[0] - performance.start_ns) / 1e9
        assert first_s >= 0.5
        # Also the very first, for which the pool has to be there in time.
        assert server.truth.requests == performance.counts.iterations_due == 50


@pytest.mark.parametrize("workers", [1, 2, 5])
async def test_each_vu_does_its_own_number_of_iterations(perform, plan_for, workers) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=3, iterations=4, per_vu=True))
        for index in range(workers):
            async with perform(plan, Share(index=index, count=workers)) as performance:
                await performance.done()
        assert server.truth.requests == 12
        assert server.truth.connections == 3


async def test_vus_that_are_added_to_such_a_number_have_their_own_too(perform, plan_for) -> None:
    async with LoopbackServer(law=fixed(0.1)) as server:
        plan = plan_for(server.url, load=Load(vus=2, iterations=5, per_vu=True))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.answered >= 2)
            vus(performance, 4)
            await performance.done()
        assert server.truth.requests == 20
        assert server.truth.connections == 4


async def test_a_vu_that_leaves_has_its_time_and_then_is_interrupted(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=5, graceful_ramp_down_s=0.3)
        async with perform(plan_for(server.url, load=load)) as performance:
            await performance.until(lambda: server.truth.answered > 20)
            server.gate.close()
            await server.gate.held(5)
            lowered_s = performance.now_s
            vus(performance, 2)
            await performance.until(lambda: server.truth.connections_open == 2)
            assert performance.now_s - lowered_s >= 0.3
            assert crowd(performance).counts.interrupted <= 3
            server.gate.open()
            await performance.until(lambda: server.truth.answered > 100)
            reported = sum(
                s.scenarios["main"].iterations_interrupted for s in performance.snapshots
            )
            assert reported + crowd(performance).counts.interrupted == 3


async def test_raising_takes_back_those_that_are_about_to_leave(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=5, graceful_ramp_down_s=0.2)
        async with perform(plan_for(server.url, load=load)) as performance:
            await performance.until(lambda: server.truth.answered > 20)
            server.gate.close()
            await server.gate.held(5)
            vus(performance, 1)
            vus(performance, 5)
            raised_s = performance.now_s
            await performance.until(lambda: performance.now_s > raised_s + 0.4)
            assert server.truth.connections_open == 5
            server.gate.open()
            await performance.until(lambda: server.truth.answered > 100)
            assert server.truth.connections == 5, "the same ones"
        assert performance.total.errors == {}


async def test_the_end_of_a_schedule_can_be_moved_and_taken_away(perform, plan_for) -> None:
    load = Load(vus=1, duration_s=0.5)
    async with (
        LoopbackServer(law=fixed(0.005)) as server,
        perform(plan_for(server.url, load=load)) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 5)
        vus(performance, 2, end_s=None)
        await performance.until(lambda: performance.now_s > 0.8)
        assert not performance.work.done()
        vus(performance, 2, end_s=1.2)
        await performance.done()
        assert performance.now_s >= 1.2


async def test_an_end_that_is_put_off_is_put_off_for_arrivals_too(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=20, rate_per_s=100, duration_s=0.4)
        async with perform(plan_for(server.url, load=load)) as performance:
            await performance.until(lambda: server.truth.requests > 5)
            leg = Leg(start_s=performance.now_s, begin=100, end=100)
            performance.generator.aim(
                Retarget(id=1, scenario="main", lever=Lever.RATE, course=(leg,), end_s=0.9)
            )
            await performance.done()
        # The change may fall between two arrivals: one more or less.
        assert performance.counts.iterations_due == pytest.approx(90, abs=1)
