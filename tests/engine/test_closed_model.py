"""VUs in a loop: how many there are, what they send, and that every request is counted."""

import asyncio
import time

import msgspec
import pytest

from vumeter.model.flow import Extract, Request, Source
from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Pause, Retarget, Share, Stop
from vumeter.model.plan import Load
from vumeter.model.throttle import Leg, Lever
from vumeter.stats.histogram import count as samples
from vumeter.stats.histogram import max_us, min_us
from vumeter.testing.answers import Answer
from vumeter.testing.hostile import HostileServer
from vumeter.testing.laws import fixed
from vumeter.testing.server import KeepAlive, LoopbackServer


def vus(performance, number: float, *, ramp_s: float = 0.0, begin: float = 0.0) -> None:
    leg = Leg(start_s=performance.now_s, begin=begin, end=number, ramp_s=ramp_s)
    performance.generator.aim(
        Retarget(id=1, scenario="main", lever=Lever.VUS, course=(leg,), end_s=None)
    )


def existing(performance) -> int:
    return sum(1 for _ in performance.generator.vus())


@pytest.mark.slow
async def test_a_timed_run_counts_what_the_server_counted(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=5, duration_s=1.2)))
        total, truth = performance.total, server.truth
        assert total.answered == truth.requests == truth.answered > 100
        assert total.statuses == {200: truth.requests}
        assert total.sent_bytes == truth.received_bytes
        assert total.received_bytes == truth.sent_bytes
        assert total.requests == samples(total.service)
        assert total.response is None
        assert truth.connections == 5
    counts = performance.counts
    assert counts.iterations_started == counts.iterations_done == truth.requests
    assert counts.vus_active == counts.iterations_interrupted == 0
    assert [snapshot.second for snapshot in performance.snapshots] == [0, 1]


@pytest.mark.parametrize(
    ("iterations", "workers", "number"),
    [(1, 1, 10), (10, 3, 4), (23, 2, 7), (1, 3, 9), (10, 3, 1), (2, 3, 2)],
)
async def test_a_number_of_iterations_is_exact_over_all_workers(
    perform, plan_for, iterations, workers, number
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=number, iterations=iterations))
        done = 0
        for index in range(workers):
            async with perform(plan, Share(index=index, count=workers)) as performance:
                await performance.done()
                done += performance.total.requests
        assert done == iterations == server.truth.requests


async def test_a_fixed_service_time_is_reported_as_it_is(total_of, plan_for) -> None:
    async with LoopbackServer(law=fixed(0.02)) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=2, iterations=8)))
    # The server's timers have a grain of 1 ms; above, a busy machine may add what it likes.
    assert min_us(performance.total.service) >= 19_000
    assert samples(performance.total.service) == 8


async def test_vus_are_raised_and_lowered_along_a_ramp(perform, plan_for) -> None:
    async with (
        LoopbackServer(law=fixed(0.005)) as server,
        perform(plan_for(server.url, load=Load(vus=2))) as performance,
    ):
        await performance.until(lambda: server.truth.connections == 2)
        vus(performance, 30, begin=2, ramp_s=0.2)
        await performance.until(lambda: existing(performance) > 2)
        assert existing(performance) < 30
        await performance.until(lambda: existing(performance) == 30)
        vus(performance, 1)
        await performance.until(lambda: existing(performance) == 1)
        assert server.truth.connections == 30
        assert server.truth.abandoned == 0


async def test_a_vu_that_is_to_leave_ends_its_iteration_first(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=3))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 10)
        server.gate.close()
        await server.gate.held(3)
        vus(performance, 0)
        assert existing(performance) == 3
        server.gate.open()
        await performance.until(lambda: existing(performance) == 0)
        assert server.truth.abandoned == 0
        assert server.truth.requests == server.truth.answered


async def test_raising_takes_back_vus_that_are_still_about_to_leave(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=3))) as performance,
    ):
        await performance.until(lambda: server.truth.connections == 3)
        server.gate.close()
        await server.gate.held(3)
        vus(performance, 1)
        vus(performance, 3)
        assert existing(performance) == 3
        server.gate.open()
        answered = server.truth.answered
        await performance.until(lambda: server.truth.answered > answered + 30)
        assert existing(performance) == 3
        assert server.truth.connections == 3


async def test_a_pause_begins_nothing_new_and_keeps_the_vus(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=4))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 20)
        performance.generator.pause(Pause(id=1, paused=True))
        crowd = performance.generator.crowds["main"]
        await performance.until(lambda: not any(vu.in_iteration for vu in crowd.vus()))
        seen = server.truth.requests
        assert seen == _ended(performance)
        await asyncio.sleep(0.1)
        assert server.truth.requests == seen
        assert existing(performance) == 4
        performance.generator.pause(Pause(id=2, paused=False))
        await performance.until(lambda: server.truth.answered > seen + 20)
        assert server.truth.connections == 4


