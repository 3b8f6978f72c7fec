"""One connection, and on it one exchange of request and answer at a time."""

import asyncio
from typing import Protocol, cast

from vumeter.client.expectation import (
    NOTHING,
    READING,
    Expectation,
    Headers,
    headers_of,
    is_noteworthy,
)
from vumeter.client.failures import error_kind
from vumeter.client.origin import Origin
from vumeter.client.reader import (
    AnswerReader,
    CollectingReader,
    HeaderReader,
    HeadReader,
    reader_for,
)
from vumeter.client.withheld import Withheld
from vumeter.clock import monotonic_ns
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import Proxy

_MOST_HEAD_BYTES = 4_096
"""Of an answer that comes in several reads, kept until it is complete."""


class Caller(Protocol):
    """Who sends requests over an exchange, and is told once what became of each."""

    sent_ns: int
    """When its last request was sent; set anew where that waited for others."""

    def adjust_sent(self, by_bytes: int) -> None:
        """Of the last request so many bytes more have gone out than it has, or fewer."""

    def answered_in_parts(self, *, written_ns: int, first_ns: int, done_ns: int) -> None:
        """When the request had gone out, and when the answer began. Comes before `answered`."""

    def take_cookies(self, lines: list[bytes]) -> None:
        """The answer sets cookies, by these `Set-Cookie` lines. Comes just before `answered`."""

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        """The answer is complete. Unless `transport` is `None`, the next one may be sent."""

    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        """No complete answer will come, and the connection is gone."""


