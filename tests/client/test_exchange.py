"""One connection: each request is answered or fails, exactly once, whatever comes."""

import asyncio
import gzip
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.client.decrypted import Decrypted
from vumeter.client.exchange import Exchange
from vumeter.client.expectation import NOTHING, Expectation
from vumeter.client.origin import Origin
from vumeter.client.reader import AnswerReader
from vumeter.model.measure import ErrorKind

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Told(list):
    """A caller, and what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[int, int, int]] = []
        """Of each answer in parts: when its request was written, and it began and ended."""

    def answered_in_parts(self, *, written_ns: int, first_ns: int, done_ns: int) -> None:
        self.parts.append((written_ns, first_ns, done_ns))

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        self.append((status, received_bytes))

    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        self.append((kind, received_bytes))


class Line(asyncio.Transport):
    """A transport that leads nowhere, and notes what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data) -> None:
        assert not self.is_aborted
        self.written += data

    def abort(self) -> None:
        self.is_aborted = True


def opened() -> tuple[Exchange, Told, Line]:
    told, line = Told(), Line()
    exchange = Exchange(told, Origin("http", "h", 80))
    exchange.connection_made(line)
    return exchange, told, line


def test_answers_are_told_one_by_one_parsed_or_known() -> None:
    exchange, told, line = opened()
    expected = Expectation()
    for _ in range(3):
        exchange.send(b"x", expected)
        exchange.data_received(OK)
        assert exchange.expected is NOTHING
    # The first was parsed and learned, the others known.
    assert expected.size == len(OK)
    assert told == [(200, len(OK))] * 3
    assert line.written == b"xxx"
    assert exchange.transport is line


def test_an_answer_that_closes_is_told_with_the_connection_gone_parsed_or_known() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    expected = Expectation()
    for is_known in (False, True):
        assert (expected.closing_size == len(closing)) is is_known
        exchange, told, line = opened()
        exchange.send(b"x", expected)
        exchange.data_received(closing)
        assert told == [(200, len(closing))]
        assert line.is_aborted
        assert exchange.transport is None


def test_a_part_that_looks_like_a_known_answer_is_still_a_part() -> None:
    exchange, told, _ = opened()
    expected = Expectation()
    exchange.send(b"x", expected)
    exchange.data_received(OK)
    exchange.send(b"x", expected)
    exchange.data_received(b"HTTP/1.1 404 N\r\nContent-Length: %d\r\n\r\n" % len(OK))
    exchange.data_received(OK)
    assert told[1][0] == 404


def test_what_comes_between_requests_closes_the_connection_and_fails_none() -> None:
    exchange, told, line = opened()
    exchange.send(b"x", Expectation())
    exchange.data_received(OK)
    exchange.data_received(OK)
    assert told == [(200, len(OK))]
    assert line.is_aborted
    assert exchange.transport is None
    assert exchange.was_unasked


@pytest.mark.parametrize("error", [None, ConnectionResetError()])
def test_a_connection_that_is_lost_between_requests_fails_none(error) -> None:
    exchange, told, _ = opened()
    exchange.eof_received()
    exchange.connection_lost(error)
    assert exchange.transport is None
    assert told == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [(None, ErrorKind.CLOSED), (ConnectionResetError(), ErrorKind.RESET)],
)
def test_a_connection_that_is_lost_under_a_request_fails_it_once(error, kind) -> None:
    exchange, told, _ = opened()
    exchange.send(b"x", Expectation())
    exchange.data_received(OK[:10])
    exchange.connection_lost(error)
    exchange.connection_lost(error)
    assert told == [(kind, 10)]


def test_closing_says_nothing_to_anyone() -> None:
    exchange, told, line = opened()
    exchange.send(b"x", Expectation())
    exchange.close()
    exchange.data_received(OK)
    exchange.eof_received()
    exchange.connection_lost(None)
    assert line.is_aborted
    assert told == []


