"""
Servers that break the rules, or keep them in ways that clients get wrong.

`HOSTILITIES` names them all, with the `ErrorKind`s that an honest client may file each under:

    async with HostileServer("reset-mid-body") as server:
        ...  # load on server.url
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from vumeter.model.measure import ErrorKind

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'


class Wire:
    """One connection, seen from the server."""

    def __init__(
        self, server: "HostileServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self.head = b""
        """Of the request that came last, as it came."""

    async def requests(self) -> AsyncIterator[int]:
        """Yield the server-wide number of each request, from 1, until the client leaves."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                self.head = await self._reader.readuntil(b"\r\n\r\n")
                self._server.requests += 1
                yield self._server.requests

    async def request(self) -> None:
        """Return when a request has come."""
        async for _ in self.requests():
            return
        raise ConnectionResetError("the client left without a request")

    async def body(self, size_bytes: int) -> None:
        """Return when so much of a body has come."""
        await self._reader.readexactly(size_bytes)

    async def is_left(self) -> bool:
        """Return whether the client leaves without another byte, once it does one or the other."""
        return await self._reader.read(1) == b""

    async def send(self, data: bytes) -> None:
        """Send *data*, as fast as the client takes it."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, data: bytes = OK) -> None:
        """Send a whole answer, and count it."""
        self._server.answered += 1
        await self.send(data)

    async def say_nothing(self) -> None:
        """Wait until the client leaves."""
        while await self._reader.read(65536):
            pass

    async def leave(self) -> None:
        """Close in good order; what was sent before still arrives."""
        self._writer.close()
        await self._writer.wait_closed()

    def reset(self) -> None:
        """Close with a RST."""
        connection = self._writer.get_extra_info("socket")
        # Lingering for zero seconds is how a socket is told to reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Behaviour = Callable[[Wire], Awaitable[None]]


def saying(answer: bytes) -> Behaviour:
    """Return the behaviour that gives *answer* to every request, and keeps the connection."""

    async def behave(wire: Wire) -> None:
        async for _ in wire.requests():
            await wire.answer(answer)

    return behave


def saying_and_leaving(answer: bytes) -> Behaviour:
    """Return the behaviour that gives *answer* to one request, and closes the connection."""

    async def behave(wire: Wire) -> None:
        await wire.request()
        await wire.answer(answer)
        await wire.leave()

    return behave


def saying_and_falling_silent(beginning: bytes) -> Behaviour:
    """Return the behaviour that begins an answer with *beginning*, and never goes on."""

    async def behave(wire: Wire) -> None:
        await wire.request()
        await wire.send(beginning)
        await wire.say_nothing()

    return behave


def saying_without_end(beginning: bytes, again: bytes) -> Behaviour:
    """Return the behaviour that sends *beginning*, then *again* for as long as it is taken."""

    async def behave(wire: Wire) -> None:
        await wire.request()
        await wire.send(beginning)
        while True:
            await wire.send(again)

    return behave


def breaking(break_off: Callable[[Wire], Awaitable[None]], *, every: int) -> Behaviour:
    """Return the behaviour that answers well, but breaks off at every *every*-th request."""

    async def behave(wire: Wire) -> None:
        async for number in wire.requests():
            if number % every == 0:
                await break_off(wire)
                return
            await wire.answer()

    return behave


async def leaving(wire: Wire) -> None:
    """Close in good order."""
    await wire.leave()


async def resetting(wire: Wire) -> None:
    """Reset."""
    wire.reset()


async def resetting_mid_body(wire: Wire) -> None:
    """Send a head and half of its body, and reset."""
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
    wire.reset()


async def _silent(wire: Wire) -> None:
    await wire.say_nothing()


async def _leave_at_once(wire: Wire) -> None:
    await wire.leave()


async def _speak_first(wire: Wire) -> None:
    await wire.send(OK)
    await wire.say_nothing()


async def _drip(wire: Wire) -> None:
    await wire.request()
    for byte in OK * 1000:
        await wire.send(bytes([byte]))
        await asyncio.sleep(0.1)


async def _byte_by_byte(wire: Wire) -> None:
    async for _ in wire.requests():
        for byte in OK[:-1]:
            await wire.send(bytes([byte]))
            # Without a turn of the loop the kernel joins the bytes into one segment.
            await asyncio.sleep(0.0005)
        await wire.answer(OK[-1:])


@dataclass(frozen=True)
class Hostility:
    """A behaviour, and what a client that keeps the rules calls it."""

    behave: Behaviour
    kinds: frozenset[ErrorKind]
    """Each request ends as one of these; empty: as one good answer."""


def _ends_as(behave: Behaviour, *kinds: ErrorKind) -> Hostility:
    return Hostility(behave, frozenset(kinds))


_K = ErrorKind
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

HOSTILITIES: dict[str, Hostility] = {
    # It answers too late, or never.
    "silent": _ends_as(_silent, _K.TIMEOUT_RESPONSE),
    "drip": _ends_as(_drip, _K.TIMEOUT_RESPONSE),
    "stalled-head": _ends_as(saying_and_falling_silent(b"HTTP/1.1 200"), _K.TIMEOUT_RESPONSE),
    "stalled-body": _ends_as(saying_and_falling_silent(_LONG + b"x"), _K.TIMEOUT_RESPONSE),
    "endless-body": _ends_as(
        saying_without_end(_CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"), _K.TIMEOUT_RESPONSE
    ),
    # It breaks the connection. Leaving with the request unread makes the kernel send a RST.
    "leave-at-once": _ends_as(_leave_at_once, _K.CLOSED, _K.RESET),
    "leave": _ends_as(breaking(leaving, every=1), _K.CLOSED),
    "leave-mid-head": _ends_as(saying_and_leaving(b"HTTP/1.1 200 OK\r\nContent-"), _K.CLOSED),
    "leave-mid-body": _ends_as(saying_and_leaving(_LONG + b"x" * 500), _K.CLOSED),
    "leave-mid-chunk": _ends_as(saying_and_leaving(_CHUNKED + b"20\r\nx"), _K.CLOSED),
    "reset": _ends_as(breaking(resetting, every=1), _K.RESET),
    "reset-mid-body": _ends_as(breaking(resetting_mid_body, every=1), _K.RESET),
    # It does not speak HTTP, or not as it should.
    "garbage": _ends_as(
        saying(b"\x16\x03\x01\x00 \xff\xfe nobody expects this\r\n\r\n"), _K.PROTOCOL
    ),
    "bad-status-line": _ends_as(saying(b"HTTP/1.1 TWO HUNDRED\r\n\r\n"), _K.PROTOCOL),
    "bad-version": _ends_as(saying(b"HTTP/9.7 200 OK\r\nContent-Length: 0\r\n\r\n"), _K.PROTOCOL),
    "bad-header": _ends_as(
        saying(b"HTTP/1.1 200 OK\r\nX: \x00\r\nContent-Length: 0\r\n\r\n"), _K.PROTOCOL
    ),
    "bad-length": _ends_as(saying(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), _K.PROTOCOL),
    "two-lengths": _ends_as(
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"), _K.PROTOCOL
    ),
    "bad-chunk-size": _ends_as(saying(_CHUNKED + b"zz\r\nx\r\n0\r\n\r\n"), _K.PROTOCOL),
    "bad-chunk-end": _ends_as(saying(_CHUNKED + b"1\r\nxx\r\n0\r\n\r\n"), _K.PROTOCOL),
    "bytes-after-the-end": _ends_as(saying(OK + b"and one thing more"), _K.PROTOCOL),
    "two-answers": _ends_as(saying(OK + OK), _K.PROTOCOL),
    # What comes just after the request was sent is its answer, as far as a client can know.
    "speak-first": _ends_as(_speak_first, _K.PROTOCOL, _K.TIMEOUT_RESPONSE),
    # It never comes to the point: the client's own limit, or its time-out, ends it.
    "endless-head": _ends_as(
        saying_without_end(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n"),
        _K.PROTOCOL,
        _K.TIMEOUT_RESPONSE,
    ),
    "endless-line": _ends_as(
        saying_without_end(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 16384),
        _K.PROTOCOL,
        _K.TIMEOUT_RESPONSE,
    ),
    "endless-interim": _ends_as(
        saying_without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        _K.PROTOCOL,
        _K.TIMEOUT_RESPONSE,
    ),
    # Odd, but right: one good answer each.
    "until-the-end": _ends_as(saying_and_leaving(b"HTTP/1.1 200 OK\r\n\r\nall of it")),
    "http-1.0": _ends_as(saying_and_leaving(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
    "http-1.0-until-the-end": _ends_as(saying_and_leaving(b"HTTP/1.0 200 OK\r\n\r\n{}")),
    "http-1.0-keep-alive": _ends_as(
        saying(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}")
    ),
    "chunked": _ends_as(saying(_CHUNKED + b"5\r\nabcde\r\n3;note=x\r\nfgh\r\n0\r\n\r\n")),
    "chunked-with-trailers": _ends_as(
        saying(_CHUNKED + b"5\r\nabcde\r\n0\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n")
    ),
    "interim": _ends_as(
        saying(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)
    ),
    "no-content": _ends_as(saying(b"HTTP/1.1 204 No Content\r\n\r\n")),
    "not-modified": _ends_as(saying(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")),
    "byte-by-byte": _ends_as(_byte_by_byte),
}


class HostileServer:
    """Treat every connection with one behaviour, until closed. Counts what it saw and did."""

    def __init__(self, behaviour: str | Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self._behave = HOSTILITIES[behaviour].behave if isinstance(behaviour, str) else behaviour
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.connections = 0
        self.requests = 0
        """Whose head was read to its end; behaviours that never read count none."""
        self.answered = 0
        """How often a behaviour gave all that it calls an answer, good or bad."""
        self.port = 0

    @property
    def url(self) -> str:
        """The server's root, with its slash."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(
            self._receive, "127.0.0.1", self.port, ssl=self._tls, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._treat(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _treat(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            # A client that leaves in the middle is what most behaviours are for.
            with contextlib.suppress(OSError):
                await self._behave(Wire(self, reader, writer))
        finally:
            writer.transport.abort()


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """Give the URL of a port that is taken, so that nobody else gets it, but refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"


@contextlib.contextmanager
def unreachable_url() -> Iterator[str]:
    """Give the URL of a port whose queue is full, so that the kernel drops every SYN."""
    with contextlib.ExitStack() as sockets:
        listening = sockets.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        # Linux queues one more than the backlog says; the rest makes sure.
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
