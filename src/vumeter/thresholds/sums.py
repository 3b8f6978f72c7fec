"""
What samples of each kind add up to, and the numbers that are read off it.

The kinds and their aggregates are k6's; `avg`, `min` and `max` of a gauge are ours. `None`
stands for "nothing was measured", which k6 takes for 0.
"""

from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from vumeter.model.measure import Histogram
from vumeter.model.metric import Kind
from vumeter.stats.histogram import HistogramSum

STALE_S = 10
"""The newest value of a gauge is one of the last so many seconds, or there is none."""

_US_PER_MS = 1000


class Aggregate(StrEnum):
    """What many samples become one number by."""

    COUNT = "count"
    RATE = "rate"
    VALUE = "value"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    MED = "med"
    PERCENTILE = "p"


AGGREGATES: dict[Kind, tuple[Aggregate, ...]] = {
    Kind.COUNTER: (Aggregate.COUNT, Aggregate.RATE),
    Kind.RATE: (Aggregate.RATE,),
    Kind.TREND: (
        Aggregate.AVG,
        Aggregate.MIN,
        Aggregate.MED,
        Aggregate.MAX,
        Aggregate.PERCENTILE,
    ),
    Kind.GAUGE: (Aggregate.VALUE, Aggregate.AVG, Aggregate.MIN, Aggregate.MAX),
}

PartT = TypeVar("PartT")
TakenT_contra = TypeVar("TakenT_contra", contravariant=True)


class Sum(Protocol[TakenT_contra]):
    """Parts of one metric, a second each, added up."""

    def add(self, part: TakenT_contra, /) -> None:
        """Count *part*."""

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return what all of it comes to over *span_s*; `None`: nothing was measured."""


@runtime_checkable
class Reversible(Protocol[TakenT_contra]):
    """A sum that parts can be taken away from again, exactly."""

    def remove(self, part: TakenT_contra, /) -> None:
        """Take back what an `add` of the same *part* counted."""


class Count:
    """
    Things that happened; a part is `None` where there is nothing they could happen to.

    Parts may count fractions, of which *parts_per_one* are one.
    """

    def __init__(self, *, parts_per_one: int = 1) -> None:
        self._parts_per_one = parts_per_one
        self._total = 0
        self._is_known = False

    def add(self, part: int | None) -> None:
        """Count *part*."""
        if part is not None:
            # For good: what happened once and no more is 0, and what never did is not known.
            self._is_known = True
            self._total += part

    def remove(self, part: int | None) -> None:
        """Take *part* back."""
        self._total -= part or 0

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return how many there were, in all or per second."""
        del percent
        if not self._is_known:
            return None
        total = self._total / self._parts_per_one
        if aggregate is Aggregate.COUNT:
            return total
        return total / span_s if span_s > 0 else None


class Share:
    """Samples that are true, and all samples."""

    def __init__(self) -> None:
        self._true = 0
        self._all = 0

    def add(self, part: tuple[int, int]) -> None:
        """Count *part*: how many are true, of how many."""
        self._true += part[0]
        self._all += part[1]

    def remove(self, part: tuple[int, int]) -> None:
        """Take *part* back."""
        self._true -= part[0]
        self._all -= part[1]

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return the share of those that are true."""
        del aggregate, percent, span_s
        return self._true / self._all if self._all else None


class Times:
    """A distribution of times, merged exactly; its figures are in ms."""

    def __init__(self) -> None:
        self._sum = HistogramSum()

    def add(self, part: Histogram) -> None:
        """Count *part*."""
        self._sum.add(part)

    def remove(self, part: Histogram) -> None:
        """Take *part* back."""
        self._sum.remove(part)

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return the mean, exact, or a percentile, to three digits."""
        del span_s
        number = self._sum.count()
        if not number:
            return None
        if aggregate is Aggregate.AVG:
            return self._sum.sum_us / number / _US_PER_MS
        fixed = {Aggregate.MIN: 0.0, Aggregate.MED: 50.0, Aggregate.MAX: 100.0}
        return self._sum.percentile_us(fixed.get(aggregate, percent)) / _US_PER_MS


class Level:
    """
    A state over time; a part is `None` in a second in which it was not seen.

    Not reversible: fractions cannot be taken away without a trace, so a window is added up
    anew.
    """

    def __init__(self) -> None:
        self._newest: float | None = None
        self._age_s = 0
        self._seen = 0
        self._sum = 0.0
        self._min = float("inf")
        self._max = float("-inf")

    def add(self, part: float | None) -> None:
        """Take one second into account."""
        self._age_s += 1
        if part is None:
            return
        self._newest, self._age_s = part, 0
        self._seen += 1
        self._sum += part
        self._min = min(self._min, part)
        self._max = max(self._max, part)

    def figure(self, aggregate: Aggregate, *, percent: float, span_s: float) -> float | None:
        """Return the newest value, or the mean or an extreme of all."""
        del percent, span_s
        if not self._seen:
            return None
        match aggregate:
            case Aggregate.AVG:
                return self._sum / self._seen
            case Aggregate.MIN:
                return self._min
            case Aggregate.MAX:
                return self._max
            case _:
                return self._newest if self._age_s < STALE_S else None