class Exchange(asyncio.Protocol):
    """
    HTTP/1.1 as a client speaks it on one connection, in callbacks.

    To the loop this is an `asyncio.Protocol`, and of the loop's transport it uses `write` and
    `abort`, so whatever offers this pair can carry it. No task, no future and no timer is
    made per request: the caller keeps the deadline.
    """

    __slots__ = (
        "_first_ns",
        "_reader",
        "_reading",
        "_withheld",
        "_written_ns",
        "body",
        "body_bytes",
        "caller",
        "connecting_ns",
        "expected",
        "handshaking_ns",
        "head",
        "headers",
        "location",
        "opened_ns",
        "origin",
        "transport",
        "was_unasked",
    )

    def __init__(self, caller: Caller, origin: Origin) -> None:
        self.caller = caller
        self.origin = origin
        self.transport: asyncio.Transport | None = None
        """`None` before the connection is made, and again as soon as it cannot be used."""
        self.expected = NOTHING
        """What the request in flight expects; `NOTHING` when there is none."""
        self.opened_ns = 0
        self.connecting_ns = 0
        """How long TCP took, or that of the proxy."""
        self.handshaking_ns = 0
        """How long TLS took; 0: there is none."""
        self._first_ns = 0
        """When the answer that is being read began; 0: not known to come in several reads."""
        self._written_ns = 0
        """When the system had taken over the request; 0: at once, −1: it has not yet."""
        self.was_unasked = False
        """Whether the target sent something without having been asked."""
        self.body: bytes | bytearray | None = None
        """The last answer's, when it was to be collected; `None` when it was too long."""
        self.body_bytes = 0
        """How long it was, all the same."""
        self.head = b""
        """
        While `answered` is called what the answer began with, its head and perhaps more; empty
        for one whose head is known, and so has nothing of its own.
        """
        self.headers: Headers = ()
        """The last answer's, when they were to be collected."""
        self.location: bytes | None = None
        """Where the last answer leads, if it was watched for and said so."""
        self._reader: AnswerReader | None = None
        self._reading = NOTHING
        self._withheld: Withheld | None = None
        """The body of the request in flight, while nobody knows whether the target wants it."""

    @property
    def forwarder(self) -> Proxy | None:
        """The proxy whose answers may be its own; `None`: there is none, or only a tunnel."""
        return None

    @property
    def received_bytes(self) -> int:
        """Of the answer that is being read."""
        return self._reader.received_bytes if self._reader is not None else 0

    def send(self, request: bytes, expected: Expectation) -> None:
        """Send *request*, and tell the caller what becomes of it. Only while open."""
        self.expected = expected
        self.transport.write(request)  # type: ignore[union-attr]  # only while open

    def send_now(self, request: bytes, expected: Expectation) -> None:
        """Send *request* at once, where `send` may let it wait for others (`client.turns`)."""
        self.send(request, expected)

    def ask_first(self, request: bytes, expected: Expectation) -> None:
        """
        Send the head of *request*, and its body only when the target wants it, or says nothing
        for `LEAVE_WAIT_S`. *expected* learns no heads: each answer has to be read.
        """
        end = request.index(b"\r\n\r\n") + 4
        self.send_now(request[:end], expected)
        if end < len(request):
            self.caller.adjust_sent(end - len(request))
            # What was read before says nothing of this request.
            self._drop_reader()
            self._withheld = Withheld(request[end:], self._release)

    def idle(self) -> None:
        """Let go of what reading an answer takes, 0.9 kB and its body; only between two."""
        self._drop_reader()
        self.body = None

    def close(self) -> None:
        """Close at once and silently: what is in flight is given up."""
        transport, self.transport = self.transport, None
        self.expected = NOTHING
        if self._withheld is not None:
            self._withheld.keep()
            self._withheld = None
        self._drop_reader()
        if transport is not None:
            transport.abort()

    # The loop's side.

    def pause_writing(self) -> None:
        """Notice a request that is too large to be handed over at once."""
        self._written_ns = -1
        if self.expected is not READING:
            # Its answer is to be looked at, so it may not be taken for a known one.
            self.expected = self.expected.unlearned()

    def resume_writing(self) -> None:
        """Notice that next to nothing of such a request is left to hand over."""
        if self._written_ns < 0:
            self._written_ns = monotonic_ns()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection into use."""
        self.transport = cast(asyncio.Transport, transport)
        self.opened_ns = monotonic_ns()

    def data_received(self, data: bytes) -> None:
        """Read an answer, or a part of one."""
        expected = self.expected
        # An answer whose head is known, whole in one read: no parser, see `Expectation`.
        if len(data) == expected.size and data.startswith(expected.head):
            self.expected = NOTHING
            self.caller.answered(expected.status, expected.size, monotonic_ns())
        else:
            self.take(data, monotonic_ns())

    def take(self, data: bytes, done_ns: int) -> None:
        """Read an answer, or a part of one, that came at *done_ns*."""
        expected = self.expected
        if len(data) == expected.looked_into_size and data.startswith(expected.head):
            # A known head as well, where something looks at what the answer says.
            self.expected = NOTHING
            self.headers = expected.headers
            self.body = body = data[len(expected.head) :]
            self.body_bytes = len(body)
            self.caller.answered(expected.status, expected.looked_into_size, done_ns)
        elif len(data) == expected.size and data.startswith(expected.head):
            self.expected = NOTHING
            self.caller.answered(expected.status, expected.size, done_ns)
        elif len(data) == expected.closing_size and data.startswith(expected.head):
            self.close()
            self.caller.answered(expected.status, expected.closing_size, done_ns)
        elif expected is NOTHING:
            self._refuse_unasked()
        else:
            self._read(data, done_ns)

    def eof_received(self) -> None:
        """Take the end of the stream for the end of an answer, if nothing else frames that."""
        reader = self._reader
        if self.expected is READING and reader is not None and reader.is_ended_by_close():
            self._finish(reader, monotonic_ns(), is_kept=False)
        else:
            # Now, not when the loop has closed its side: until then a VU could still send.
            self._give_up(ErrorKind.CLOSED)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the loss, when a request was in flight."""
        if self.transport is None:
            return
        kind = ErrorKind.CLOSED if exc is None else error_kind(exc, connected=True)
        self._give_up(kind)

    # Off the good path.

    def _read(self, data: bytes, done_ns: int) -> None:
        expected = self.expected
        if expected is not READING:
            self._reading, self.expected = expected, READING
            if self._reader is not None and not self._reader.is_for(expected):
                self._drop_reader()
        reader = self._reader
        if reader is None:
            reader = self._reader = reader_for(self._reading)
        if not reader.feed(data):
            self._give_up(ErrorKind.PROTOCOL)
        elif reader.is_complete:
            # A target that has answered without the body still takes what comes for it.
            is_kept = reader.keeps_alive and self._withheld is None
            self._finish(reader, done_ns, is_kept=is_kept, last=data)
        elif self._withheld is not None:
            if reader.has_leave:
                self._release()
            elif reader.status >= 200:
                self._withheld.keep()
        elif not self._first_ns:
            self._first_ns = done_ns
            self.head = data[:_MOST_HEAD_BYTES]

    def _release(self) -> None:
        """Send the body that was withheld."""
        withheld, self._withheld = self._withheld, None
        if withheld is not None and self.transport is not None:
            withheld.keep()
            self.caller.adjust_sent(len(withheld.body))
            self.transport.write(withheld.body)

    def _finish(
        self, reader: AnswerReader, done_ns: int, *, is_kept: bool, last: bytes = b""
    ) -> None:
        if self._first_ns or self._written_ns:
            self._tell_parts(done_ns)
        status, received_bytes = reader.status, reader.received_bytes
        if isinstance(reader, CollectingReader):
            self.body, self.body_bytes = reader.body, reader.body_bytes
        else:
            self.body, self.body_bytes = b"", 0
        if isinstance(reader, HeaderReader | HeadReader):
            self.headers = reader.headers
        if self._reading.is_watchful:
            self.location = None
            if is_noteworthy(reader.head):
                self._note(reader.head)
        if received_bytes == len(last):
            self._reading.learn(last, now_ns=done_ns)
        if is_kept:
            self._rest(reader)
        else:
            self.close()
        self.head = self.head or last
        self.caller.answered(status, received_bytes, done_ns)
        self.head = b""

    def _tell_parts(self, done_ns: int) -> None:
        first_ns = self._first_ns or done_ns
        # An answer may begin before its request has ended.
        written_ns = self._written_ns if self._written_ns >= 0 else first_ns
        self._first_ns = self._written_ns = 0
        self.caller.answered_in_parts(
            written_ns=min(written_ns, first_ns), first_ns=first_ns, done_ns=done_ns
        )

    def _note(self, head: bytes) -> None:
        headers = headers_of(head)
        self.location = next((value for name, value in headers if name == b"location"), None)
        lines = [value for name, value in headers if name == b"set-cookie"]
        if lines:
            self.caller.take_cookies(lines)

    def _rest(self, reader: AnswerReader) -> None:
        """Get ready for the next request on this connection."""
        self.expected = NOTHING
        if type(reader) is AnswerReader:
            reader.reset()
        else:
            self._drop_reader()

    def _give_up(self, kind: ErrorKind) -> None:
        is_in_flight = self.expected is not NOTHING
        received_bytes = self.received_bytes
        self.close()
        if is_in_flight:
            self.caller.failed(kind, received_bytes)

    def _refuse_unasked(self) -> None:
        # No request of ours failed by it, so there is no attempt to count; but this
        # connection's next answer could be any request's.
        self.was_unasked = True
        self.close()

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.release()
            self._reader = None
