"""
A virtual user: one sequential actor with its own connection, driven by callbacks.

Over 400 lines, because iterations, answers, failures and goodbye are transitions of one state
machine. What it takes to send is `engine.sender`'s.
"""

import random
from typing import TYPE_CHECKING

from vumeter.client.redirects import REDIRECTS
from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.advice import advice_on_status
from vumeter.engine.deadline import is_over
from vumeter.engine.program import WAITS
from vumeter.engine.sender import Sender
from vumeter.engine.slowest import note
from vumeter.engine.steps import TABLE_MASK, TABLE_SIZE, Step
from vumeter.model.measure import ErrorKind

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd

_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0
_LONGEST_WALK = 1000
"""Operations between two turns of the loop: 0.1 ms."""
_BREATH_S = 0.001
"""What an iteration that has waited for nothing waits in the end, so that others have a turn."""
_GRAIN_NS = 1_000_000
"""Below, a pace is kept: how late a VU may be woken."""
NOT_DUE = -1
"""Instead of when an iteration was due, once its first request is done."""


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


class VirtualUser(Sender):
    """
    Sends a request, records what became of it, sends the next, all in one call stack.

    There is no task per VU: `answered` is called from the loop's read callback and writes
    the next request before it returns. Only opening a connection is a task. What comes next
    is a program's to say (`engine.program`), through which a VU walks.
    """

    __slots__ = (
        "_begun_ns",
        "_counts",
        "_cursor",
        "_entered_ns",
        "_failures",
        "_first_cursor",
        "_has_fresh_rows",
        "_has_waited",
        "_operations",
        "_program",
        "_rng",
        "_script",
        "_table",
        "_then",
        "due_ns",
        "in_iteration",
        "is_leaving",
        "is_started",
        "is_stopping",
        "number",
        "place",
        "registers",
        "rows",
        "variables",
        "wakes_ns",
    )

    def __init__(self, crowd: "Crowd", rng: random.Random, *, number: int) -> None:
        super().__init__(crowd)
        self._counts = crowd.counts
        self._script = script = crowd.script
        self._program = script.program
        self._operations = script.program.operations
        self._table = script.table
        # From places of its own, so that all VUs together follow the weights at any time.
        self._cursor = self._first_cursor = rng.randrange(TABLE_SIZE)
        self.registers = [
            rng.randrange(TABLE_SIZE) if is_place else 0 for is_place in script.program.registers
        ]
        self.number = number
        """From 1, over all workers; each is given once."""
        # From 0, over all workers, by its crowd: free again for another when it has left.
        self.place = 0
        self._then = script.program.on_start
        """The address in the program that comes after what the VU waits for."""
        self.variables: dict[str, str] = dict(script.given)
        self.rows: dict[str, tuple[str, ...]] = {}
        # Whether they were taken for an iteration that has not begun.
        self._has_fresh_rows = False
        self._rng: random.Random | None = None
        self.due_ns = 0
        """
        When the iteration in progress was due; `NOT_DUE` once its first request is done, and
        0 in the closed model, where due = sent.
        """
        self._begun_ns = 0
        """When the last iteration began, ideally; kept only where they are paced."""
        # When the iteration in progress began; 0 where it is no more than the request in
        # flight, whose service time is how long it takes.
        self._entered_ns = 0
        # Whether the iteration in progress has given the loop a turn.
        self._has_waited = False
        self.is_started = False
        """Whether what comes once before all iterations is done."""
        self.is_stopping = False
        """Whether it is in what comes once after them."""
        self._failures = 0
        """Consecutive ones, of the wire or at the start."""
        self.wakes_ns = 0
        """Until when the VU backs off, keeps its pace or thinks; 0: it does not."""
        self.in_iteration = False
        self.is_leaving = False
        """Whether it is to end after the iteration in progress."""

    @property
    def rng(self) -> random.Random:
        """Its own chance, fixed by scenario and number; 2.5 kB, so made only where it is used."""
        if self._rng is None:
            self._rng = random.Random((self._script.seed << 32) + self.number)
        return self._rng

    @property
    def iteration(self) -> int:
        """The one in progress, from 0 on: each moves the cursor by one."""
        return self._cursor - self._first_cursor - 1

    def begin(self, due_ns: int) -> None:
        """Start an iteration, or first what comes once before all iterations."""
        self.due_ns = due_ns
        self.proceed()

    def proceed(self) -> None:
        """Go on with what comes next, after nothing is in progress any more."""
        if not self.is_started:
            self._take_rows()
            self._walk(self._program.on_start)
        elif self.in_iteration or self._crowd.claim(self):
            first = self._enter()
            if first != WAITS:
                self._walk(first)
        else:
            self._crowd.release(self)

    def wake(self) -> None:
        """Go on after a wait."""
        self._crowd.wake(self)

    def resume(self) -> None:
        """Go on after a think time."""
        self._walk(self._then)

    def pacing_left_s(self, pacing_s: float) -> float:
        """Return how long the next iteration must wait to begin *pacing_s* after the last."""
        if not self._begun_ns:
            return 0.0
        left_ns = self._begun_ns + round(pacing_s * NANOSECONDS_PER_S) - monotonic_ns()
        return left_ns / NANOSECONDS_PER_S if left_ns > _GRAIN_NS else 0.0

    def say_goodbye(self) -> bool:
        """Begin what comes once after all iterations, and return whether there is any."""
        if not (self._script.has_farewell and self.is_started) or self.is_stopping:
            return False
        self.is_stopping = True
        self.due_ns = 0
        self._walk(self._program.on_stop)
        return True

    def cut_short(self) -> None:
        """End an iteration that waits: done, if no request was to come any more."""
        if not self.in_iteration:
            return
        if self.is_started and not self._program.leads_to_request[self._then]:
            self._end_iteration()
        else:
            self.in_iteration = False
            self._counts.interrupted += 1

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        """
        Record a complete answer and go on.

        This is the hot path: with `Exchange.data_received` all of ours that runs per request
        in the closed model (`make bench PART=get`), so nothing here looks at what is
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
        if service_us > recorder.slowest_us:
            note(self, service_us, done_ns, status=status, received_bytes=received_bytes)
        recorder.received_bytes += received_bytes
        if status != 200:
            recorder.unusual[status] += 1
        exchange = self.exchange
        if not self.is_cruising or status >= 300 or exchange.transport is None:  # type: ignore[union-attr]  # it has just answered
            self._conclude(status, done_ns)
            return
        if step.judge is not None:
            # 0.7 µs for a status and a word in the body; by way of `_conclude` it was 2.6.
            kind = step.judge.verdict(status, service_us, exchange, self.variables)  # type: ignore[arg-type]  # see above
            if kind is not None:
                recorder.errors[kind] += 1
            # To look into a large body takes a time that is not the next answer's.
            done_ns = monotonic_ns()
        self._counts.laps += 1
        self._cursor = cursor = self._cursor + 1
        self.step = step = self._table[cursor & TABLE_MASK]
        payload = step.payload
        if payload is None:
            payload = self._rendered = step.template.render(self)
        step.recorder.sent_bytes += len(payload)
        # One reading of the clock serves as the end of this request and the start of the
        # next: what lies between is this function, which takes 0.5 µs.
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
        if not is_over(sent_ns, self.step.timeout_ns, otherwise=self.expire):
            return
        now_ns = monotonic_ns()
        waited_us = (now_ns - sent_ns) // 1000
        self.step.recorder.time_out(waited_us)
        if waited_us > self.step.recorder.slowest_us:
            note(self, waited_us, now_ns, error=ErrorKind.TIMEOUT_RESPONSE)
        self._set_apart(now_ns)
        self._record_response(now_ns)
        self._count_failure(ErrorKind.TIMEOUT_RESPONSE, self._partial_bytes())
        self._drop_connection()
        self._retreat()

    def interrupt(self) -> None:
        """Count a request in flight, or its connecting, as interrupted; `leave` comes next."""
        if self._task is not None or self.is_awaiting:
            self._count_failure(ErrorKind.INTERRUPTED, self._partial_bytes())

    def leave(self) -> None:
        """Let go of everything: connections, what was extracted."""
        self.is_awaiting = self.is_cruising = self.in_iteration = False
        self._entered_ns = 0
        self._hang_up()

    # Walking through the program.

    def _walk(self, address: int) -> None:
        operations = self._operations
        for _ in range(_LONGEST_WALK):
            address = operations[address].take(self)
            if address == WAITS:
                return
        # A great repetition of nothing must not keep the loop from all others.
        if self.think(_BREATH_S, address) != WAITS:
            self._walk(self._program.on_stop_end)

    def request(self, step: Step, then: int) -> None:
        """Send *step*, over a connection that may have to be opened first."""
        self._then = then
        self.step = step
        self._has_waited = True
        exchange = self.exchange
        if exchange is None or exchange.origin is not step.origin or exchange.transport is None:
            exchange = self._exchange_for(step.origin)
            if exchange is None:
                wanted_ns = monotonic_ns()
                self._enter_at(wanted_ns)
                self._open(step, wanted_ns)
                return
        self._send(exchange)

    def think(self, wait_s: float, then: int) -> int:
        """Do nothing for *wait_s*; a VU that is leaving does not think, it ends here."""
        if self.is_stopping:
            return then
        self._then = then
        self._has_waited = True
        if self.due_ns > 0:
            # The first request is due when its user has thought.
            self.due_ns += round(wait_s * NANOSECONDS_PER_S)
        if self.exchange is not None:
            self.exchange.idle()
        self._crowd.think(self, wait_s)
        return WAITS

    def finish_start(self) -> int:
        """Go over to the first iteration."""
        self.is_started = True
        self._crowd.release(self)
        return WAITS

    def finish_iteration(self) -> int:
        """End this iteration, and begin the next where nobody has to be asked."""
        if self._crowd.flows and self._has_waited and not self.is_leaving:
            self._counts.laps += 1
            self._record_duration()
            return self._enter()
        self._end_iteration()
        if self._has_waited:
            self._crowd.release(self)
        else:
            self._crowd.rest(self, _BREATH_S)
        return WAITS

    def finish_stop(self) -> int:
        """End; should the VU be wanted again, it starts from the beginning."""
        self.is_started = self.is_stopping = False
        self._crowd.release(self)
        return WAITS

    def _enter(self) -> int:
        """Begin an iteration that was granted, and return the address of its first step."""
        self._cursor += 1
        self._has_waited = False
        if self._script.feeds:
            self._take_rows()
            self._has_fresh_rows = False
        if pacing_ns := self._crowd.pacing_ns:
            now_ns, ideal_ns = monotonic_ns(), self._begun_ns + pacing_ns
            # From the ideal time, so that the loop's grain does not add up.
            self._begun_ns = ideal_ns if abs(now_ns - ideal_ns) <= 2 * _GRAIN_NS else now_ns
        if self._script.is_plain:
            self.request(self._table[self._cursor & TABLE_MASK], self._program.steps_end)
            return WAITS
        self._entered_ns = monotonic_ns()
        return self._program.steps

    def _take_rows(self) -> None:
        """Take a row of each feeder; what comes before all iterations has the first one's."""
        if self._script.feeds and not self._has_fresh_rows:
            self._has_fresh_rows = True
            for feed in self._script.feeds:
                self.rows[feed.name] = feed.row(self)

    # What became of it.

    def _is_usual(self) -> bool:
        return self.in_iteration and not self.is_leaving and not self._failures and not self.due_ns

    def _conclude(self, status: int, done_ns: int) -> None:
        """Finish what `answered` began, with everything that is not always so."""
        step = self.step
        self.is_awaiting = False
        if self.due_ns:
            self._record_response(done_ns)
        if self._opening is not None:
            self._record_opening(self._opening)
        kind = ErrorKind.STATUS if status >= 400 else None
        leads_nowhere = False
        if step.redirects and status in REDIRECTS and self.exchange.location is not None:  # type: ignore[union-attr]  # it has just answered
            landing = self._landing(status, self.exchange.location)  # type: ignore[union-attr]  # see above
            if landing is not None:
                self._enter_at(self.sent_ns)
                self._set_apart(done_ns)
                self.request(landing, self._then)
                return
            leads_nowhere = True
        self._set_apart(done_ns)
        # Not kept until the next request: a body may be large, and VUs be many.
        self._rendered, self._trail = b"", ()
        if step.judge is not None:
            service_us = (done_ns - self.sent_ns) // 1000
            kind = step.judge.verdict(status, service_us, self.exchange, self.variables)  # type: ignore[arg-type]  # it has just answered
        if leads_nowhere:
            kind = ErrorKind.REDIRECT
        if kind is not None:
            step.recorder.errors[kind] += 1
            if self.exchange is not None and self.exchange.forwarder is not None:
                self._crowd.remark(advice_on_status(status, self.exchange.forwarder.place))
            if not self.is_started:
                self._retreat()
                return
            if step.judge is not None and step.judge.is_needed(kind):
                self._then = self._end_of_pass()
        self._failures = 0
        self._walk(self._then)

    def _end_of_pass(self) -> int:
        return self._program.on_stop_end if self.is_stopping else self._program.steps_end

    def _fail_to_connect(self, kind: ErrorKind) -> None:
        self._count_failure(kind, 0)
        self._retreat()

    def _retreat(self) -> None:
        """Go on after a failure: back off, and start over what comes before all iterations."""
        self.is_awaiting = self.is_cruising = False
        self._failures += 1
        if self.is_stopping:
            self._walk(self._program.on_stop_end)
            return
        if self.is_started:
            self._end_iteration()
        self._crowd.rest(self, backoff_s(self._failures))

    def _end_iteration(self) -> None:
        self.in_iteration = False
        self._counts.done += 1
        self._record_duration()

    def _enter_at(self, at_ns: int) -> None:
        """Note that the iteration in progress, if there is any, is more than its next answer."""
        if self.in_iteration and self.is_started and not self._entered_ns:
            self._entered_ns = at_ns

    def _record_duration(self) -> None:
        """Count how long an iteration took, unless a service time says it."""
        if self._entered_ns:
            self._counts.durations.add((monotonic_ns() - self._entered_ns) // 1000)
            self._entered_ns = 0

    def _set_apart(self, done_ns: int) -> None:
        """Take the service time just recorded out of those that say how long iterations take."""
        is_whole = self.in_iteration and self.is_started and not self._entered_ns
        if self._script.is_plain and not is_whole:
            self.step.recorder.apart.add((done_ns - self.sent_ns) // 1000)

    def _record_response(self, done_ns: int) -> None:
        """Count the first request of an iteration from when that was due, others from sending."""
        if self.due_ns and self.is_started:
            recorder = self.step.recorder
            recorder.has_due = True
            from_ns = self.sent_ns if self.due_ns == NOT_DUE else self.due_ns
            recorder.response.add((done_ns - from_ns) // 1000)
            self.due_ns = NOT_DUE

    def _count_failure(self, kind: ErrorKind, received_bytes: int) -> None:
        recorder = self.step.recorder
        recorder.errors[kind] += 1
        recorder.received_bytes += received_bytes
        if self._opening is not None:
            self._record_opening(self._opening)
        if kind is not ErrorKind.TIMEOUT_RESPONSE:
            # There is no service time that could say how long the iteration takes.
            self._enter_at(self.sent_ns)
