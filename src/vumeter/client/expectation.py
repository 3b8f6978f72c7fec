"""What is known of the answers to one request: the trick that skips the parser."""

import re
from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

Headers = Sequence[tuple[bytes, bytes]]
"""Names, in lower case, and values, in the order in which they came."""

_NOTEWORTHY = re.compile(rb"\n(?:set-cookie|location):", re.IGNORECASE)
_SHORT_BYTES = 1024
_ENCODED = re.compile(rb"\ncontent-encoding:", re.IGNORECASE)
_LEARN_EVERY_NS = 5_000_000
"""
Heads that keep changing (an id, a microsecond) would be learned in vain with every answer;
so often, learning costs less than 0.1 % of the time, and a Date header that changes each
second is known again within 5 ms.
"""

_NEVER_NS = 1 << 63


class Expectation:
    """
    How to read the answers to one request, shared by all VUs that send it.

    When an answer's bytes begin with a head that was parsed before, and are as many as they
    were then, they mean the same: the parser is skipped (190 k/s against 155 k/s per core,
    HOTPATH). Only answers whose length the head itself fixes are learned, see `framed_head`.
    """

    __slots__ = (
        "_learn_again_ns",
        "closing_size",
        "collects_body",
        "collects_headers",
        "head",
        "headers",
        "is_bodyless",
        "is_plain",
        "is_watchful",
        "looked_into_size",
        "size",
        "status",
    )

    def __init__(
        self,
        *,
        is_bodyless: bool = False,
        collects_body: bool = False,
        collects_headers: bool = False,
        is_watchful: bool = False,
        learns: bool = True,
    ) -> None:
        self.is_bodyless = is_bodyless
        """Whether the request was HEAD: what its answer's head says of a body is not so."""
        self.collects_body = collects_body
        self.collects_headers = collects_headers
        self.is_watchful = is_watchful
        """Whether cookies are kept or redirects followed: such heads are read every time."""
        self.is_plain = not (is_bodyless or collects_body or collects_headers)
        """Whether an answer is no more than its status and its length."""
        self.head = b""
        self.size = -1
        """Of the whole answer, head and body; −1, which no answer has, until one is learned."""
        self.looked_into_size = -1
        """The same, for answers that are looked into; these leave `size` at −1."""
        self.closing_size = -1
        """The same, for answers after which the connection is closed: 6 of 90 µs with both."""
        self.headers: Headers = ()
        """Those of `head`, when headers are collected."""
        self.status = 0
        # Bytes that nobody reads would not tell whether a body was asked for before them.
        self._learn_again_ns = 0 if learns else _NEVER_NS

    def unlearned(self) -> "Expectation":
        """Return the same for one request alone, whose answer is read whatever is known."""
        alone = copy(self)
        alone.size = alone.looked_into_size = alone.closing_size = -1
        return alone

    def learn(self, data: bytes, *, now_ns: int) -> None:
        """Remember the head of *data*, one whole answer that was parsed well."""
        if now_ns < self._learn_again_ns or self.is_bodyless:
            return
        self._learn_again_ns = now_ns + _LEARN_EVERY_NS
        known = framed_head(data)
        if known is None:
            return
        head = known.head
        if self.is_watchful and is_noteworthy(head):
            return
        if self.collects_body and _ENCODED.search(head):
            return
        is_looked_into = self.collects_body or self.collects_headers
        if is_looked_into and not known.keeps_alive:
            return
        self.head, self.status = head, known.status
        if self.collects_headers:
            self.headers = headers_of(head)
        self.size = self.looked_into_size = self.closing_size = -1
        if is_looked_into:
            self.looked_into_size = len(data)
        elif known.keeps_alive:
            self.size = len(data)
        else:
            self.closing_size = len(data)


NOTHING = Expectation()
"""Stands in while no request is in flight; it matches no answer."""

READING = Expectation()
"""Stands in while an answer is being read in parts; it matches none of them."""


class _Witness:
    """Counts what a parser sees in one read."""

    def __init__(self) -> None:
        self.begun = 0
        self.complete = 0
        self.body_bytes = 0
        self.status = 0
        self.keeps_alive = False
        self.parser: Any = HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)

    def on_message_complete(self) -> None:
        self.complete += 1
        self.status = self.parser.get_status_code()
        self.keeps_alive = self.parser.should_keep_alive()


class FramedHead(NamedTuple):
    """The head of an answer whose length it fixes, and what it means."""

    head: bytes
    status: int
    keeps_alive: bool
    """Whether the connection is good for another answer."""


def framed_head(data: bytes) -> FramedHead | None:
    """
    Return the head when it alone says that *data* is one whole answer.

    All bytes after the blank line must be body: a chunked body has framing between, and one
    that the connection's end frames is not complete. So any bytes that begin with the same
    head, and are as many, are an answer of the same status and length.
    """
    witness = _Witness()
    try:
        witness.parser.feed_data(data)
    except (HttpParserError, HttpParserUpgrade):
        return None
    finally:
        # The parser and its witness hold each other: cut by hand, the collector has no work.
        witness.parser = None
    head_bytes = data.find(b"\r\n\r\n") + 4
    is_whole = witness.begun == witness.complete == 1
    if not is_whole or head_bytes < 4 or witness.body_bytes != len(data) - head_bytes:
        return None
    return FramedHead(data[:head_bytes], witness.status, witness.keeps_alive)


def is_noteworthy(head: bytes) -> bool:
    """
    Return whether *head*, and maybe a body after it, may set a cookie or lead elsewhere.

    A body can look like it; `headers_of` tells.

    >>> is_noteworthy(b"HTTP/1.1 200 OK\\r\\nset-cookie: id=7\\r\\n\\r\\nbody")
    True
    """
    # For most answers a search through their bodies costs less than to find where these begin.
    if len(head) < _SHORT_BYTES:
        return _NOTEWORTHY.search(head) is not None
    # Behind the first blank line there is the body, unless the answer is an interim one.
    end = len(head) if head.startswith(b"1", 9) else head.find(b"\r\n\r\n")
    return _NOTEWORTHY.search(head, 0, end if end >= 0 else len(head)) is not None


class _HeaderList:
    """Keeps the headers that a parser sees before the body of the final answer."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self._is_over = False

    def on_message_begin(self) -> None:
        self.headers = []
        self._is_over = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_over:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._is_over = True


def headers_of(head: bytes) -> Headers:
    """Return the headers of *head*, which llhttp has read before."""
    found = _HeaderList()
    HttpResponseParser(found).feed_data(head)
    return tuple(found.headers)