def test_an_answer_that_says_close_is_told_after_the_connection_is_gone() -> None:
    exchange, told, line = opened()
    exchange.send(b"x", Expectation())
    exchange.data_received(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert told == [(200, 57)]
    assert line.is_aborted
    assert exchange.transport is None


def test_the_body_is_kept_only_when_it_is_asked_for() -> None:
    exchange, _, _ = opened()
    exchange.send(b"x", Expectation(collects_body=True))
    exchange.data_received(OK)
    assert exchange.body == b"{}"
    exchange.send(b"x", Expectation())
    exchange.data_received(OK)
    exchange.send(b"x", Expectation(is_bodyless=True))
    exchange.data_received(OK[:-2])
    assert exchange.transport is not None


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            OK,
            OK[:-2],
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.0 204 X\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"Connection: close\r\n",
            b"\r\n",
            b"5\r\nabcde\r\n",
            b"0\r\n\r\n",
            b"{}",
        ]
    ),
)


@settings(max_examples=300)
@given(
    st.lists(PIECES, max_size=12),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, ConnectionResetError()]),
)
def test_whatever_comes_each_request_ends_once(pieces, is_bodyless, collects_body, error) -> None:
    exchange, told, line = opened()
    expected = Expectation(is_bodyless=is_bodyless, collects_body=collects_body)
    sent = 0
    for piece in pieces:
        if line.is_aborted:
            break
        if exchange.expected is NOTHING:
            exchange.send(b"x", expected)
            sent += 1
        exchange.data_received(piece)
        assert len(told) <= sent
    if not line.is_aborted:
        exchange.eof_received()
        exchange.connection_lost(error)
    assert len(told) == sent
    assert exchange.transport is None


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=10), st.integers(1, 50))
def test_a_reader_sees_the_same_however_the_stream_is_cut(pieces, size) -> None:
    stream = b"".join(pieces)
    whole, cut = AnswerReader(), AnswerReader()
    is_good = whole.feed(stream)
    was_good = True
    for start in range(0, len(stream), size):
        was_good = was_good and cut.feed(stream[start : start + size])
    assert is_good == was_good
    if is_good:
        assert (whole.is_complete, whole.status) == (cut.is_complete, cut.status)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beginning", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 60_000),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 60_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 60_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 10_000),
    ],
    ids=["a line", "a head", "interim", "a body", "chunks", "an extension", "trailers"],
)
@pytest.mark.parametrize("collects_body", [False, True])
def test_memory_stays_bounded_whatever_has_no_end(beginning, again, collects_body) -> None:
    exchange, _, line = opened()
    exchange.send(b"x", Expectation(collects_body=collects_body))
    exchange.data_received(beginning or again)
    tracemalloc.start()
    try:
        for _ in range(300):
            if line.is_aborted:
                break
            exchange.data_received(again)
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 18 MB came; a collected body of 1 MiB may be held, and what a bytearray grows by.
    assert held_bytes < 2_500_000


async def test_decrypted_bytes_reach_the_exchange_as_they_are() -> None:
    told, line = Told(), Line()
    exchange = Exchange(told, Origin("https", "h", 443))
    port = Decrypted(exchange, bytearray(100))
    port.connection_made(line)
    exchange.send(b"x", Expectation())
    for data in (OK[:20], OK[20:]):
        port.get_buffer(-1)[: len(data)] = data
        port.buffer_updated(len(data))
    assert told == [(200, len(OK))]
    exchange.send(b"x", Expectation())
    port.eof_received()
    port.connection_lost(None)
    assert told[1:] == [(ErrorKind.CLOSED, 0)]


class Watching(Told):
    """A caller that keeps cookies too."""

    def take_cookies(self, lines: list[bytes]) -> None:
        self.append(lines)


def watched(*parts: bytes, head: bool = False) -> tuple[Exchange, Watching]:
    told = Watching()
    exchange = Exchange(told, Origin("http", "h", 80))
    exchange.connection_made(Line())
    exchange.send(b"x", Expectation(is_watchful=True, is_bodyless=head))
    for part in parts:
        exchange.data_received(part)
    return exchange, told


MOVED = (
    b"HTTP/1.1 302 Found\r\nSET-Cookie: a=1\r\nLocation: /x\r\nset-cookie: b=2; Path=/\r\n"
    b"Content-Length: 15\r\n\r\n\nset-cookie: c=3"[:-1]
)


