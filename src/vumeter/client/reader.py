"""Answers read by llhttp: bytes in, one finished answer or a broken one out."""

from typing import Any

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

from vumeter.client.decoding import BrokenBodyError, Decoder, decoder_for
from vumeter.client.expectation import Expectation

HEAD_LIMIT_BYTES = 65_536
INTERIM_LIMIT = 32
"""1xx answers before the final one; beyond, the target only keeps us busy."""
BODY_LIMIT_BYTES = 1_048_576
"""Of a body that is collected, because something is extracted from it."""


class AnswerReader:
    """
    Reads the answers of one connection, one at a time; nothing of a body is kept.

    Memory is bounded whatever the target sends: a head by `HEAD_LIMIT_BYTES` beyond the read
    that crosses it, interim answers by their number, and bodies are not accumulated.
    """

    __slots__ = (
        "_closes",
        "_in_body",
        "_interim",
        "_is_wrong",
        "_parser",
        "has_leave",
        "head",
        "is_complete",
        "keeps_alive",
        "keeps_head",
        "received_bytes",
        "status",
    )

    def __init__(self) -> None:
        self._parser: Any = HttpResponseParser(self)
        self.keeps_head = False
        """Whether `head` is wanted."""
        self.has_leave = False
        """Whether a 100 has come, which wants the rest of the request."""
        self.reset()

    def reset(self) -> None:
        """Make ready for the next answer of the same connection."""
        self.received_bytes = 0
        self.is_complete = False
        self.status = 0
        self.keeps_alive = False
        self._in_body = False
        self._closes = False
        self._is_wrong = False
        self._interim = 0
        self.head = b""
        """What was read up to the end of the head, and perhaps beyond, where that is kept."""

    def is_for(self, expected: Expectation) -> bool:
        """Return whether this one, which read a plain answer before, is right for the next."""
        return expected.is_plain and expected.is_watchful == self.keeps_head

    def release(self) -> None:
        """Cut the cycle of reader and parser, so that the collector has nothing to find."""
        self._parser = None

    def feed(self, data: bytes) -> bool:
        """
        Read on, and return whether what came so far is HTTP as far as it goes.

        False: it breaks its framing, goes on after the answer's end, is over a limit, or its
        body, which is to be looked into, is not encoded as it says.
        """
        was_in_body = self._in_body
        self.received_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserCallbackError:
            # A bug of ours in a method below, which must not pass for the target's.
            raise
        except (HttpParserError, HttpParserUpgrade):
            return False
        if self._is_wrong or self._interim > INTERIM_LIMIT:
            return False
        may_be_framed_by_close = not self.is_complete and not (self._in_body and not self._closes)
        if not was_in_body and (self.keeps_head or may_be_framed_by_close):
            # Kept only where the head is wanted, or may be needed to say what frames the body.
            self.head += data
            return self._in_body or len(self.head) <= HEAD_LIMIT_BYTES
        return True

    def is_ended_by_close(self) -> bool:
        """
        Return whether the end of the stream completes the answer.

        So it is for a body that neither Content-Length nor chunks frame; every other answer
        that ends here is cut off.
        """
        return self._in_body and self._closes and not _declares_length(self.head)

    # llhttp's side. Further arguments cost nothing here: each call is 50 ns.

    def on_message_begin(self) -> None:
        """Notice what follows a complete answer."""
        if self.is_complete:
            self._is_wrong = True

    def on_headers_complete(self) -> None:
        """Note what may frame the body."""
        self._in_body = True
        self.status = self._parser.get_status_code()
        # llhttp's answer is right within its callbacks only.
        self._closes = not self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        """Tell the final answer from an interim one (1xx), for which llhttp calls too."""
        if self.status < 200:
            self._in_body = False
            self._interim += 1
            self.has_leave = self.has_leave or self.status == 100
        else:
            self.is_complete = True
            self.keeps_alive = not self._closes