def _ended(performance) -> int:
    tallies = [recorder.service.counts for recorder in performance.generator.ledger.recorders]
    return performance.total.requests + sum(sum(counts.values()) for counts in tallies)


@pytest.mark.slow
async def test_a_stop_waits_for_what_is_in_flight_then_interrupts_and_counts_it(
    perform, plan_for
) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=3))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 10)
        server.gate.close()
        await server.gate.held(3)
        performance.generator.stop(Stop(id=1, graceful_s=0.3))
        await asyncio.sleep(0.1)
        assert not performance.work.done()
        await performance.done()
        assert performance.total.errors == {ErrorKind.INTERRUPTED: 3}
        assert performance.counts.iterations_interrupted == 3
        assert performance.total.requests == server.truth.requests
        counts = performance.counts
        assert counts.iterations_started == counts.iterations_done + 3


async def test_an_abort_ends_everything_at_once(perform, plan_for) -> None:
    async with LoopbackServer() as server, perform(plan_for(server.url, load=Load(vus=3))) as p:
        await p.until(lambda: server.truth.answered > 10)
        server.gate.close()
        await server.gate.held(3)
        p.generator.stop(Stop(id=1, graceful_s=0.0))
        await p.done()
        assert p.total.errors == {ErrorKind.INTERRUPTED: 3}


@pytest.mark.slow
async def test_a_response_time_out_is_counted_at_what_was_waited(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        server.gate.close()
        request = Request(name="get", url=server.url, timeout_s=0.3)
        performance = await total_of(plan_for(request, load=Load(vus=2, iterations=4)))
    total = performance.total
    assert total.errors == {ErrorKind.TIMEOUT_RESPONSE: 4}
    assert total.answered == 0
    assert total.requests == samples(total.service) == 4
    # By the exact sum: 300 ms and a hair fall into a bucket that begins below 300 ms.
    assert total.service.sum_us >= 4 * 300_000
    # One millisecond is the timer's grain; the rest is for a busy machine.
    assert max_us(total.service) < 1_000_000


@pytest.mark.slow
async def test_what_came_of_an_answer_that_timed_out_is_counted_in_bytes(
    total_of, plan_for
) -> None:
    async with HostileServer("stalled-body") as server:
        request = Request(name="get", url=server.url, timeout_s=0.3)
        performance = await total_of(plan_for(request, load=Load(vus=1, iterations=2)))
    assert performance.total.errors == {ErrorKind.TIMEOUT_RESPONSE: 2}
    assert performance.total.received_bytes == 2 * len(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx"
    )


@pytest.mark.slow
async def test_seconds_that_a_standstill_swallowed_are_reported_after_it(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=1, duration_s=3.2))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 10)
        # The generator's own loop stands still, as under a SIGSTOP.
        time.sleep(2.2)  # noqa: ASYNC251 - that is the point
        await performance.done()
        assert performance.total.requests == server.truth.requests
    assert [snapshot.second for snapshot in performance.snapshots] == [0, 1, 2, 3]
    assert max(max_us(s.vitals.tick_lag) for s in performance.snapshots) >= 2_100_000


async def test_without_keep_alive_every_request_has_a_connection_of_its_own(
    total_of, plan_for
) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=2, iterations=12), keep_alive=False)
        performance = await total_of(plan)
        assert server.truth.connections == 12
    assert performance.total.answered == 12
    assert performance.total.errors == {}


async def test_a_connection_that_the_target_announces_to_close_costs_no_error(
    total_of, plan_for
) -> None:
    async with LoopbackServer(keep_alive=KeepAlive(requests=5)) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=20)))
        assert server.truth.connections == 4
    assert performance.total.errors == {}


@pytest.mark.slow
async def test_a_connection_that_the_target_drops_unannounced_costs_what_it_costs(
    total_of, plan_for
) -> None:
    async with LoopbackServer(keep_alive=KeepAlive(requests=5, announced=False)) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=40)))
        total = performance.total
        assert total.requests == 40
        # Never sent again in silence: what the server saw answered is what we say.
        assert total.answered == server.truth.answered
        assert set(total.errors) <= {ErrorKind.CLOSED}


async def test_head_gets_an_answer_without_a_body_and_keeps_the_connection(
    total_of, plan_for
) -> None:
    async with LoopbackServer() as server:
        request = Request(name="get", url=server.url, method="HEAD")
        performance = await total_of(plan_for(request, load=Load(vus=1, iterations=5)))
        assert server.truth.connections == 1
    assert performance.total.answered == 5


