"""Notices when VUs wait or fail, and none of them is answered."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from vumeter.clock import monotonic_ns
from vumeter.engine.ledger import Ledger
from vumeter.engine.outage import NO_SIGN_OF_IT, Outage
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.measure import Stall
from vumeter.stats.histogram import histogram_of
from vumeter.stats.stalls import LONG_WAIT_US

_STILL_NS = LONG_WAIT_US * 1000
"""For so long nobody must have been answered, and so often it is looked up who waits."""
_BLIND_NS = 10_000_000
"""A look that comes so late has not seen that it was still before."""


class Seen(NamedTuple):
    """What was seen of a second."""

    vu_us: int
    """For how long VUs had something to do, added up."""
    outage_us: int
    stalls: tuple[Stall, ...]


class Stillness:
    """
    Looks a hundred times a second whether any request was answered, off the hot path.

    It tells by what is recorded anyway: the time of one that was is in its recorder's sum.
    20 names take 3 µs a look, 500 take 93. Who waits is looked up every 100 ms of a stillness,
    as in a sweep.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        vus: Callable[[], Iterable[VirtualUser]],
        working: Callable[[], int],
        clock: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._ledger = ledger
        self._vus = vus
        self._working = working
        self._clock = clock
        self._looked_ns = self._since_ns = self._sought_ns = clock()
        self._answers_us = self._failures = 0
        self._outage = Outage()
        self._waiting: list[tuple[str, int]] = []
        """Who waited when that was looked up last: name of the request, and when it was sent."""
        self._vu_ns = 0
        self._stalls: list[Stall] = []

    def start(self) -> None:
        """Begin now."""
        self._looked_ns = self._since_ns = self._clock()

    def look(self, late_ns: int = 0) -> None:
        """Look, which comes so much later than it should have."""
        now_ns = self._clock()
        self._vu_ns += self._working() * (now_ns - self._looked_ns)
        answers_us, failures = self._recorded()
        if answers_us != self._answers_us:
            self._outage.end(now_ns)
            self._end()
            self._since_ns = now_ns
        else:
            if late_ns >= _BLIND_NS:
                self._since_ns += late_ns
            if failures != self._failures:
                self._outage.fail(self._failing_since_ns())
            if now_ns - max(self._since_ns, self._sought_ns) >= _STILL_NS:
                self._sought_ns = now_ns
                self._waiting = list(self._those_waiting())
        self._answers_us, self._failures = answers_us, failures
        self._looked_ns = now_ns

    def take(self) -> Seen:
        """
        Return what was seen since the last call, and begin anew.

        Comes just before the ledger is taken, whose sums begin anew as well.
        """
        self.look()
        self._answers_us = self._failures = 0
        vu_us, self._vu_ns = divmod(self._vu_ns, 1000)
        stalls, self._stalls = tuple(self._stalls), []
        return Seen(vu_us, self._outage.take_us(self._looked_ns), stalls)

    def _recorded(self) -> tuple[int, int]:
        """Return how long all answers of the second took, and how many attempts got none."""
        answers_us = failures = 0
        for recorder in self._ledger.recorders:
            answers_us += recorder.service.sum_us - recorder.timeouts_us
            if recorder.errors:
                failures += sum(
                    number for kind, number in recorder.errors.items() if kind not in NO_SIGN_OF_IT
                )
        return answers_us, failures

    def _failing_since_ns(self) -> int:
        """Return when the attempts began that have failed since the last look, at the latest."""
        sent_ns = min((sent_ns for _, sent_ns in self._waiting), default=self._looked_ns)
        return max(self._since_ns, sent_ns)

    def _those_waiting(self) -> Iterable[tuple[str, int]]:
        names = self._ledger.names
        for vu in self._vus():
            # In the open model a time counts from when it was due: nothing is omitted there.
            if vu.is_awaiting and not vu.due_ns:
                yield names[vu.step.recorder], vu.sent_ns

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, []
        still_ns = self._looked_ns - self._since_ns
        if not waiting or still_ns < _STILL_NS:
            return
        waits: dict[str, list[int]] = {}
        for name, sent_ns in waiting:
            waited_ns = min(still_ns, self._looked_ns - sent_ns)
            waits.setdefault(name, []).append(waited_ns // 1000)
        self._stalls.append(Stall(waits={name: histogram_of(each) for name, each in waits.items()}))
