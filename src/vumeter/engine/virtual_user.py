"""A virtual user: one sequential actor with its own connection, driven by callbacks."""

import asyncio
import random
from typing import TYPE_CHECKING

from vumeter.client.exchange import Exchange
from vumeter.client.failures import error_kind
from vumeter.client.origin import Origin
from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.advice import advice
from vumeter.engine.extraction import extracted
from vumeter.engine.steps import TABLE_MASK, TABLE_SIZE, Step
from vumeter.model.measure import ErrorKind

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd

_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0


def backoff_s(failures: int) -> float:
    """
    Return how long a VU waits after so many wire failures without a success between.

    The first is retried at once, then 50, 100, 200 … ms up to one second: never more than
    20 errors per VU and second, however fast the target refuses.

    >>> [backoff_s(failures) for failures in (1, 2, 3, 7)]
    [0.0, 0.05, 0.1, 1.0]
    """
    if failures < 2:
        return 0.0
    # The exponent is capped: days of failures must not grow a number without end.
    return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * float(1 << min(failures - 2, 10)))


class VirtualUser:
    """
    Sends a request, records what became of it, sends the next, all in one call stack.

    There is no task per VU: `answered` is called from the loop's read callback and writes
    the next request before it returns. Only opening a connection is a task.
    """

    __slots__ = (
        "_asides",
        "_counts",
        "_crowd",
        "_cursor",
        "_failures",
        "_first_sent_ns",
        "_logged_in",
        "_table",
        "_task",
        "due_ns",
        "exchange",
        "in_iteration",
        "is_awaiting",
        "is_cruising",
        "is_leaving",
        "sent_ns",
        "step",
        "timer",
        "variables",
    )

    def __init__(self, crowd: "Crowd", rng: random.Random) -> None:
        self._crowd = crowd
        self._counts = crowd.counts
        self._table = crowd.script.table
        # From a place of its own, so that all VUs together follow the weights at any time.
        self._cursor = rng.randrange(TABLE_SIZE)
        self.step: Step = self._table[self._cursor]
        self.exchange: Exchange | None = None
        self._asides: dict[Origin, Exchange] = {}
        """Open connections to the scenario's other origins."""
        self.variables: dict[str, str] = {}
        self.due_ns = 0
        """When the iteration in progress was due; 0 in the closed model, where due = sent."""
        self.sent_ns = 0
        self._first_sent_ns = 0
        self._logged_in = 0
        """How many of the on_start requests have succeeded."""
        self._failures = 0
        """Consecutive ones, of the wire or at the start."""
        self._task: asyncio.Task[None] | None = None
        """Opens a connection for `step`."""
        self.timer: asyncio.TimerHandle | None = None
        """Runs while the VU backs off."""
        self.in_iteration = False
        self.is_awaiting = False
        """Whether a request has been sent whose answer is not complete."""
        self.is_leaving = False
        """Whether it is to end after the iteration in progress."""
        self.is_cruising = False
        """Whether the next iteration may begin without asking: nothing is out of the usual."""

    @property
    def connections(self) -> int:
        """How many it has open, or is opening."""
        return (self.exchange is not None) + (self._task is not None) + len(self._asides)

    def begin(self, due_ns: int) -> None:
        """Start an iteration, or first what comes once before all iterations."""
        self.due_ns = due_ns
        self.proceed(monotonic_ns())

    def proceed(self, now_ns: int) -> None:
        """Send what comes next, as of *now_ns*."""
        on_start = self._crowd.script.on_start
        if self._logged_in < len(on_start):
            self._request(on_start[self._logged_in], now_ns)
        elif self.in_iteration or self._crowd.claim(self):
            self._cursor = (self._cursor + 1) & TABLE_MASK
            self._request(self._table[self._cursor], now_ns)
        else:
            self._crowd.release(self)

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        """
        Record a complete answer and go on.

        This is the hot path: with `Exchange.data_received` all of ours that runs per request
        in the closed model (benchmarks/throughput.py), so nothing here looks at what is
        seldom so. That keeps `is_cruising` false, and `_conclude` deals with it.
        """
        step = self.step
        recorder = step.recorder
        service_us = (done_ns - self.sent_ns) // 1000
        # stats.histogram.bucket_index written out: a call would cost as much as all of it.
        shift = service_us.bit_length() - 11
        index = (shift << 10) + (service_us >> shift) if shift > 0 else service_us
        record = recorder.service
        record.counts[index] += 1
        record.sum_us += service_us
        recorder.received_bytes += received_bytes
        if status != 200:
            recorder.unusual[status] += 1
        exchange = self.exchange
        if not self.is_cruising or status >= 400 or exchange.transport is None:  # type: ignore[union-attr]  # it has just answered
            self._conclude(status, done_ns)
            return
        self._counts.laps += 1
        self._cursor = cursor = (self._cursor + 1) & TABLE_MASK
        self.step = step = self._table[cursor]
        payload = step.payload
        if payload is None:
            payload = step.template.render(self.variables)
        step.recorder.sent_bytes += len(payload)
        # One reading of the clock serves as the end of this request and the start of the
        # next: what lies between is this function.
        self.sent_ns = done_ns
        exchange.send(payload, step.expected)  # type: ignore[union-attr]  # see above

    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        """Count a request that was sent and will not be answered, and go on."""
        is_first = self.sent_ns == self._first_sent_ns
        if kind is ErrorKind.RESET and not received_bytes and not is_first:
            # The target closed the idle connection while the request was under way.
            kind = ErrorKind.CLOSED
        self._count_failure(kind, received_bytes)
        self._retreat()

    def expire(self, sent_ns: int) -> None:
        """Count the request that was sent at *sent_ns* as timed out, if it still waits."""
        if not self.is_awaiting or self.sent_ns != sent_ns:
            return
        now_ns = monotonic_ns()
        early_ns = sent_ns + self.step.timeout_ns - now_ns
        if early_ns > 0:
            # uvloop rounds timers to milliseconds, and so fires up to half of one early.
            delay_s = max(0.001, early_ns / NANOSECONDS_PER_S)
            asyncio.get_running_loop().call_later(delay_s, self.expire, sent_ns)
            return
        recorder = self.step.recorder
        recorder.service.add((now_ns - sent_ns) // 1000)
        self._record_response(now_ns)
        self._count_failure(ErrorKind.TIMEOUT_RESPONSE, self._partial_bytes())
        self._drop_connection()
        self._retreat()

    def interrupt(self) -> None:
        """Count a request in flight, or its connecting, as interrupted; `leave` comes next."""
        if self._task is not None or self.is_awaiting:
            self._count_failure(ErrorKind.INTERRUPTED, self._partial_bytes())

    def leave(self) -> None:
        """Let go of everything: connections, timers, what was extracted."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.is_awaiting = self.is_cruising = self.in_iteration = False
        self._drop_connection()
        for exchange in self._asides.values():
            exchange.close()
        self._asides.clear()

    # Sending.

    def _request(self, step: Step, now_ns: int) -> None:
        self.step = step
        exchange = self._exchange_for(step.origin)
        if exchange is None:
            self._task = self._crowd.spawn(self._connect(step))
        else:
            self._send(exchange, now_ns)

    def _exchange_for(self, origin: Origin) -> Exchange | None:
        exchange = self.exchange
        if exchange is not None and exchange.origin != origin:
            self._asides[exchange.origin] = exchange
            exchange = self.exchange = self._asides.pop(origin, None)
        if exchange is not None and exchange.transport is None:
            # The target has closed it meanwhile, which it may.
            if exchange.was_unasked:
                self._crowd.remark(f"{origin.authority} sends what no request has asked for.")
            exchange = self.exchange = None
        return exchange

    def _send(self, exchange: Exchange, now_ns: int) -> None:
        step = self.step
        payload = step.render(self.variables)
        step.recorder.sent_bytes += len(payload)
        self.sent_ns = now_ns
        self.is_awaiting = True
        # Whatever needs a second look after the answer keeps the VU off the good path.
        self.is_cruising = (
            self._crowd.cruises
            and self.in_iteration
            and not self.is_leaving
            and not self._failures
            and not self.due_ns
        )
        exchange.send(payload, step.expected)

    async def _connect(self, step: Step) -> None:
        exchange = Exchange(self, step.origin)
        try:
            await self._crowd.connector.open(exchange, timeout_s=step.timeout_s)
        except (OSError, ValueError) as error:
            self._task = None
            kind = error_kind(error, connected=False)
            self._crowd.remark(advice(kind, error, step.origin))
            self._count_failure(kind, 0)
            self._retreat()
            return
        self._task = None
        if exchange.transport is None:
            unasked = exchange.was_unasked
            self._count_failure(ErrorKind.PROTOCOL if unasked else ErrorKind.CLOSED, 0)
            self._retreat()
            return
        self.exchange = exchange
        self._first_sent_ns = now_ns = monotonic_ns()
        self._send(exchange, now_ns)

    # What became of it.

    def _conclude(self, status: int, done_ns: int) -> None:
        """Finish what `answered` began, with everything that is not always so."""
        step = self.step
        self.is_awaiting = False
        self._record_response(done_ns)
        kind = self._shortcoming(status)
        if kind is not None:
            step.recorder.errors[kind] += 1
        if self._logged_in < len(self._crowd.script.on_start):
            if kind is not None:
                self._retreat()
                return
            self._logged_in += 1
        else:
            self._end_iteration()
        self._failures = 0
        self._crowd.release(self)

    def _shortcoming(self, status: int) -> ErrorKind | None:
        if status >= 400:
            return ErrorKind.STATUS
        if not self.step.extract or self.exchange is None:
            return None
        values = extracted(self.exchange.body, self.step.extract)
        if values is None:
            return ErrorKind.EXTRACT
        self.variables.update(values)
        return None

    def _retreat(self) -> None:
        """Go on after a failure: back off, and start over what comes before all iterations."""
        self.is_awaiting = self.is_cruising = False
        self._failures += 1
        if self._logged_in < len(self._crowd.script.on_start):
            self._logged_in = 0
        else:
            self._end_iteration()
        self._crowd.rest(self, backoff_s(self._failures))

    def _end_iteration(self) -> None:
        self.in_iteration = False
        self._counts.done += 1

    def _record_response(self, done_ns: int) -> None:
        """Count from the due time too, when there is one, for requests of the iteration."""
        if self.due_ns and self._logged_in >= len(self._crowd.script.on_start):
            recorder = self.step.recorder
            recorder.has_due = True
            recorder.response.add((done_ns - self.due_ns) // 1000)

    def _count_failure(self, kind: ErrorKind, received_bytes: int) -> None:
        recorder = self.step.recorder
        recorder.errors[kind] += 1
        recorder.received_bytes += received_bytes

    def _partial_bytes(self) -> int:
        return self.exchange.received_bytes if self.exchange is not None else 0

    def _drop_connection(self) -> None:
        if self.exchange is not None:
            self.exchange.close()
            self.exchange = None
