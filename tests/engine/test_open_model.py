"""Iterations that arrive at a rate, whether or not earlier ones are done."""

import asyncio

import pytest

from vumeter.model.flow import Extract, Request, Source
from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Pause, Retarget, Share
from vumeter.model.plan import Load
from vumeter.model.throttle import Leg, Lever
from vumeter.stats.histogram import count as samples
from vumeter.stats.histogram import max_us
from vumeter.testing.answers import Answer
from vumeter.testing.server import LoopbackServer


def rate(performance, per_s: float | None, *, ramp_s: float = 0.0, begin: float = 0.0) -> None:
    course = None
    if per_s is not None:
        course = (Leg(start_s=performance.now_s, begin=begin, end=per_s, ramp_s=ramp_s),)
    performance.generator.aim(
        Retarget(id=1, scenario="main", lever=Lever.RATE, course=course, end_s=None)
    )


def started(performance) -> int:
    reported = sum(s.scenarios["main"].iterations_started for s in performance.snapshots)
    return reported + performance.generator.crowds["main"].counts.started


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
async def test_exactly_what_the_rate_asks_for_is_begun(perform, plan_for, workers) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=150, rate_per_s=400, duration_s=1.0))
        due = done = 0
        for index in range(workers):
            async with perform(plan, Share(index=index, count=workers)) as performance:
                await performance.done()
            counts, total = performance.counts, performance.total
            assert counts.iterations_due == counts.iterations_started + counts.iterations_dropped
            assert samples(total.response) == samples(total.service) == total.answered
            due += counts.iterations_due
            done += counts.iterations_done
        # Due at 0, 2.5 … 997.5 ms.
        assert due == 400
        assert done == server.truth.requests


@pytest.mark.slow
async def test_few_connections_serve_a_rate_that_few_can_serve(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=200, rate_per_s=100, duration_s=0.6))
        performance = await total_of(plan)
        # One would do; what was due while an answer was awaited needs another, and what a busy
        # machine holds up says so in its response time. In turn, they would be sixty.
        due_meanwhile = 100 * max_us(performance.total.response) / 1e6
        assert server.truth.connections <= min(50, 3 + due_meanwhile)


@pytest.mark.slow
async def test_a_stall_shows_in_response_time_hides_in_service_time_and_drops_the_rest(
    perform, plan_for
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=5, rate_per_s=100, duration_s=0.9))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.answered > 10)
            server.gate.close()
            await server.gate.held(5)
            await asyncio.sleep(0.3)
            server.gate.open()
            await performance.done()
        counts, total = performance.counts, performance.total
        assert counts.iterations_due == 90
        # 0.3 s at 100/s found all five VUs busy.
        assert counts.iterations_dropped >= 25
        assert counts.iterations_done == total.requests == server.truth.requests
        assert counts.iterations_done + counts.iterations_dropped == 90
        assert max_us(total.response) >= 290_000


@pytest.mark.slow
async def test_a_raised_rate_makes_no_burst_of_what_it_would_have_asked_for_before(
    perform, plan_for
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=100, rate_per_s=10))
        async with perform(plan) as performance:
            await performance.until(lambda: performance.now_s > 0.5)
            before = server.truth.requests
            assert before <= 10
            raised_s = performance.now_s
            rate(performance, 200)
            await performance.until(lambda: server.truth.requests >= before + 60)
            # 60 at 200/s take 0.3 s; a burst would have begun 95 at once.
            assert performance.now_s - raised_s >= 0.25


@pytest.mark.slow
async def test_a_pause_is_not_caught_up(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=50, rate_per_s=100, duration_s=1.0))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.requests >= 10)
            performance.generator.pause(Pause(id=1, paused=True))
            paused_s = performance.now_s
            begun = started(performance)
            await asyncio.sleep(0.4)
            assert started(performance) == begun
            assert server.truth.requests <= begun
            performance.generator.pause(Pause(id=2, paused=False))
            resumed_s = performance.now_s
            await performance.done()
        counts = performance.counts
        assert abs(counts.iterations_due - (100 - 100 * (resumed_s - paused_s))) <= 3
        assert counts.iterations_dropped == 0


