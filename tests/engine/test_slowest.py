"""The slowest request of each second: which it was, and where its time went."""

import asyncio
import contextlib
from collections.abc import Mapping

import pytest

from vumeter.model.flow import Request
from vumeter.model.measure import ErrorKind, Slow, Snapshot
from vumeter.model.plan import Load
from vumeter.stats.histogram import highest_us, max_us
from vumeter.stats.slowness import MOST_NAMES, SlowLog, slower
from vumeter.testing.laws import by_path
from vumeter.testing.server import LoopbackServer

SLOW_S = 0.15


def slow(service_us: int, *, vu: int = 1) -> Slow:
    return Slow(service_us=service_us, status=200, received_bytes=10, vu=vu, iteration=0)


def all_of(snapshots: list[Snapshot]) -> list[Slow]:
    return [each for snapshot in snapshots for each in snapshot.slowest.values()]


async def test_the_slowest_is_known_with_its_vu_its_iteration_and_its_time(
    total_of, plan_for
) -> None:
    def law(_: str, number: int) -> float:
        return SLOW_S if number == 37 else 0.0

    async with LoopbackServer(law=law) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=60)))
    slowest = max(all_of(performance.snapshots), key=lambda each: each.service_us)
    # One VU asks one after the other: its 38th request is that of its iteration 37.
    assert (slowest.vu, slowest.iteration, slowest.status, slowest.error) == (1, 37, 200, None)
    # The server's timer counts whole milliseconds of its loop, and may be one short.
    assert slowest.service_us >= (SLOW_S - 0.001) * 1e6
    assert slowest.waiting_us == slowest.service_us, "it came whole, in one read"
    assert slowest.blocked_us == 0
    assert 1000 * SLOW_S <= slowest.at_ms <= 1000 * (1 + performance.now_s)
    assert slowest.received_bytes > 0


async def test_of_a_vu_that_asks_nobody_between_two_requests_it_is_the_right_iteration_too(
    total_of, plan_for
) -> None:
    def law(_: str, number: int) -> float:
        return SLOW_S if number == 37 else 0.0

    async with LoopbackServer(law=law) as server:
        # With an end by time, and not by iterations, each answer is followed by the next request.
        performance = await total_of(plan_for(server.url, load=Load(vus=1, duration_s=0.6)))
    slowest = max(all_of(performance.snapshots), key=lambda each: each.service_us)
    assert slowest.iteration == 37


async def test_each_second_and_name_has_one_and_it_is_the_greatest_that_was_recorded(
    total_of, plan_for
) -> None:
    async with LoopbackServer(law=by_path({"/": 0.002})) as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=5, duration_s=1.5)))
    assert len(performance.snapshots) >= 2
    for snapshot in performance.snapshots:
        assert snapshot.slowest.keys() == snapshot.tallies.keys()
        for name, each in snapshot.slowest.items():
            recorded = snapshot.tallies[name].service
            # The histogram keeps three digits of it.
            assert each.service_us <= max_us(recorded) <= highest_us(max(recorded.counts))


async def test_a_request_that_had_to_connect_says_how_long_and_a_time_out_says_so(
    total_of, plan_for
) -> None:
    async with LoopbackServer() as server:
        performance = await total_of(plan_for(server.url, load=Load(vus=1, iterations=1)))
    (first,) = all_of(performance.snapshots)
    assert first.blocked_us >= first.connecting_us > 0
    async with LoopbackServer(law=by_path({"/": 30.0})) as server:
        performance = await total_of(
            plan_for(
                Request(name="get", url=server.url, timeout_s=0.2), load=Load(vus=1, iterations=1)
            )
        )
    (late,) = all_of(performance.snapshots)
    assert (late.status, late.error) == (0, ErrorKind.TIMEOUT_RESPONSE)
    assert late.service_us >= 200_000


@pytest.mark.parametrize("pause_s", [0.0, 0.02], ids=["whole", "in parts"])
async def test_it_names_the_trace_that_was_sent_and_what_the_answer_calls_the_request(
    total_of, plan_for, pause_s: float
) -> None:
    traces: list[str] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                traces.append(head.lower().partition(b"traceparent: 00-")[2][:32].decode())
                number = b"%d" % len(traces)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Request-Id: r-%s\r\n\r\nab" % number
                )
                await asyncio.sleep(pause_s)
                # The third is the slowest by far.
                await asyncio.sleep(SLOW_S if number == b"3" else 0)
                writer.write(b"cd")
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        traced = (("traceparent", "{{traceparent()}}"),)
        request = Request(name="get", url=f"http://{host}:{port}/", headers=traced)
        performance = await total_of(plan_for(request, load=Load(vus=1, iterations=6)))
    slowest = max(all_of(performance.snapshots), key=lambda each: each.service_us)
    assert slowest.iteration == 2
    assert slowest.request_id == "r-3"
    assert slowest.trace_id == traces[2] != ""


async def test_what_a_target_calls_a_request_is_plain_and_short(total_of, plan_for) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        name = b"\x1b[31m" + b"x" * 500
        writer.write(b"HTTP/1.1 200 OK\r\nX-Request-Id: %s\r\nContent-Length: 0\r\n\r\n" % name)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        plan = plan_for(f"http://{host}:{port}/", load=Load(vus=1, iterations=1))
        performance = await total_of(plan)
    for each in all_of(performance.snapshots):
        assert each.request_id == ""


async def test_an_answer_in_two_parts_has_the_time_between_them_in_receiving(
    total_of, plan_for
) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        await asyncio.sleep(SLOW_S)
        writer.write(b"cd")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        plan = plan_for(f"http://{host}:{port}/", load=Load(vus=1, iterations=1))
        performance = await total_of(plan)
    (each,) = all_of(performance.snapshots)
    assert each.receiving_us >= SLOW_S * 1e6 * 0.9
    # Each is rounded down.
    assert 0 <= each.service_us - each.sending_us - each.waiting_us - each.receiving_us <= 3


def test_of_several_workers_and_seconds_the_slowest_is_kept_in_any_order() -> None:
    parts: list[Mapping[str, Slow]] = [
        {"a": slow(5), "b": slow(7)},
        {"a": slow(9, vu=2)},
        {"b": slow(3)},
    ]
    assert slower(parts) == slower(reversed(parts)) == {"a": slow(9, vu=2), "b": slow(7)}
    many = {f"name {number}": slow(number) for number in range(MOST_NAMES + 5)}
    assert min(each.service_us for each in slower([many]).values()) == 5


def test_a_window_forgets_what_is_older() -> None:
    log = SlowLog()
    for second in range(10):
        log.add(second, {"a": slow(100 - second)})
    log.forget(before=4)
    assert [each.service_us for each in log.of("a")] == [96, 95, 94]
    assert log.of("b") == ()
