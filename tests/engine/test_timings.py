"""Phases of requests and the length of iterations, against servers that know their own part."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from vumeter.clock import monotonic_ns
from vumeter.model.flow import Request, Think
from vumeter.model.measure import ErrorKind, Histogram, Tally
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.stats.histogram import count, max_us, mean_us, min_us
from vumeter.stats.timings import Timing, times
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
PAUSE_S = 0.05
UPLOAD = b"x" * 32_000_000
"""More than all buffers between here and there can hold."""


class SlowServer:
    """Reads late, or answers in two parts with a pause between; times its pauses itself."""

    def __init__(self, *, reads_late: bool = False) -> None:
        self._reads_late = reads_late
        self.pauses_us: list[int] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self._reads_late:
                    await self._pause()
                if b"Content-Length" in head:
                    await reader.readexactly(len(UPLOAD))
                body = b"b" * 20
                writer.write(HEAD % len(body) + body[:10])
                if not self._reads_late:
                    await writer.drain()
                    await self._pause()
                writer.write(body[10:])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _pause(self) -> None:
        began_ns = monotonic_ns()
        await asyncio.sleep(PAUSE_S)
        self.pauses_us.append((monotonic_ns() - began_ns) // 1000)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.converse, "127.0.0.1", 0, limit=2**20)
        host, port = server.sockets[0].getsockname()
        try:
            yield f"http://{host}:{port}/"
        finally:
            server.close()


def phase(tally: Tally, timing: Timing) -> Histogram:
    return times(tally, timing)


async def test_a_vu_connects_once_and_all_later_requests_count_as_zero(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=3, iterations=60)))
    total = performance.total
    for timing in (Timing.BLOCKED, Timing.CONNECTING):
        recorded = phase(total, timing)
        assert count(recorded) == total.requests == 60
        assert recorded.counts[0] == 57
        assert max_us(recorded) > 0
    # TCP is a part of the wait for a connection; there is no TLS.
    assert phase(total, Timing.CONNECTING).sum_us <= phase(total, Timing.BLOCKED).sum_us
    assert phase(total, Timing.TLS_HANDSHAKING) == Histogram(counts={0: 60})


async def test_without_keep_alive_each_request_has_to_connect(total_of, plan_for) -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, load=Load(vus=2, iterations=20), keep_alive=False)
        performance = await total_of(plan)
    assert min_us(phase(performance.total, Timing.CONNECTING)) > 0
    assert count(phase(performance.total, Timing.CONNECTING)) == 20
    # What an iteration waits for its connection is a part of it, and not of the service time.
    took = performance.counts.iteration_duration
    assert took.sum_us >= performance.total.service.sum_us
    assert took.sum_us >= phase(performance.total, Timing.BLOCKED).sum_us


async def test_the_handshake_of_tls_is_told_from_the_connecting_of_tcp(total_of, plan_for) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with LoopbackServer(tls=context) as server:
        plan = plan_for(server.url, load=Load(vus=2, iterations=20), verify_tls=False)
        total = (await total_of(plan)).total
    blocked, tcp, tls = (
        phase(total, timing)
        for timing in (Timing.BLOCKED, Timing.CONNECTING, Timing.TLS_HANDSHAKING)
    )
    for each in (blocked, tcp, tls):
        assert (count(each), each.counts[0]) == (20, 18)
    assert tcp.sum_us > 0
    assert tls.sum_us > 0
    assert tcp.sum_us + tls.sum_us <= blocked.sum_us


async def test_who_never_gets_a_connection_has_waited_for_none(total_of, plan_for) -> None:
    with socket.socket() as nobody:
        # Bound and not listening: nobody else can get it, and it refuses.
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        performance = await total_of(plan_for(url, load=Load(vus=1, iterations=3)))
    assert performance.total.errors == {ErrorKind.REFUSED: 3}
    assert phase(performance.total, Timing.BLOCKED) == Histogram(counts={0: 3})
    assert count(phase(performance.total, Timing.WAITING)) == 0


async def test_an_answer_in_parts_is_received_for_as_long_as_its_server_pauses(
    total_of, plan_for
) -> None:
    slow = SlowServer()
    async with slow.serving() as url:
        total = (await total_of(plan_for(url, load=Load(vus=1, iterations=4)))).total
    receiving, waiting = phase(total, Timing.RECEIVING), phase(total, Timing.WAITING)
    # The server begins its pause after it has written, and we may read that a moment later.
    assert mean_us(receiving) == pytest.approx(sum(slow.pauses_us) / 4, rel=0.2)
    assert min_us(receiving) > PAUSE_S * 1e6 * 0.8
    # To the µs that each of the parts is rounded down by.
    assert total.service.sum_us - receiving.sum_us - waiting.sum_us in range(8)
    assert mean_us(waiting) < mean_us(total.service)


async def test_an_answer_that_comes_whole_is_all_waiting(total_of, plan_for) -> None:
    async with LoopbackServer(law=fixed(0.01)) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=2, iterations=30)))
    total = performance.total
    assert phase(total, Timing.WAITING) == total.service
    for timing in (Timing.SENDING, Timing.RECEIVING):
        assert phase(total, timing) == Histogram(counts={0: 30})


async def test_a_large_request_is_being_sent_until_its_target_reads(total_of, plan_for) -> None:
    slow = SlowServer(reads_late=True)
    async with slow.serving() as url:
        upload = Request(name="up", method="POST", url=url, body=UPLOAD)
        total = (await total_of(plan_for(upload, load=Load(vus=1, iterations=3)))).total
    sending, waiting = phase(total, Timing.SENDING), phase(total, Timing.WAITING)
    assert count(sending) == 3
    assert min_us(sending) > min(slow.pauses_us) * 0.8
    receiving = phase(total, Timing.RECEIVING)
    parts_us = sending.sum_us + waiting.sum_us + receiving.sum_us
    assert total.service.sum_us - parts_us in range(9)


async def test_where_an_iteration_is_one_request_it_takes_that_requests_time(
    total_of, plan_for
) -> None:
    async with LoopbackServer() as server:
        load = Load(vus=2, duration_s=0.3)
        performance = await total_of(plan_for(server.url, f"{server.url}b", load=load))
    took, service = performance.counts.iteration_duration, performance.total.service
    assert count(took) == count(service) == performance.counts.iterations_done
    # But for the first of each VU, which had to connect.
    differing = {
        index: took.counts.get(index, 0) - service.counts.get(index, 0)
        for index in took.counts.keys() | service.counts.keys()
    }
    assert sum(number for number in differing.values() if number > 0) <= 2
    assert took.sum_us >= service.sum_us


async def test_two_scenarios_with_one_name_of_request_know_their_own_iterations(
    total_of, plan_for
) -> None:
    async with LoopbackServer() as server:
        request = Request(name="same", url=server.url)
        pausing = (request, Think(first_s=0.02), request)
        plan = Plan(
            name="test",
            scenarios=(
                Scenario(name="quick", steps=(request,), load=Load(vus=1, duration_s=0.3)),
                Scenario(name="slow", steps=pausing, load=Load(vus=1, duration_s=0.3)),
            ),
            graceful_stop_s=5.0,
        )
        performance = await total_of(plan)
    own = {
        name: [snapshot.scenarios[name] for snapshot in performance.snapshots]
        for name in ("quick", "slow")
    }
    for seconds in own.values():
        done = sum(each.iterations_done for each in seconds)
        assert sum(count(each.iteration_duration) for each in seconds) == done > 0
    slow = [each.iteration_duration for each in own["slow"] if each.iterations_done]
    # The think time, which may be short by the grain of a timer.
    assert min(map(min_us, slow)) >= 19_000
    assert performance.named("same").requests == sum(server.truth.paths.values())


@pytest.mark.parametrize("rate_per_s", [None, 300.0], ids=["closed", "open"])
@pytest.mark.parametrize(
    "path", ["status/503", "redirect", "gone"], ids=["errors", "redirects", "not found"]
)
async def test_every_iteration_that_is_done_has_taken_some_time(
    total_of, plan_for, path: str, rate_per_s: float | None
) -> None:
    # The assertion is `Performance.done`'s own; here are the ways that leave the good path.
    async with LoopbackServer() as server:
        first = Request(name="get", url=f"{server.url}{path}", redirects=3)
        load = Load(vus=3, rate_per_s=rate_per_s, iterations=30)
        on_start = (Request(name="get", url=server.url),)
        performance = await total_of(plan_for(first, load=load, on_start=on_start))
    assert count(performance.counts.iteration_duration) == 30