@pytest.mark.slow
async def test_a_closed_run_is_opened_and_closed_again_live(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        async with perform(plan_for(server.url, load=Load(vus=3))) as performance:
            await performance.until(lambda: server.truth.answered > 50)
            rate(performance, 50)
            opened, opened_s = server.truth.requests, performance.now_s
            await performance.until(lambda: server.truth.requests >= opened + 20)
            # 20 at 50/s take 0.4 s, where the closed model sends hundreds.
            assert performance.now_s - opened_s > 0.3
            rate(performance, None)
            closed, closed_s = server.truth.requests, performance.now_s
            await performance.until(lambda: server.truth.requests > closed + 200)
            assert performance.now_s - closed_s < 4.0
            assert server.truth.connections == 3
        assert performance.total.errors == {}


async def test_commands_that_overtake_the_start_hold_from_it_on(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=5, rate_per_s=1000))
        async with perform(plan, lead_ns=100_000_000) as performance:
            await performance.until(lambda: bool(performance.generator.crowds))
            rate(performance, None)
            performance.generator.pause(Pause(id=1, paused=True))
            await asyncio.sleep(0.1)
            assert server.truth.requests == 0
            performance.generator.pause(Pause(id=2, paused=False))
            await performance.until(lambda: server.truth.requests > 200)
            assert performance.generator.crowds["main"].take().iterations_due == 0


async def test_a_number_of_iterations_ends_the_open_model_too(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=50, rate_per_s=2000, iterations=37)
        performance = await total_of(plan_for(server.url, load=load))
        assert server.truth.requests == 37
    counts = performance.counts
    assert counts.iterations_started == counts.iterations_done == 37
    assert counts.iterations_due == 37 + counts.iterations_dropped


@pytest.mark.slow
async def test_what_a_refusing_target_cannot_take_is_dropped_not_hammered(
    perform, plan_for
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=2, rate_per_s=500, duration_s=0.8))
        await server.close()
        async with perform(plan) as performance:
            await performance.done()
    counts, total = performance.counts, performance.total
    assert set(total.errors) == {ErrorKind.REFUSED}
    assert total.requests <= 2 * 16
    assert counts.iterations_dropped >= 400 - 2 * 16
    assert counts.iterations_due == 400


async def test_a_vu_logs_in_before_its_first_iteration_and_the_wait_counts(
    total_of, plan_for
) -> None:
    answers = {"/login": Answer(body=b'{"token": "t"}')}
    async with LoopbackServer(answers=answers) as server:
        start = Request(
            name="login",
            url=f"{server.url}login",
            extract=(Extract(variable="token", source=Source.JSON, selector="token"),),
        )
        request = Request(name="get", url=f"{server.url}data?{{{{token}}}}")
        load = Load(vus=4, rate_per_s=200, iterations=10)
        performance = await total_of(plan_for(request, load=load, on_start=(start,)))
        assert server.truth.paths["/data?t"] == 10
    assert performance.named("login").response is None
    assert samples(performance.named("get").response) == 10


@pytest.mark.slow
async def test_late_starts_are_told(perform, plan_for) -> None:
    import time

    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=200, rate_per_s=200, duration_s=0.6))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.requests > 10)
            # The generator's own loop stands still, as under a SIGSTOP.
            time.sleep(0.2)  # noqa: ASYNC251 - that is the point
            await performance.done()
    vitals = [snapshot.vitals for snapshot in performance.snapshots]
    assert sum(vital.late_starts for vital in vitals) >= 35
    assert max(max_us(vital.start_lag) for vital in vitals) >= 150_000
    assert max(max_us(vital.tick_lag) for vital in vitals) >= 150_000
    assert performance.counts.iterations_due == 120