@given(st.integers(1, len(MOVED)), st.booleans())
def test_cookies_and_location_are_told_before_the_answer_in_whatever_parts_it_comes(
    cut, is_after_interim
) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: no=1\r\nLocation: /no\r\n\r\n"
    answer = (interim if is_after_interim else b"") + MOVED
    exchange, told = watched(*filter(None, (answer[:cut], answer[cut:])))
    assert told == [[b"a=1", b"b=2; Path=/"], (302, len(answer))]
    assert exchange.location == b"/x"


def test_a_head_answer_sets_cookies_too() -> None:
    exchange, told = watched(MOVED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", head=True)
    assert told[0] == [b"a=1", b"b=2; Path=/"]
    assert exchange.location == b"/x"


def test_a_head_that_sets_a_cookie_is_read_every_time_and_any_other_is_known() -> None:
    told = Watching()
    exchange = Exchange(told, Origin("http", "h", 80))
    exchange.connection_made(Line())
    expected = Expectation(is_watchful=True)
    for _ in range(2):
        exchange.send(b"x", expected)
        exchange.data_received(MOVED)
        assert expected.size == -1
    expected = Expectation(is_watchful=True)
    exchange.send(b"x", expected)
    exchange.data_received(OK)
    assert expected.size == len(OK)
    assert exchange.location is None
    assert told == [[b"a=1", b"b=2; Path=/"], (302, len(MOVED))] * 2 + [(200, len(OK))]


def test_a_request_that_wants_more_than_the_one_before_gets_it_on_the_same_connection() -> None:
    exchange, told, _ = opened()
    exchange.send(b"x", Expectation())
    exchange.data_received(OK)
    exchange.send(b"x", Expectation(collects_body=True))
    exchange.data_received(OK)
    assert exchange.body == b"{}"
    exchange.send(b"x", Expectation())
    exchange.data_received(OK)
    exchange.send(b"x", Expectation(is_bodyless=True))
    exchange.data_received(OK[:-2])
    assert told == [(200, len(OK))] * 3 + [(200, len(OK) - 2)]


def encoded(body: bytes, framing: bytes = b"Content-Length: %d\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    return head + (framing % len(body) if b"%d" in framing else framing) + b"\r\n" + body


@given(st.integers(1, len(encoded(gzip.compress(OK)))))
def test_a_body_that_is_collected_is_decoded_each_time(cut) -> None:
    exchange, told, _ = opened()
    answer = encoded(gzip.compress(OK))
    expected = Expectation(collects_body=True)
    for _ in range(3):
        exchange.send(b"x", expected)
        for part in filter(None, (answer[:cut], answer[cut:])):
            exchange.data_received(part)
        assert exchange.body == OK
        assert exchange.body_bytes == len(gzip.compress(OK))
    assert told == [(200, len(answer))] * 3


@pytest.mark.parametrize("collects", [True, False])
def test_a_body_that_cannot_be_decoded_is_a_failure_only_where_it_is_looked_into(collects) -> None:
    exchange, told, _ = opened()
    for body in (b"no gzip", gzip.compress(OK)[:-3]):
        exchange, told, _ = opened()
        exchange.send(b"x", Expectation(collects_body=collects))
        exchange.data_received(encoded(body))
        kind = ErrorKind.PROTOCOL if collects else 200
        assert told == [(kind, len(encoded(body)))]


def test_a_decoded_body_ends_with_the_connection_where_nothing_else_frames_it() -> None:
    for cut, kind in ((None, 200), (-3, ErrorKind.CLOSED)):
        exchange, told, _ = opened()
        exchange.send(b"x", Expectation(collects_body=True))
        exchange.data_received(encoded(gzip.compress(OK)[:cut], b""))
        exchange.eof_received()
        assert told[0][0] == kind


def test_a_gzip_bomb_is_no_body_and_takes_no_memory() -> None:
    bomb = encoded(gzip.compress(bytes(20_000_000)))
    exchange, told, _ = opened()
    tracemalloc.start()
    try:
        exchange.send(b"x", Expectation(collects_body=True))
        exchange.data_received(bomb)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert told == [(200, len(bomb))]
    assert exchange.body is None
    # The limit of a body is 1 MiB; what is decoded grows in copies of itself.
    assert peak_bytes < 8_000_000
