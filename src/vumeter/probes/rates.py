"""What counters say about the time between two looks. Pure."""

from collections.abc import Mapping

from vumeter.clock import NANOSECONDS_PER_S


class Rates:
    """
    Remembers counters from one look to the next.

    A counter that falls (a restart, a reset) counts as no progress, never as a negative rate,
    and one that was not there before has none.
    """

    def __init__(self) -> None:
        self._before: Mapping[str, float] = {}
        self._at_ns = 0

    def progress(
        self, counters: Mapping[str, float], *, at_ns: int
    ) -> tuple[dict[str, float], float]:
        """Return by how much each has grown since the last call, and in how many seconds."""
        span_s = (at_ns - self._at_ns) / NANOSECONDS_PER_S
        before, self._before, self._at_ns = self._before, dict(counters), at_ns
        if span_s <= 0:
            return {}, 0.0
        grown = {
            name: max(0.0, value - before[name])
            for name, value in counters.items()
            if name in before
        }
        return grown, span_s

    def forget(self) -> None:
        """Begin anew: these are other counters."""
        self._before = {}
