import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import AsyncIterator

import pytest
import trustme

from vumeter.testing.answers import Answer
from vumeter.testing.laws import by_path, fixed
from vumeter.testing.patience import until
from vumeter.testing.server import KeepAlive, LoopbackServer

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(
    server: LoopbackServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Streams]:
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection(
        server.host, server.port, ssl=tls, server_hostname=name
    )
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def exchange(streams: Streams, request: str = "GET / HTTP/1.1") -> tuple[int, bytes, bytes]:
    """Send a request without a body; return the status, the head and the body."""
    reader, writer = streams
    writer.write(f"{request}\r\nHost: x\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-L")),
        0,
    )
    body = b"" if request.startswith("HEAD") else await reader.readexactly(length)
    return int(head.split()[1]), head, body


async def test_the_truth_counts_each_request_once_by_path_and_status() -> None:
    async with LoopbackServer() as server:
        async with connected(server) as streams:
            for path in ("/a", "/a", "/status/503", "/bytes/70000"):
                await exchange(streams, f"GET {path} HTTP/1.1")
        truth = server.truth
        assert (truth.connections, truth.requests, truth.answered) == (1, 4, 4)
        assert truth.paths == {"/a": 2, "/status/503": 1, "/bytes/70000": 1}
        assert truth.statuses == {200: 3, 503: 1}
        assert len(truth.service_us) == len(truth.arrivals_ns) == 4


async def test_the_name_of_a_path_says_what_it_is_answered_with() -> None:
    answers = {"/login": Answer(status=201, body=b'{"token": "t"}')}
    async with LoopbackServer(answers=answers) as server, connected(server) as streams:
        assert (await exchange(streams, "GET /status/404 HTTP/1.1"))[0] == 404
        assert len((await exchange(streams, "GET /bytes/12345 HTTP/1.1"))[2]) == 12345
        assert (await exchange(streams, "POST /login?a=1 HTTP/1.1"))[::2] == (
            201,
            b'{"token": "t"}',
        )
        assert (await exchange(streams, "GET /status/204 HTTP/1.1"))[::2] == (204, b"")
        status, head, body = await exchange(streams, "HEAD /bytes/9 HTTP/1.1")
        assert (status, body) == (200, b"")
        assert b"Content-Length: 9\r\n" in head


@pytest.mark.slow
async def test_the_law_rules_service_times_and_the_server_measures_them() -> None:
    async with LoopbackServer(law=by_path({"/slow": 0.1})) as server, connected(server) as streams:
        await exchange(streams, "GET /fast HTTP/1.1")
        await exchange(streams, "GET /slow HTTP/1.1")
        fast_us, slow_us = server.truth.service_us
        # A timer never fires more than its own grain, a millisecond, early.
        assert slow_us >= 99_000
        assert fast_us < slow_us / 2


async def test_a_closed_gate_holds_answers_back_until_it_opens() -> None:
    async with LoopbackServer() as server, connected(server) as streams:
        server.gate.close()
        waiting = asyncio.create_task(exchange(streams))
        await server.gate.held()
        assert (server.truth.requests, server.truth.answered) == (1, 0)
        server.gate.open()
        assert (await waiting)[0] == 200
        assert server.truth.answered == 1


async def test_pipelined_and_split_requests_are_answered_one_by_one_in_order() -> None:
    async with LoopbackServer(law=fixed(0.002)) as server, connected(server) as (reader, writer):
        writer.write(b"GET /status/201 HTTP/1.1\r\n\r\nPOST /status/202 HTTP/1.1\r\nContent-")
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(b"Length: 3\r\n\r\nab")
        writer.write(b"cGET /status/203 HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 202")
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 203")
        assert list(server.truth.paths) == ["/status/201", "/status/202", "/status/203"]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "silently"])
async def test_a_connection_is_closed_after_its_number_of_answers(announced: bool) -> None:
    policy = KeepAlive(requests=2, announced=announced)
    async with LoopbackServer(keep_alive=policy) as server, connected(server) as streams:
        heads = [(await exchange(streams))[1] for _ in range(2)]
        assert [b"Connection: close" in head for head in heads] == [False, announced]
        assert await streams[0].read() == b""


async def test_a_client_that_asks_for_it_is_closed_after_its_answer() -> None:
    async with LoopbackServer() as server, connected(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert b"Connection: close" in await reader.read()


async def test_a_client_that_leaves_before_its_answer_is_counted_as_abandoned() -> None:
    async with LoopbackServer() as server:
        server.gate.close()
        async with connected(server) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await server.gate.held()
        await until(lambda: server.truth.abandoned == 1)
        server.gate.open()
        assert (server.truth.requests, server.truth.answered) == (1, 0)


@pytest.mark.parametrize(
    "request_text",
    [
        "hello",
        "GET / HTTP/1.1\r\nContent-Length: many",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked",
    ],
)
async def test_what_it_cannot_read_is_refused_and_counted_apart(request_text: str) -> None:
    async with LoopbackServer() as server, connected(server) as (reader, writer):
        writer.write(f"{request_text}\r\n\r\n".encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request")
        assert (server.truth.requests, server.truth.refused) == (0, 1)


async def test_a_server_that_went_away_refuses_and_comes_back_on_its_port() -> None:
    async with LoopbackServer() as server:
        async with connected(server) as streams:
            await exchange(streams)
            port = server.port
            await server.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(server.host, port)
            await server.start()
        async with connected(server) as streams:
            assert (await exchange(streams))[0] == 200
        assert (server.port, server.truth.requests) == (port, 2)


@pytest.mark.slow
async def test_https_is_served_with_the_certificate_it_was_given() -> None:
    authority = trustme.CA()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with LoopbackServer(tls=serving) as server:
        assert server.url == f"https://127.0.0.1:{server.port}/"
        async with connected(server, tls=trusting) as streams:
            assert (await exchange(streams))[0] == 200


@pytest.mark.slow
async def test_a_server_process_says_its_port_obeys_and_leaves_with_its_parent() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vumeter.testing.server", "--law", "fixed:1ms",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    port = json.loads(await process.stdout.readline())["port"]

    async def tell(line: str) -> dict[str, object]:
        process.stdin.write(line.encode() + b"\n")
        return json.loads(await process.stdout.readline())

    streams = await asyncio.open_connection("127.0.0.1", port)
    await exchange(streams)
    assert (await tell("truth"))["requests"] == 1
    assert await tell("away") == {}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert await tell("back") == {}
    assert await tell("dance") == {"error": '"dance" is not a command of this server'}
    streams[1].close()
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 20) == 0
