"""One side of a comparison as far as it is known: what was counted, and the load it was under."""

import math
from collections.abc import Iterable

from vumeter.model.measure import Reading
from vumeter.model.throttle import ENDS, HARMLESS, JournalEntry
from vumeter.stats.windows import WindowLog

MOST_WINDOWS = 160
"""When there are more, they are merged: 32 of 10 s are the least that is left of a run."""

MOST_NAMES = 20
"""So many names are compared one by one while a run goes on; all of them count in the whole."""

COMPARABLE_RATIO = 0.1
"""Loads that differ by more are said to differ."""


class Party:
    """Takes seconds, in their order, in constant memory."""

    def __init__(self) -> None:
        self.log = WindowLog(most_windows=MOST_WINDOWS, most_names=MOST_NAMES)
        self.seconds = 0.0
        self._vus_s = 0.0
        self._due = 0

    def add(
        self, reading: Reading, *, end_s: float = float("inf"), place: int | None = None
    ) -> None:
        """Count *reading*, cut short by the end of its run, as of its own second or *place*."""
        seconds = min(float(reading.span_s), end_s - reading.second)
        second = reading.second if place is None else place
        self.log.add(second, reading.tallies, seconds=seconds)
        self.seconds += seconds
        counts = reading.scenarios.values()
        self._vus_s += sum(each.vus_active for each in counts) * seconds
        self._due += sum(each.iterations_due for each in counts)

    def copy(self) -> "Party":
        """Return it as it is, for another thread."""
        copied = Party()
        copied.log, copied.seconds = self.log.copy(), self.seconds
        copied._vus_s, copied._due = self._vus_s, self._due
        return copied

    @property
    def vus(self) -> float:
        """The mean."""
        return self._vus_s / self.seconds if self.seconds else 0.0

    @property
    def due_per_s(self) -> float:
        """Arrivals in the open model; 0: there was none."""
        return self._due / self.seconds if self.seconds else 0.0


def is_steered(journal: Iterable[JournalEntry]) -> bool:
    """Whether hands have changed the load that a plan puts on, or ended it."""
    return any(each.accepted and each.command.kind not in HARMLESS for each in journal)


def moved_s(journal: Iterable[JournalEntry]) -> float:
    """Return when a hand has first moved what goes on; infinity: none has, but perhaps ended it."""
    quiet = HARMLESS | ENDS
    moved = (each.second for each in journal if each.accepted and each.command.kind not in quiet)
    return min(moved, default=math.inf)


def load_remark(a: Party, b: Party) -> str:
    """Return in words that what was put on differs, as far as it is to be compared; or nothing."""
    pairs = (("iterations due per second", a.due_per_s, b.due_per_s), ("VUs", a.vus, b.vus))
    for unit, of_a, of_b in pairs:
        if not of_a and not of_b:
            continue
        if abs(of_b - of_a) > COMPARABLE_RATIO * max(of_a, of_b):
            return f"The loads differ: {of_a:.4g} {unit} there, and {of_b:.4g} here."
        return ""
    return ""
