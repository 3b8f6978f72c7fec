"""Answers dealt with together: nothing else is sent and told than one by one."""

import asyncio
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.client.exchange import Exchange
from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin
from vumeter.client.turns import MOST_ANSWERS, MOST_BYTES, JointExchange, Turn
from vumeter.clock import monotonic_ns
from vumeter.model.measure import ErrorKind

HERE = Origin("http", "h", 80)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MOST_BYTES + b"x" * MOST_BYTES
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
OTHER = b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n{1}"
WRONG = b"nonsense\r\n\r\n"
END = b""
"""Instead of data: the stream ends."""

Log = list[tuple[str, int, object]]
"""What happened, to which connection, and with what."""


class Asker:
    """A caller who asks again as long as he is answered, over a transport that notes it."""

    def __init__(self, number: int, log: Log, expected: Expectation) -> None:
        self.number, self.log, self.expected = number, log, expected
        self.sent_ns = 0
        self.took_ns: list[int] = []
        self.exchange: Exchange
        self.is_satisfied = False

    def ask(self) -> None:
        self.sent_ns = monotonic_ns()
        self.exchange.send(b"GET /%d" % len(self.took_ns), self.expected)

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        self.took_ns.append(done_ns - self.sent_ns)
        self.log.append(("answered", self.number, (status, self.exchange.body)))
        if self.exchange.transport is not None and not self.is_satisfied:
            self.ask()

    def answered_in_parts(self, *, written_ns: int, first_ns: int, done_ns: int) -> None:
        assert first_ns <= done_ns
        self.log.append(("in parts", self.number, None))

    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        self.log.append(("failed", self.number, (kind, received_bytes)))


class Line(asyncio.Transport):
    """A transport that leads nowhere, and notes what was done to it."""

    def __init__(self, number: int, log: Log) -> None:
        super().__init__()
        self.number, self.log, self.is_aborted = number, log, False

    def write(self, data) -> None:
        assert not self.is_aborted
        self.log.append(("written", self.number, bytes(data)))

    def abort(self) -> None:
        self.is_aborted = True


def askers(make: Callable[[Asker], Exchange], log: Log, count: int = 3) -> list[Asker]:
    """Return some who have asked for the first time, and share what is known of the answers."""
    expected = Expectation(collects_body=True)
    made = [Asker(number, log, expected) for number in range(count)]
    for asker in made:
        asker.exchange = make(asker)
        asker.exchange.connection_made(Line(asker.number, log))
        asker.ask()
    return made


def joint(turn: Turn) -> Callable[[Asker], Exchange]:
    return lambda asker: JointExchange(asker, HERE, turn)


def plain(asker: Asker) -> Exchange:
    return Exchange(asker, HERE)


def bring(asker: Asker, data: bytes) -> None:
    exchange = asker.exchange
    # As the loop does: a transport that was aborted brings nothing more.
    if exchange.transport is None:
        return
    if data == END:
        exchange.eof_received()
    else:
        exchange.data_received(data)


def of_each(log: Log, count: int = 3) -> list[Log]:
    return [[entry for entry in log if entry[1] == number] for number in range(count)]


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([OK, OK, OK, OTHER, CHUNKED, LARGE, LAST, WRONG, END, OK[:20], OK[20:]]),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ARRIVALS, max_size=5))
async def test_together_is_as_one_by_one_to_each_of_them(turns) -> None:
    one_by_one: Log = []
    alone = askers(plain, one_by_one)
    together: Log = []
    some = askers(joint(Turn()), together)
    for arrivals in turns:
        for number, data in arrivals:
            bring(alone[number], data)
            bring(some[number], data)
        await asyncio.sleep(0)
    assert of_each(together) == of_each(one_by_one)
    # No clock of a request begins after its answer was there.
    assert all(took_ns >= 0 for asker in some for took_ns in asker.took_ns)


async def test_all_answers_are_dealt_with_before_any_request_goes_out() -> None:
    log: Log = []
    some = askers(joint(Turn()), log)
    log.clear()
    for asker in some:
        bring(asker, OK)
    assert log == []
    await asyncio.sleep(0)
    assert [what for what, _, _ in log] == ["answered"] * 3 + ["written"] * 3


async def test_a_request_counts_from_when_it_goes_out() -> None:
    some = askers(joint(Turn()), [])
    for asker in some:
        bring(asker, OK)
    before_ns = monotonic_ns()
    await asyncio.sleep(0)
    first, second, third = (asker.sent_ns for asker in some)
    assert before_ns < first < second < third


async def test_no_more_than_so_many_answers_wait_for_each_other() -> None:
    log: Log = []
    some = askers(joint(Turn()), log, MOST_ANSWERS)
    log.clear()
    for asker in some:
        bring(asker, OK)
    assert len(log) == 2 * MOST_ANSWERS


async def test_who_closes_another_connection_does_not_unsay_its_request() -> None:
    log: Log = []
    some = askers(joint(Turn()), log)
    answered = some[2].answered

    def close_all(status: int, received_bytes: int, done_ns: int) -> None:
        answered(status, received_bytes, done_ns)
        for asker in some:
            asker.exchange.close()

    some[2].answered = close_all  # type: ignore[method-assign]  # the end of a schedule
    log.clear()
    for asker in some:
        bring(asker, OK)
    await asyncio.sleep(0)
    assert [(what, number) for what, number, _ in log] == [
        *[("answered", number) for number in range(3)],
        *[("written", number) for number in range(3)],
    ]


async def test_an_answer_whose_connection_another_has_closed_is_dropped() -> None:
    log: Log = []
    some = askers(joint(Turn()), log, 2)
    answered = some[0].answered

    def close_other(status: int, received_bytes: int, done_ns: int) -> None:
        answered(status, received_bytes, done_ns)
        some[1].exchange.close()

    some[0].answered = close_other  # type: ignore[method-assign]  # the end of a schedule
    log.clear()
    for asker in some:
        bring(asker, OK)
    await asyncio.sleep(0)
    assert [(what, number) for what, number, _ in log] == [("answered", 0), ("written", 0)]


async def test_what_waits_for_nobody_goes_out_at_once() -> None:
    log: Log = []
    turn = Turn()
    some = askers(joint(turn), log, 1)
    answered = some[0].answered

    def go_elsewhere(status: int, received_bytes: int, done_ns: int) -> None:
        some[0].is_satisfied = True
        answered(status, received_bytes, done_ns)
        some[0].exchange.send_now(b"GET /elsewhere", some[0].expected)

    some[0].answered = go_elsewhere  # type: ignore[method-assign]  # a redirect
    bring(some[0], OK)
    turn.settle()
    assert log[-1] == ("written", 0, b"GET /elsewhere")