async def test_statuses_from_400_on_are_errors_and_answers(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        requests = [
            Request(name=status, url=f"{server.url}status/{status}") for status in ("404", "302")
        ]
        performance = await total_of(plan_for(*requests, load=Load(vus=2, iterations=50)))
        total = performance.total
        assert total.answered == total.requests == 50
        assert total.statuses == dict(server.truth.statuses)
        assert total.errors == {ErrorKind.STATUS: total.statuses[404]}
    assert performance.named("302").errors == {}


@pytest.mark.slow
async def test_the_mix_is_drawn_by_its_weights(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        requests = [Request(name=name, url=f"{server.url}{name}") for name in ("a", "b")]
        plan = plan_for(*requests, load=Load(vus=3, iterations=4096))
        performance = await total_of(plan)
        truth = dict(server.truth.paths)
    # Each VU walks the same table from a place of its own: close to half, not exactly.
    assert abs(truth["/a"] - 2048) < 300
    assert performance.named("a").answered == truth["/a"]
    assert performance.named("b").answered == truth["/b"]


async def test_one_vu_keeps_a_connection_to_each_origin_of_its_mix(total_of, plan_for) -> None:
    async with LoopbackServer() as one, LoopbackServer() as two:
        plan = plan_for(one.url, two.url, load=Load(vus=1, iterations=40))
        performance = await total_of(plan)
        assert one.truth.requests + two.truth.requests == 40
        assert (one.truth.connections, two.truth.connections) == (1, 1)
    assert performance.total.errors == {}


async def test_large_bodies_are_read_to_their_end(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        url = f"{server.url}bytes/3000000"
        performance = await total_of(plan_for(url, load=Load(vus=2, iterations=6)))
        assert performance.total.received_bytes == server.truth.sent_bytes > 18_000_000


LOGIN = Request(
    name="login",
    url="{server}login",
    method="POST",
    body=b'{"user": "u"}',
    extract=(Extract(variable="token", source=Source.JSON, selector="auth.tokens.0"),),
)


def login(server, **changes) -> Request:
    return msgspec.structs.replace(LOGIN, url=f"{server.url}login", **changes)


async def test_what_comes_first_is_sent_once_by_each_vu_and_its_values_are_used(
    total_of, plan_for
) -> None:
    answer = Answer(body=b'{"auth": {"tokens": ["s3cret"]}}')
    async with LoopbackServer(answers={"/login": answer}) as server:
        headers = (("Authorization", "Bearer {{token}}"),)
        request = Request(name="get", url=f"{server.url}data", headers=headers)
        plan = plan_for(request, load=Load(vus=3, iterations=30), on_start=(login(server),))
        performance = await total_of(plan)
        assert server.truth.paths == {"/login": 3, "/data": 30}
        assert b"Authorization: Bearer s3cret\r\n" in server.truth.last_request
    assert performance.named("login").answered == 3
    assert performance.counts.iterations_done == 30


@pytest.mark.parametrize("body", [b"{}", b"no JSON", b'{"auth": {"tokens": []}}', b"[" * 100_000])
async def test_an_answer_that_lacks_what_is_needed_is_an_extract_error_and_is_asked_again(
    perform, plan_for, body
) -> None:
    answers = {"/login": Answer(body=body)}
    async with LoopbackServer(answers=answers) as server:
        plan = plan_for(f"{server.url}data", load=Load(vus=1), on_start=(login(server),))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.paths["/login"] >= 3)
            assert server.truth.paths["/data"] == 0
            performance.generator.stop(Stop(id=1, graceful_s=1.0))
            await performance.done()
    total = performance.total
    assert total.errors == {ErrorKind.EXTRACT: total.answered}


async def test_a_first_request_that_fails_backs_off_and_starts_over(perform, plan_for) -> None:
    answers = {
        "/first": Answer(body=b'{"auth": {"tokens": ["x"]}}'),
        "/second": Answer(status=503),
    }
    async with LoopbackServer(answers=answers) as server:
        second = Request(name="second", url=f"{server.url}second?{{{{token}}}}")
        first = Request(name="first", url=f"{server.url}first", extract=LOGIN.extract)
        plan = plan_for(f"{server.url}data", load=Load(vus=1), on_start=(first, second))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.paths["/second?x"] >= 3)
            assert server.truth.paths["/first"] >= 3
            assert server.truth.paths["/data"] == 0


@pytest.mark.slow
async def test_hundreds_of_new_vus_do_not_starve_one_that_runs(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=1))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 20)
        vus(performance, 300)
        before = server.truth.answered
        await performance.until(lambda: server.truth.connections > 60)
        # Connecting comes in batches of 20: the others have sent many times in between.
        assert server.truth.answered - before > server.truth.connections
        await performance.until(lambda: server.truth.connections == 300)
