"""Answers: what is one, where it ends, and that skipping the parser changes nothing."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from vumeter.client.expectation import Expectation, framed_head
from vumeter.client.reader import (
    BODY_LIMIT_BYTES,
    HEAD_LIMIT_BYTES,
    INTERIM_LIMIT,
    AnswerReader,
    CollectingReader,
    HeadReader,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"

WHOLE = {
    "a length": (OK, 200, True),
    "a length, and close": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        200,
        False,
    ),
    "no body at all": (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 500, True),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True),
    "304 with a length that is not its own": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        304,
        True,
    ),
    "chunks": (CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", 200, True),
    "chunks and trailers": (CHUNKED + b"2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n", 200, True),
    "interim answers first": (INTERIM * 3 + OK, 200, True),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, False),
    "HTTP/1.0 that stays": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
        200,
        True,
    ),
}


@pytest.mark.parametrize(("data", "status", "keeps_alive"), WHOLE.values(), ids=WHOLE)
def test_a_whole_answer_counts_once_however_it_is_cut(data, status, keeps_alive) -> None:
    for size in (len(data), 1, 7):
        reader = AnswerReader()
        for start in range(0, len(data), size):
            assert not reader.is_complete
            assert reader.feed(data[start : start + size])
        assert reader.is_complete
        assert (reader.status, reader.keeps_alive) == (status, keeps_alive)
        assert reader.received_bytes == len(data)


@pytest.mark.parametrize(("data", "status", "keeps_alive"), WHOLE.values(), ids=WHOLE)
def test_whatever_follows_a_whole_answer_breaks_it(data, status, keeps_alive) -> None:
    assert not AnswerReader().feed(data + b"x")
    assert not AnswerReader().feed(data + OK)


def test_a_reader_reads_one_answer_after_the_other() -> None:
    reader = AnswerReader()
    for data, status, keeps_alive in WHOLE.values():
        if keeps_alive:
            assert reader.feed(data)
            assert reader.status == status
            reader.reset()


UNFRAMED = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nall of it"


@pytest.mark.parametrize(
    ("data", "is_ended"),
    [
        (UNFRAMED, True),
        (INTERIM + UNFRAMED, True),
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (OK[:-1], False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 9\r\n\r\n{}", False),
        (CHUNKED + b"2\r\n{}\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (INTERIM, False),
    ],
)
def test_the_end_of_the_stream_ends_only_what_nothing_else_frames(data, is_ended) -> None:
    for size in (len(data), 1):
        reader = AnswerReader()
        for start in range(0, len(data), size):
            assert reader.feed(data[start : start + size])
        assert not reader.is_complete
        assert reader.is_ended_by_close() is is_ended


def test_a_switch_of_protocols_that_nobody_asked_for_is_refused() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    assert not AnswerReader().feed(switch)


def test_a_head_is_limited_however_it_comes() -> None:
    reader, sent = AnswerReader(), 0
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    while reader.feed(b"X-Filler: " + b"x" * 1000 + b"\r\n"):
        sent += 1012
        assert sent <= HEAD_LIMIT_BYTES


def test_interim_answers_are_limited() -> None:
    assert AnswerReader().feed(INTERIM * INTERIM_LIMIT)
    assert not AnswerReader().feed(INTERIM * (INTERIM_LIMIT + 1))


def test_a_collected_body_is_whole_and_one_over_the_limit_is_let_go() -> None:
    reader = CollectingReader()
    assert reader.feed(CHUNKED + b"2\r\n{}\r\n1\r\nx\r\n0\r\n\r\n")
    assert reader.body == b"{}x"
    reader = CollectingReader()
    size = BODY_LIMIT_BYTES + 1
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    assert reader.feed(b"x" * size)
    assert reader.is_complete
    assert reader.body is None


HEADS = {
    "a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", True),
    "chunks": (CHUNKED, True),
    "nothing": (b"HTTP/1.1 200 OK\r\n\r\n", True),
    "an empty body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
    "an interim answer first": (INTERIM + b"HTTP/1.1 200 OK\r\n\r\n", True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 9\r\n\r\n", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", False),
    "HTTP/1.0 that stays": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", True),
}


@pytest.mark.parametrize(("data", "keeps_alive"), HEADS.values(), ids=HEADS)
def test_the_answer_to_head_ends_with_its_head(data, keeps_alive) -> None:
    for size in (len(data), 1):
        reader = HeadReader()
        for start in range(0, len(data), size):
            assert not reader.is_complete
            assert reader.feed(data[start : start + size])
        assert reader.is_complete
        assert reader.status == 200
        assert reader.keeps_alive is keeps_alive


@pytest.mark.parametrize(
    "body", [b"x" * 99, b"2\r\n{}\r\n0\r\n\r\n", OK], ids=["bytes", "chunks", "an answer"]
)
@pytest.mark.parametrize("name", ["a length", "chunks", "nothing", "an empty body"])
def test_a_body_after_the_answer_to_head_breaks_it(name, body) -> None:
    assert not HeadReader().feed(HEADS[name][0] + body)


# The trick, and the plain version that it must equal.

_STATUSES = st.sampled_from([200, 201, 204, 304, 404, 500])
_NAMES = st.sampled_from(["Content-Length", "Transfer-Encoding", "Connection", "X-A", "Date"])
_VALUES = st.one_of(
    st.integers(0, 12).map(str),
    st.sampled_from(["chunked", "close", "keep-alive", "upgrade", "", "gzip, chunked", "a:b"]),
)
_BODIES = st.one_of(
    st.binary(max_size=14),
    st.sampled_from([b"", b"2\r\n{}\r\n0\r\n\r\n", b"\r\n\r\n", b"0\r\n\r\n", OK]),
)
_BREAKS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r"])


@st.composite
def answers(draw) -> tuple[bytes, bytes]:
    line_end = draw(_BREAKS)
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    lines = [f"HTTP/{version} {draw(_STATUSES)} OK"]
    lines += [
        f"{name}: {value}" for name, value in draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=2))
    ]
    body = draw(_BODIES)
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    interim = draw(st.sampled_from([b"", b"", b"", INTERIM]))
    return interim + line_end.join(map(str.encode, lines)) + line_end * 2, body


@settings(max_examples=500, deadline=None)
@given(answers(), st.binary(min_size=14, max_size=14))
def test_an_answer_whose_head_was_learned_means_what_the_parser_says(answer, other) -> None:
    head, body = answer
    if framed_head(head + body) is None:
        event("not learned")
        return
    event("learned")
    for data in (head + body, head + (other * 4)[: len(body)]):
        expected = Expectation()
        expected.learn(head + body, now_ns=1)
        assert len(data) in (expected.size, expected.closing_size)
        assert data.startswith(expected.head)
        reader = AnswerReader()
        assert reader.feed(data)
        assert reader.is_complete
        assert reader.keeps_alive is (len(data) == expected.size)
        assert reader.status == expected.status


@pytest.mark.parametrize("name", ["chunks", "interim answers first"])
def test_what_the_head_alone_does_not_frame_is_not_learned(name) -> None:
    assert framed_head(WHOLE[name][0]) is None


@pytest.mark.parametrize("data", [OK[:-1], OK + b"x", OK + OK, b"", b"\r\n\r\n", UNFRAMED])
def test_what_is_not_one_whole_answer_is_not_learned(data) -> None:
    assert framed_head(data) is None


def test_a_plain_answer_is_learned_or_the_trick_would_be_none() -> None:
    assert framed_head(OK) == (OK[:-2], 200, True)


@pytest.mark.parametrize("name", ["a length, and close", "HTTP/1.0"])
def test_a_head_that_frames_its_answer_and_closes_is_learned_as_such(name) -> None:
    data = WHOLE[name][0]
    expected = Expectation()
    expected.learn(OK, now_ns=1)
    expected.learn(data, now_ns=1_000_000_000)
    assert (expected.size, expected.closing_size) == (-1, len(data))
    looking = Expectation(collects_body=True)
    looking.learn(data, now_ns=1)
    assert (looking.looked_into_size, looking.closing_size) == (-1, -1)


def test_heads_that_keep_changing_are_learned_a_few_times_a_second_at_most() -> None:
    expected = Expectation()
    learned = set()
    for request in range(1000):
        data = b"HTTP/1.1 200 OK\r\nX-Id: %06d\r\nContent-Length: 2\r\n\r\n{}" % request
        expected.learn(data, now_ns=request * 10_000)
        learned.add(expected.head)
    assert len(learned) <= 3


def test_answers_to_head_and_collected_ones_are_never_learned() -> None:
    for expected in (Expectation(is_bodyless=True), Expectation(collects_body=True)):
        expected.learn(OK, now_ns=1)
        assert expected.size == -1