class CollectingReader(AnswerReader):
    """Keeps the body, decoded, up to `BODY_LIMIT_BYTES`."""

    __slots__ = ("_decoder", "body", "body_bytes")

    def reset(self) -> None:
        """Make ready for the next answer of the same connection."""
        super().reset()
        self.body: bytearray | None = bytearray()
        """`None`: it was over the limit, or in an encoding that is not spoken here."""
        self.body_bytes = 0
        """As it came, before it was decoded."""
        self._decoder: Decoder | None = None

    def is_ended_by_close(self) -> bool:
        """Return whether the end of the stream completes the answer, and what it is encoded as."""
        return super().is_ended_by_close() and not self._is_cut_off()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note how the body is encoded."""
        if len(name) == 16 and name.lower() == b"content-encoding":
            self._decoder = decoder_for(value)

    def on_message_begin(self) -> None:
        """Forget what an interim answer (1xx) said."""
        super().on_message_begin()
        self._decoder = None

    def on_body(self, data: bytes) -> None:
        """Keep *data*, or nothing of the body any more once it is too long."""
        self.body_bytes += len(data)
        if self.body is None:
            return
        decoded: bytes | None = data
        if self._decoder is not None:
            try:
                decoded = self._decoder.decoded(data, limit_bytes=BODY_LIMIT_BYTES - len(self.body))
            except BrokenBodyError:
                self._is_wrong = True
        if decoded is None or len(self.body) + len(decoded) > BODY_LIMIT_BYTES:
            self.body = None
        else:
            self.body += decoded

    def on_message_complete(self) -> None:
        """Notice an encoded body that ends before its end."""
        super().on_message_complete()
        if self.is_complete and self._is_cut_off():
            self._is_wrong = True

    def _is_cut_off(self) -> bool:
        decoder = self._decoder
        return decoder is not None and self.body is not None and decoder.is_unfinished


class HeaderReader(CollectingReader):
    """Keeps the headers of the final answer too, which costs up to 1 µs (HOTPATH)."""

    __slots__ = ("headers",)

    def reset(self) -> None:
        """Make ready for the next answer of the same connection."""
        super().reset()
        self.headers: list[tuple[bytes, bytes]] = []

    def on_message_begin(self) -> None:
        """Forget the headers of an interim answer (1xx)."""
        super().on_message_begin()
        if not self.is_complete:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or a trailer."""
        super().on_header(name, value)
        self.headers.append((name.lower(), value))


class HeadReader(AnswerReader):
    """
    Reads the answer to a HEAD request: it ends with its head, whatever that says of a body.

    llhttp would wait for the body, so each answer takes a reader of its own.
    """

    __slots__ = ("_connection", "headers")

    def reset(self) -> None:
        """Make ready for an answer."""
        super().reset()
        self._connection = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_message_begin(self) -> None:
        """Forget the headers of an interim answer (1xx)."""
        super().on_message_begin()
        if not self.is_complete:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, and note what the target wants to do with the connection."""
        name = name.lower()
        self.headers.append((name, value))
        if name == b"connection":
            self._connection += value.lower() + b","

    def on_headers_complete(self) -> None:
        """End the answer, unless it is an interim one."""
        super().on_headers_complete()
        if self.status < 200:
            return
        self.is_complete = True
        # llhttp says no where nothing frames a body; here none is needed.
        tokens = {token.strip() for token in self._connection.split(b",")}
        is_old = self._parser.get_http_version() == "1.0"
        self.keeps_alive = b"keep-alive" in tokens if is_old else b"close" not in tokens

    def on_message_complete(self) -> None:
        """Count interim answers; the final one is complete before."""
        if self.status < 200:
            super().on_message_complete()

    def on_body(self, data: bytes) -> None:
        """Refuse what cannot be: HEAD has no body."""
        self._is_wrong = True

    def on_chunk_header(self) -> None:
        """Refuse what cannot be: HEAD has no body."""
        self._is_wrong = True


def reader_for(expected: Expectation) -> AnswerReader:
    """Return a reader for what is expected."""
    reader = _reader_of_kind(expected)
    reader.keeps_head = expected.is_watchful
    return reader


def _reader_of_kind(expected: Expectation) -> AnswerReader:
    if expected.is_bodyless:
        return HeadReader()
    if expected.collects_headers:
        reader = HeaderReader()
        if not expected.collects_body:
            reader.body = None
        return reader
    return CollectingReader() if expected.collects_body else AnswerReader()


class _Framing:
    """Notes whether the last head that a parser saw says how long its body is."""

    def __init__(self) -> None:
        self.is_declared = False

    def on_message_begin(self) -> None:
        self.is_declared = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self.is_declared = True


def _declares_length(head: bytes) -> bool:
    framing = _Framing()
    HttpResponseParser(framing).feed_data(head)
    return framing.is_declared
