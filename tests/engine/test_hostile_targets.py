"""What broken and hostile targets are counted as: named, once each, without a lost VU."""

import asyncio
import resource

import pytest

from vumeter.model.flow import Request
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import Load
from vumeter.testing.hostile import HOSTILITIES, HostileServer, refusing_url, unreachable_url
from vumeter.testing.server import LoopbackServer


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILITIES)
async def test_every_request_to_a_hostile_server_ends_once_and_by_its_name(
    name, perform, plan_for
) -> None:
    async with HostileServer(name) as server:
        request = Request(name="get", url=server.url, timeout_s=0.4)
        plan = plan_for(request, load=Load(vus=2, iterations=4))
        async with perform(plan) as performance:
            await performance.done()
    total, kinds = performance.total, HOSTILITIES[name].kinds
    assert total.requests == 4
    assert performance.counts.iterations_done == 4
    if name == "speak-first":
        # What comes after our request was sent, though not because of it, cannot be told
        # from its answer; but then the next one has none.
        assert set(total.errors) <= {ErrorKind.PROTOCOL, ErrorKind.TIMEOUT_RESPONSE}
        assert total.errors
    elif kinds:
        assert set(total.errors) <= kinds
        assert sum(total.errors.values()) == 4
    else:
        assert total.errors == {}
        assert total.answered == 4 == server.answered


@pytest.mark.slow
async def test_a_refusing_port_is_refused_with_at_most_20_errors_per_vu_and_second(
    perform, plan_for
) -> None:
    with refusing_url() as url:
        async with perform(plan_for(url, load=Load(vus=3, duration_s=1.2))) as performance:
            await performance.done()
    assert set(performance.total.errors) == {ErrorKind.REFUSED}
    # At 0, 0, 50, 150, 350, 750 ms; a busy machine can only make it fewer.
    assert 3 * 3 <= performance.total.requests <= 3 * 7
    assert performance.total.service.counts == {}


async def test_dropped_syns_are_connect_timeouts_without_a_latency(perform, plan_for) -> None:
    with unreachable_url() as url:
        request = Request(name="get", url=url, timeout_s=0.1)
        async with perform(plan_for(request, load=Load(vus=1, iterations=2))) as performance:
            await performance.done()
    assert performance.total.errors == {ErrorKind.TIMEOUT_CONNECT: 2}
    assert performance.total.service.counts == {}


async def test_a_name_that_does_not_resolve_is_a_dns_error(perform, plan_for) -> None:
    plan = plan_for("http://no-such-host.invalid/", load=Load(vus=1, iterations=2))
    async with perform(plan) as performance:
        await performance.done()
    assert performance.total.errors == {ErrorKind.DNS: 2}


async def test_load_goes_to_no_address_that_was_not_allowed(perform, plan_for) -> None:
    public = plan_for("http://93.184.215.14/", load=Load(vus=1, iterations=2))
    async with perform(public) as performance:
        await performance.done()
    assert performance.total.errors == {ErrorKind.CONNECT: 2}
    assert len(performance.remarks) == 1
    assert "93.184.215.14" in performance.remarks[0]


@pytest.mark.slow
async def test_running_out_of_descriptors_is_named_and_recovers(perform, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=30), graceful_stop_s=1.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = {int(fd) for fd in await asyncio.to_thread(_descriptors)}
        # The limit is one of numbers, and what is open may leave gaps between them.
        tenth_free = [number for number in range(soft) if number not in taken][10]
        # Before the VUs begin: once they are connected they need no more.
        resource.setrlimit(resource.RLIMIT_NOFILE, (tenth_free, hard))
        try:
            async with perform(plan) as performance:
                await performance.until(
                    lambda: (
                        bool(performance.snapshots)
                        and performance.total.errors.get(ErrorKind.DESCRIPTORS, 0) > 0
                    )
                )
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                seen = len(performance.snapshots)
                await performance.until(lambda: len(performance.snapshots) > seen + 2)
                newest = performance.snapshots[-1]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert newest.tallies["get"].errors == {}
    assert newest.scenarios["main"].vus_active == 30


def _descriptors() -> list[str]:
    from pathlib import Path

    return [path.name for path in Path("/proc/self/fd").iterdir()]


async def test_a_server_that_comes_back_is_used_again_by_every_vu(perform, plan_for) -> None:
    async with (
        LoopbackServer() as server,
        perform(plan_for(server.url, load=Load(vus=4))) as performance,
    ):
        await performance.until(lambda: server.truth.answered > 20)
        await server.close()
        await performance.until(lambda: _errors_now(performance) > 4)
        await server.start()
        before = server.truth.connections
        await performance.until(lambda: server.truth.connections == before + 4)
        answered = server.truth.answered
        await performance.until(lambda: server.truth.answered > answered + 20)


def _errors_now(performance) -> int:
    recorders = performance.generator.ledger.recorders
    counted = sum(sum(recorder.errors.values()) for recorder in recorders)
    return counted + sum(
        sum(tally.errors.values()) for s in performance.snapshots for tally in s.tallies.values()
    )
