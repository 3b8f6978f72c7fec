"""
Whether something grows that should not: memory, descriptors, threads of a watched process.

Values are kept thinned, so that a quarter of an hour is 60 of them, and a look costs the same
however long a run is. docs/measurement.md, "Leaks", says what counts as growth, and why.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from vumeter.stats.theil_sen import line_through

MOST_VALUES = 60
LONGEST_STEP_S = 16
FEWEST_VALUES = 30
"""Of fewer nothing is said: that is the first minute."""

_FIRST_STEP_S = 2
_MORE_LOAD = 1.1
_PARTS = 6
_STEADY_RATIO = 0.25
_LASTING_RATIO = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How something has changed in the time that is remembered of it."""

    per_s: float
    """Theil–Sen's slope; below 0, it shrinks."""
    span_s: float
    """How long that has been looked at."""
    is_leak: bool
    """Whether it grows beyond chance, all the time, and not because the load does."""


class Growing:
    """
    Takes one value a second; *least* is how much it has to have grown by to be worth a word.

    *share* is the same as a part of what it is now.
    """

    def __init__(self, *, least: float, share: float = 0.01) -> None:
        self._least = least
        self._share = share
        self._step_s = _FIRST_STEP_S
        self._kept: list[_Value] = []
        self._filling: list[_Value] = []
        self.newest: Growth | None = None
        """`None`: it was not looked at for long enough."""

    def add(self, second: float, value: float, *, load: float) -> bool:
        """Take the *value* of a second under that *load*; return whether `newest` is new."""
        self._filling.append(_Value(second, value, load))
        if len(self._filling) < self._step_s:
            return False
        self._kept.append(_mean(self._filling))
        self._filling.clear()
        if len(self._kept) > MOST_VALUES:
            self._thin()
        if len(self._kept) < FEWEST_VALUES:
            return False
        self.newest = self._growth()
        return True

    def forget(self) -> None:
        """Begin anew: it was restarted."""
        self._step_s = _FIRST_STEP_S
        self._kept.clear()
        self._filling.clear()
        self.newest = None

    def _thin(self) -> None:
        if self._step_s >= LONGEST_STEP_S:
            del self._kept[0]
            return
        # The odd one out is the newest, and waits for its neighbour.
        whole = len(self._kept) // 2 * 2
        rest = self._kept[whole:]
        self._kept = [_mean(self._kept[at : at + 2]) for at in range(0, whole, 2)]
        self._filling = rest * self._step_s
        self._step_s *= 2

    def _growth(self) -> Growth | None:
        kept = self._kept
        line = line_through([(each.second, each.value) for each in kept])
        if line is None:  # a clock that stands still
            return None
        span_s = kept[-1].second - kept[0].second
        grown = line.per_x * span_s
        is_much = grown >= max(self._least, self._share * kept[-1].value)
        is_leak = (
            line.low_per_x > 0 and is_much and self._is_steady(grown) and not self._is_pushed()
        )
        return Growth(per_s=line.per_x, span_s=span_s, is_leak=is_leak)

    def _is_steady(self, grown: float) -> bool:
        """
        Whether each sixth of the time has its part in it, the last one above all.

        What warms up comes to an end, a cache that is filled is one step, and what a collector
        gives back falls in between.
        """
        edges = [len(self._kept) * part // _PARTS for part in range(_PARTS + 1)]
        levels = [
            median(each.value for each in self._kept[begin:end]) for begin, end in pairwise(edges)
        ]
        steps = [after - before for before, after in pairwise(levels)]
        share = grown / _PARTS
        return min(steps) >= _STEADY_RATIO * share and steps[-1] >= _LASTING_RATIO * share

    def _is_pushed(self) -> bool:
        """Whether the load has risen meanwhile: more users may need more of everything."""
        third = len(self._kept) // 3
        before = fmean(each.load for each in self._kept[:third])
        return fmean(each.load for each in self._kept[-third:]) > _MORE_LOAD * before


@dataclass(frozen=True, slots=True)
class _Value:
    second: float
    value: float
    load: float


def _mean(values: list[_Value]) -> _Value:
    return _Value(
        fmean(each.second for each in values),
        fmean(each.value for each in values),
        fmean(each.load for each in values),
    )
