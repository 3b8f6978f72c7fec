"""The test server's side of one connection."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from vumeter.clock import monotonic_ns
from vumeter.testing.answers import Answer

if TYPE_CHECKING:
    from vumeter.testing.server import LoopbackServer

_CONTENT_LENGTH = b"\r\ncontent-length:"


@dataclass
class _Exchange:
    method: str
    path: str
    closes: bool
    received_ns: int = field(default_factory=monotonic_ns)


class Connection(asyncio.Protocol):
    """One connection; its requests are answered one after the other, in their order."""

    def __init__(self, server: "LoopbackServer", registry: "set[Connection]") -> None:
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
        self._server.truth.note_opened()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._registry.discard(self)
        self._server.truth.note_closed()
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
