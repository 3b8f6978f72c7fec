"""What every format is made from: a run's readings in order, and a few words on the run."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from vumeter.model.frame import Point
from vumeter.model.measure import Reading, Tally
from vumeter.model.metric import CustomMetric
from vumeter.stats.tally import merge

US_PER_MS = 1_000


class Row(NamedTuple):
    """One reading, of a second or of several, and what was wanted of the levers at its end."""

    reading: Reading
    vus_target: float | None
    """`None`: nobody knows."""
    rate_target_per_s: float | None
    """`None`: the model was closed, or nobody knows."""

    @property
    def everything(self) -> Tally:
        """All requests, whatever their names."""
        return merge(self.reading.tallies.values())

    @property
    def vus(self) -> int:
        """How many VUs there were at its end."""
        return sum(counts.vus_active for counts in self.reading.scenarios.values())

    @property
    def vus_busy(self) -> int:
        """How many of them were within an iteration."""
        return sum(counts.vus_busy for counts in self.reading.scenarios.values())

    @property
    def end_unix_ms(self) -> int:
        """When it ended."""
        return self.reading.at_unix_ms + self.reading.span_s * 1_000


class Run(Struct, frozen=True, kw_only=True):
    """The run that rows are of."""

    name: str
    started_unix_ms: int
    duration_s: float
    """Up to now, where it goes on."""
    metrics: tuple[CustomMetric, ...] = ()


def row_of(reading: Reading, point: Point | None) -> Row:
    """Return *reading* with the targets in its chart *point*, of the same span."""
    if point is None:
        return Row(reading, None, None)
    return Row(reading, point.vus_target, point.rate_target_per_s)


Rows = Iterable[Row]
"""In order, oldest first: each time of the run once, the older perhaps the coarser."""


def in_ms(us: int) -> float:
    """Return a recorded time in milliseconds."""
    return us / US_PER_MS
