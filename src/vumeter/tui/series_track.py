"""The one series that stands under the latency chart: what is known of it, at any width."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from vumeter.model.series import SeriesPoint

_LIMIT = 14_400
"""Points of one length that are kept; the ones that came first go first."""

_PAGE = 512
"""Points that are asked for at once."""

_SETTLED_S = 5
"""After which a point that has not come will not come by itself."""


class Reach(NamedTuple):
    """How far a series went in a stretch of time."""

    lowest: float
    highest: float
    mean: float


class SeriesTrack:
    """Points of one series, by how many seconds they are of."""

    def __init__(self) -> None:
        self.name = ""
        """Which series it is; empty: none is shown."""
        self._points: dict[int, dict[int, SeriesPoint]] = {}
        self._asked: dict[int, set[int]] = {}

    def choose(self, name: str) -> None:
        """Show *name* from now on."""
        if name != self.name:
            self.name = name
            self.clear()

    def clear(self) -> None:
        """Forget every point."""
        self._points.clear()
        self._asked.clear()

    def ask_anew(self) -> None:
        """Wish again for what was asked for in vain: somebody else answers now."""
        self._asked.clear()

    def add(self, points: Iterable[SeriesPoint]) -> None:
        """Take up points of the series, in any order."""
        for point in points:
            self._points.setdefault(point.span_s, {})[point.second // point.span_s] = point
        for of_span in self._points.values():
            for place in list(islice(of_span, max(0, len(of_span) - _LIMIT))):
                del of_span[place]

    def reach(self, first_second: int, end_second: int) -> Reach | None:
        """Return how far the series went in that stretch, of the finest points there are."""
        for span_s, of_span in sorted(self._points.items()):
            places = range(first_second // span_s, (end_second - 1) // span_s + 1)
            found = [of_span[place] for place in places if place in of_span]
            if found:
                return Reach(
                    lowest=min(point.lowest for point in found),
                    highest=max(point.highest for point in found),
                    mean=sum(point.mean for point in found) / len(found),
                )
        return None

    def wish(self, first_second: int, end_second: int, *, span_s: int) -> tuple[int, int] | None:
        """
        Return from which second to which to ask for points of *span_s*; `None`: for nothing.

        What was asked for once counts as known, but for the newest seconds. At most a page, the
        newest first.
        """
        known = self._points.get(span_s, {}).keys() | self._covered(span_s)
        asked = self._asked.setdefault(span_s, set())
        places = range(first_second // span_s, -(-end_second // span_s))
        missing = [place for place in places if place not in known and place not in asked]
        if not missing:
            return None
        newest = missing[-1]
        oldest = max(missing[0], newest - _PAGE + 1)
        settled = range(oldest, (end_second - _SETTLED_S) // span_s)
        asked.update(place for place in settled if place <= newest)
        return oldest * span_s, (newest + 1) * span_s

    def _covered(self, span_s: int) -> set[int]:
        """Return the places of which only longer points are left."""
        return {
            place
            for longer_s, of_span in self._points.items()
            if longer_s > span_s
            for point in of_span.values()
            for place in range(point.second // span_s, (point.second + longer_s) // span_s)
        }
