"""Notices when VUs wait for answers and none of them gets one."""

from collections.abc import Callable, Iterable

from vumeter.clock import monotonic_ns
from vumeter.engine.ledger import Ledger
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.measure import Stall
from vumeter.stats.histogram import histogram_of
from vumeter.stats.stalls import LONG_WAIT_US

_STILL_NS = LONG_WAIT_US * 1000
"""For so long nobody must have been answered, and so often it is looked up who waits."""
_BLIND_NS = 10_000_000
"""A look that comes so late has not seen that it was still before."""


class Stillness:
    """
    Looks a hundred times a second whether any request has ended, off the hot path.

    It tells by what is recorded anyway: the times of one that ended are in its recorder's sum.
    20 names take 2 µs a look. Who waits is looked up every 100 ms of a stillness, as in a sweep.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        vus: Callable[[], Iterable[VirtualUser]],
        working: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._vus = vus
        self._working = working
        self._looked_ns = self._since_ns = self._sought_ns = monotonic_ns()
        self._recorded_us = 0
        self._waiting: list[tuple[str, int]] = []
        """Who waited when that was looked up last: name of the request, and when it was sent."""
        self._vu_ns = 0
        self._stalls: list[Stall] = []

    def start(self) -> None:
        """Begin now."""
        self._looked_ns = self._since_ns = monotonic_ns()

    def look(self, late_ns: int = 0) -> None:
        """Look, which comes so much later than it should have."""
        now_ns = monotonic_ns()
        self._vu_ns += self._working() * (now_ns - self._looked_ns)
        recorded_us = sum(recorder.service.sum_us for recorder in self._ledger.recorders)
        if recorded_us != self._recorded_us:
            self._recorded_us = recorded_us
            self._end()
            self._since_ns = now_ns
        else:
            if late_ns >= _BLIND_NS:
                self._since_ns += late_ns
            if now_ns - max(self._since_ns, self._sought_ns) >= _STILL_NS:
                self._sought_ns = now_ns
                self._waiting = list(self._those_waiting())
        self._looked_ns = now_ns

    def take(self) -> tuple[int, tuple[Stall, ...]]:
        """
        Return for how long VUs had something to do, in µs, and the stalls; and begin anew.

        Comes just before the ledger is taken, whose sums begin anew as well.
        """
        self.look()
        self._recorded_us = 0
        vu_us, self._vu_ns = self._vu_ns // 1000, self._vu_ns % 1000
        stalls, self._stalls = tuple(self._stalls), []
        return vu_us, stalls

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
