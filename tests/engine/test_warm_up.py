"""Connections that are there when the first arrivals are due."""

import asyncio
import socket

import pytest

from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Stop
from vumeter.model.plan import Load
from vumeter.stats.histogram import count as samples
from vumeter.testing.hostile import HostileServer
from vumeter.testing.server import LoopbackServer

LEAD_NS = 50_000_000
LONG_LEAD_NS = 1_000_000_000
"""In which even a busy machine connects a few times."""


def blocked(performance) -> int:
    timings = performance.total.timings
    return 0 if timings is None else samples(timings.blocked)


@pytest.mark.slow
async def test_the_first_arrivals_find_connections_that_nobody_counts(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=100, rate_per_s=400, duration_s=0.2))
        async with perform(plan, lead_ns=LONG_LEAD_NS) as performance:
            await performance.until(lambda: server.truth.connections == 8)
            assert server.truth.requests == 0
            await performance.done()
        # 20 ms of the rate were there; whoever found none has waited for one, and says so.
        assert server.truth.connections == 8 + blocked(performance)
        assert performance.counts.iterations_done == server.truth.requests == 80


@pytest.mark.slow
async def test_they_are_no_more_than_there_are_vus(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=3, rate_per_s=1000, duration_s=0.1))
        async with perform(plan, lead_ns=LONG_LEAD_NS) as performance:
            await performance.until(lambda: server.truth.connections == 3)
            await performance.done()
        assert server.truth.connections == 3
        assert blocked(performance) == 0


async def test_where_each_request_has_a_connection_of_its_own_none_is_opened_before(
    perform, plan_for
) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=20, rate_per_s=200, duration_s=0.1)
        async with perform(
            plan_for(server.url, load=load, keep_alive=False), lead_ns=LEAD_NS
        ) as performance:
            await performance.done()
        assert server.truth.connections == server.truth.requests == blocked(performance) == 20


async def test_a_target_that_is_not_there_fails_those_that_were_due_and_nobody_else(
    perform, plan_for
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    load = Load(vus=20, rate_per_s=100, duration_s=0.1)
    async with perform(
        plan_for(f"http://127.0.0.1:{port}/", load=load), lead_ns=LEAD_NS
    ) as performance:
        await performance.done()
    assert performance.counts.iterations_started == 10
    assert performance.total.errors == {ErrorKind.REFUSED: 10}


@pytest.mark.slow
async def test_a_connection_that_the_target_closed_meanwhile_is_opened_anew(
    perform, plan_for
) -> None:
    served = 0

    async def close_the_first(reader, writer) -> None:
        nonlocal served
        served += 1
        if served > 1:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    listener = await asyncio.start_server(close_the_first, "127.0.0.1", 0)
    async with listener:
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        plan = plan_for(url, load=Load(vus=5, rate_per_s=10, duration_s=0.1))
        async with perform(plan, lead_ns=LONG_LEAD_NS) as performance:
            await performance.done()
    assert performance.total.errors == {}
    assert performance.total.answered == blocked(performance) == 1


async def test_a_run_that_is_stopped_before_it_begins_waits_for_no_connection(
    perform, plan_for
) -> None:
    async with HostileServer("silent") as server:
        # A handshake that nobody answers.
        url = server.url.replace("http:", "https:")
        plan = plan_for(url, load=Load(vus=50, rate_per_s=1000))
        async with perform(plan, lead_ns=LEAD_NS) as performance:
            await performance.until(lambda: "main" in performance.generator.crowds)
            await asyncio.sleep(0)
            performance.generator.stop(Stop(id=1, graceful_s=0.0))
            await performance.done()
    # Where that came too late, some were due.
    assert performance.total.errors.keys() <= {ErrorKind.INTERRUPTED}
