"""The series of the last hour, second by second, and the points that charts are made of."""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from vumeter.model.measure import Extent
from vumeter.model.series import SeriesPoint
from vumeter.stats.series import names_of
from vumeter.stats.spans import merged_extent

KEPT_S = 3_600
"""For how long each second is kept; what is older is in the store."""

MOST_SERIES = 300
"""More are not kept: 29 kB each. Eighty are usual."""


class SeriesSpan(NamedTuple):
    """How far each series went in *span_s* seconds from *second* on."""

    second: int
    span_s: int
    extents: Mapping[str, Extent]


class SeriesLog:
    """A ring of seconds, in which each series has an array: 2 MB for eighty of them."""

    def __init__(self) -> None:
        self._seconds = array("q", [-1]) * KEPT_S
        self._values: dict[str, array[float]] = {}
        self._newest = -1

    @property
    def newest_second(self) -> int:
        """The newest that was added; −1: none."""
        return self._newest

    @property
    def first_second(self) -> int:
        """From where on every second that there was is kept."""
        return max(0, self._newest + 1 - KEPT_S)

    @property
    def names(self) -> tuple[str, ...]:
        """The series that had a value in the last hour."""
        return names_of(self._values)

    def add(self, second: int, values: Mapping[str, float]) -> None:
        """Keep the *values* of a second that is newer than all before it."""
        place = second % KEPT_S
        self._seconds[place] = second
        self._newest = second
        for name, kept in self._values.items():
            kept[place] = values.get(name, math.nan)
        for name in values.keys() - self._values.keys():
            if len(self._values) >= MOST_SERIES:
                break
            kept = self._values[name] = array("d", [math.nan]) * KEPT_S
            kept[place] = values[name]

    def row(self, second: int) -> dict[str, float]:
        """Return what there was in *second*, by name; nothing where it is not kept."""
        place = second % KEPT_S
        if self._seconds[place] != second:
            return {}
        # Of a copy: who asks on another thread must not see it grow.
        row = {name: kept[place] for name, kept in tuple(self._values.items())}
        return {name: value for name, value in row.items() if not math.isnan(value)}

    def spans(self, from_second: int, to_second: int) -> Iterator[SeriesSpan]:
        """Yield every second that is kept from one up to and without another."""
        for second in range(max(from_second, self.first_second), to_second):
            row = self.row(second)
            if row:
                yield SeriesSpan(second, 1, {name: extent_of(it) for name, it in row.items()})

    def points(
        self, name: str, from_second: int, to_second: int, *, span_s: int = 1
    ) -> tuple[SeriesPoint, ...]:
        """Return the series *name* from one second up to and without another, oldest first."""
        kept = self._values.get(name)
        if kept is None:
            return ()
        spans = (
            SeriesSpan(second, 1, {name: extent_of(kept[second % KEPT_S])})
            for second in range(
                max(from_second, self.first_second), min(to_second, self._newest + 1)
            )
            if self._seconds[second % KEPT_S] == second and not math.isnan(kept[second % KEPT_S])
        )
        return series_points(name, spans, span_s=span_s)


def extent_of(value: float) -> Extent:
    """Return the extent of one second."""
    return Extent(lowest=value, highest=value, total=value, seconds=1)


def series_points(
    name: str, spans: Iterable[SeriesSpan], *, span_s: int
) -> tuple[SeriesPoint, ...]:
    """Return one series out of *spans*, in their order, merged where they are shorter."""
    return tuple(_points(name, spans, span_s))


def _points(name: str, spans: Iterable[SeriesSpan], span_s: int) -> Iterator[SeriesPoint]:
    found = (each for each in spans if name in each.extents)
    for (length_s, place), group in groupby(
        found, lambda it: (max(span_s, it.span_s), it.second // max(span_s, it.span_s))
    ):
        extent = merged_extent([each.extents[name] for each in group])
        yield SeriesPoint(place * length_s, length_s, extent.mean, extent.lowest, extent.highest)
