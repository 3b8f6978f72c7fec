"""What a chart is made of: columns, each of some seconds of a run, and a span of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vumeter.model.frame import SPANS_S
from vumeter.tui.tracks import MILLI, MISSING, Merged

Part = tuple[int, float, Merged]
"""How long some points are, the share of them that counts, and what they come to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    Some seconds of a run as one column of a chart: the worst of the points that they are in.

    *seconds* says how many of them are known; none is a gap. A column that is shorter than
    the point it lies in has its share of that point's requests, errors and drops.
    """

    first_second: int
    seconds: int
    span_s: int
    """How long the points are that it is made of."""
    requests: float
    errors: float
    dropped: float
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    max_us: int | None
    requests_per_s: float
    """The greatest of any point."""
    errors_per_s: float
    """The greatest of any point."""
    vus: int | None
    vus_target: float | None
    rate_target_per_s: float | None
    is_limited: bool
    """Whether the generator was the limit in any of its points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window cut into columns of *seconds_per_column* each, oldest first."""

    columns: tuple[Column, ...]
    seconds_per_column: int
    wanted_s: int
    """How long the points should be that the columns are made of."""
    track_s: int
    """How long they are, where there are any of that length."""

    @property
    def first_second(self) -> int:
        """The second at which the first column begins."""
        return self.columns[0].first_second if self.columns else 0

    @property
    def end_second(self) -> int:
        """The second after the last column."""
        return self.first_second + self.seconds

    @property
    def seconds(self) -> int:
        """What the columns cover together."""
        return len(self.columns) * self.seconds_per_column

    @property
    def longest_point_s(self) -> int:
        """How long the longest point in it is; 1 where nothing is known."""
        return max((column.span_s for column in self.columns if column.seconds), default=1)

    def index_of(self, second: float) -> int | None:
        """Return the number of the column that *second* is in; `None`: it is outside."""
        index = (int(second) - self.first_second) // self.seconds_per_column
        return index if 0 <= index < len(self.columns) else None

    def column_at(self, second: float) -> Column | None:
        """Return the column that *second* is in; `None`: it is outside."""
        index = self.index_of(second)
        return None if index is None else self.columns[index]


def filled(parts: Sequence[Part], first_second: int) -> Column:
    """Return *parts* as one column."""

    def greatest(name: str) -> int:
        return max((getattr(merged, name) for *_, merged in parts), default=MISSING)

    def total(name: str) -> float:
        return math.fsum(getattr(merged, name) * share for _, share, merged in parts)

    def peak(name: str) -> float:
        return max((getattr(merged, name) / span_s for span_s, _, merged in parts), default=0.0)

    return Column(
        first_second=first_second,
        seconds=round(sum(merged.points * span_s * share for span_s, share, merged in parts)),
        span_s=max((span_s for span_s, *_ in parts), default=SPANS_S[0]),
        requests=total("requests"),
        errors=total("errors"),
        dropped=total("dropped"),
        p50_us=_or_none(greatest("p50")),
        p95_us=_or_none(greatest("p95")),
        p99_us=_or_none(greatest("p99")),
        max_us=_or_none(greatest("max")),
        requests_per_s=peak("peak_requests"),
        errors_per_s=peak("peak_errors"),
        vus=_or_none(greatest("vus")),
        vus_target=_from_milli(greatest("vus_target")),
        rate_target_per_s=_from_milli(greatest("rate_target")),
        is_limited=any(merged.limited for *_, merged in parts),
    )


def _or_none(value: int) -> int | None:
    return None if value == MISSING else value


def _from_milli(value: int) -> float | None:
    return None if value == MISSING else value / MILLI
