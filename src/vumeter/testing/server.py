"""
A loopback HTTP/1.1 server that knows the truth: its own exact counts and service times.

In a test's own loop:

    async with LoopbackServer(law=fixed(0.020)) as server:
        ...  # load on server.url
        assert server.truth.requests == report["totals"]["requests"]

In a process of its own, so that the test and its server do not share a thread:
`python -m vumeter.testing.server --law fixed:20ms`, or `testing.server_process`.
"""

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

import uvloop

from vumeter.clock import monotonic_ns
from vumeter.errors import VumeterError
from vumeter.testing.answers import Answer, answer_by_name
from vumeter.testing.gate import Gate
from vumeter.testing.laws import Law, fixed, parse_law
from vumeter.testing.truth import Truth

_CONTENT_LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True, kw_only=True)
class KeepAlive:
    """How long the server keeps a connection."""

    requests: int | None = None
    """Closes after so many answers; `None`: never of its own accord."""
    announced: bool = True
    """Whether the last answer says `Connection: close`, as it should."""


class LoopbackServer:
    """
    Serve until closed; with `async with`, or `await start()` and `await close()`.

    `/status/503` is answered with that status and `/bytes/4096` with so many bytes, *answers*
    says what its paths are answered with, and everything else gets a small JSON object.
    """

    def __init__(
        self,
        *,
        law: Law | None = None,
        answers: Mapping[str, Answer] | None = None,
        keep_alive: KeepAlive | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.law = law or fixed(0.0)
        self.answers = dict(answers or {})
        self.keep_alive = keep_alive or KeepAlive()
        self.gate = Gate()
        self.truth = Truth()
        self.host = host
        self.port = port
        self._tls = tls
        # Rendered once for each path, so that a fast server costs the machine little.
        self._rendered: dict[tuple[str, bool], tuple[Answer, bytes]] = {}
        self._connections: set[_Connection] = set()
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The server's root, with its slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/"

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: _Connection(self, self._connections),
            self.host,
            self.port,
            ssl=self._tls,
            backlog=4096,
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and break every connection. `start` brings the server back."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            connection.abort()
            await connection.gone.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def rendered(self, path: str, *, closes: bool) -> tuple[Answer, bytes]:
        """Return what *path* is answered with, and the head of that answer."""
        found = self._rendered.get((path, closes))
        if found is None:
            plain = path.partition("?")[0]
            answer = self.answers.get(plain) or answer_by_name(plain)
            found = self._rendered[path, closes] = (answer, answer.head(closes=closes))
        return found


@dataclass
class _Exchange:
    method: str
    path: str
    closes: bool
    received_ns: int = field(default_factory=monotonic_ns)


class _Connection(asyncio.Protocol):
    """One connection; its requests are answered one after the other, in their order."""

    def __init__(self, server: LoopbackServer, registry: "set[_Connection]") -> None:
        self._server = server
        self._registry = registry
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._exchange: _Exchange | None = None
        self._answered = 0
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._registry.add(self)
        self._server.truth.connections += 1
        self._server.truth.connections_open += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._registry.discard(self)
        self._server.truth.connections_open -= 1
        if self._exchange is not None:
            self._server.truth.abandoned += 1
        self.gone.set()

    def abort(self) -> None:
        """Break the connection with a reset."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._server.truth.received_bytes += len(data)
        self._received = self._received + data if self._received else data
        if self._exchange is None:
            self._next_request()

    def _next_request(self) -> None:
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        lowered = self._received[:head_end].lower()
        words = self._received[: self._received.index(b"\r\n")].decode("latin-1").split(" ")
        body_bytes = _content_length(lowered)
        if len(words) != 3 or body_bytes is None or b"\r\ntransfer-encoding:" in lowered:
            self._refuse()
            return
        end = head_end + 4 + body_bytes
        if len(self._received) < end:
            return
        request = self._received[:end]
        self._received = self._received[end:]
        method, path, _ = words
        server = self._server
        number = server.truth.requests
        server.truth.note_request(path, request)
        self._exchange = _Exchange(method, path, b"\r\nconnection: close" in lowered)
        delay_s = server.law(path, number)
        if delay_s > 0:
            loop = asyncio.get_running_loop()
            loop.call_later(delay_s, server.gate.pass_or_wait, self._respond)
        else:
            server.gate.pass_or_wait(self._respond)

    def _refuse(self) -> None:
        """Answer what is no request, or has a body in chunks, which this server does not read."""
        self._server.truth.refused += 1
        self._received = b""
        if self._transport is not None:
            self._transport.write(Answer(status=400, body=b"").head(closes=True))
            self._transport.close()

    def _respond(self) -> None:
        exchange, transport = self._exchange, self._transport
        if exchange is None or transport is None:
            return
        self._exchange = None
        self._answered += 1
        policy = self._server.keep_alive
        used_up = policy.requests is not None and self._answered >= policy.requests
        closes = exchange.closes or (used_up and policy.announced)
        answer, head = self._server.rendered(exchange.path, closes=closes)
        payload = head if exchange.method == "HEAD" else head + answer.body
        self._server.truth.note_answer(
            status=answer.status,
            sent_bytes=len(payload),
            service_us=(monotonic_ns() - exchange.received_ns) // 1000,
        )
        transport.write(payload)
        if exchange.closes or used_up:
            transport.close()
        elif self._received:
            self._next_request()


def _content_length(lowered_head: bytes) -> int | None:
    """Return how long the body is, 0 where nothing says so, `None` where nonsense does."""
    start = lowered_head.find(_CONTENT_LENGTH)
    if start < 0:
        return 0
    start += len(_CONTENT_LENGTH)
    end = lowered_head.find(b"\r\n", start)
    text = lowered_head[start : end if end >= 0 else None].strip()
    return int(text) if text.isdigit() else None


async def serve_until_told(server: LoopbackServer) -> None:
    """
    Serve, and obey the lines that come from standard input, until it ends.

    `truth` prints the server's truth as one line of JSON, `arrivals` when each request came,
    `last request` what came last over the wire; `gate close`, `gate open`, `away` and `back`
    do what they say and print `{}`. That way counting disturbs no request, and a server
    whose parent is gone ends too.
    """
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with server:
        _say({"port": server.port, "url": server.url})
        while line := await reader.readline():
            match line.decode().strip():
                case "truth":
                    _say(server.truth.report())
                    continue
                case "arrivals":
                    _say({"arrivals_ns": list(server.truth.arrivals_ns)})
                    continue
                case "last request":
                    _say({"request": server.truth.last_request.decode("latin-1")})
                    continue
                case "gate close":
                    server.gate.close()
                case "gate open":
                    server.gate.open()
                case "away":
                    await server.close()
                case "back":
                    await server.start()
                case unknown:
                    _say({"error": f'"{unknown}" is not a command of this server'})
                    continue
            _say({})


def _say(values: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one server as `python -m vumeter.testing.server`; its first line tells its port."""
    parser = argparse.ArgumentParser(prog="python -m vumeter.testing.server")
    parser.add_argument("--law", default="none", help="fixed:20ms, bimodal:5ms,50ms,10%%, …")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--certificate", help="PEM file with certificate and key: serve https")
    parser.add_argument("--requests-per-connection", type=int, help="close after so many")
    parser.add_argument("--unannounced", action="store_true", help="close without saying so")
    options = parser.parse_args(arguments)
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    try:
        law = parse_law(options.law)
    except VumeterError as error:
        parser.error(str(error))
    keep_alive = KeepAlive(
        requests=options.requests_per_connection, announced=not options.unannounced
    )
    server = LoopbackServer(
        law=law, keep_alive=keep_alive, host=options.host, port=options.port, tls=tls
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve_until_told(server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
