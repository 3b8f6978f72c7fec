"""What a load is like over time: steady, with peaks, or mostly absent. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

STEADY_PEAK_TO_MEAN = 1.25
"""Up to here a load is steady: our rule of thumb. Built for the peak, four fifths are in use."""

IDLE_RATIO = 0.05
"""Of the peak: below it there is next to no load."""

IDLE_TIME_RATIO = 0.5
"""A load that is next to nothing for more of the time than this comes in batches; ours, too."""


class ShapeKind(StrEnum):
    """What a load is like."""

    STEADY = "steady"
    PEAKS = "peaks"
    BATCH = "batch"


class Shape(Struct, frozen=True, kw_only=True):
    """A load over time, in a few numbers."""

    kind: ShapeKind
    mean: float
    peak: float
    peak_to_mean: float
    above_mean_ratio: float
    """Of the time: with more load than the mean."""
    idle_ratio: float
    """Of the time: with a twentieth of the peak or less."""
    hours: float
    """What it was seen for."""


def shape_of(levels: Iterable[tuple[float, float]]) -> Shape | None:
    """
    Return what *levels*, loads and the seconds of each, are like; `None`: there was no load.

    >>> shape_of([(100, 3600), (110, 3600)]).kind
    <ShapeKind.STEADY: 'steady'>
    >>> round(shape_of([(10, 20 * 3600), (100, 4 * 3600)]).peak_to_mean, 2)
    4.0
    """
    known = [(load, length_s) for load, length_s in levels if length_s > 0]
    total_s = sum(length_s for _, length_s in known)
    highest = max((load for load, _ in known), default=0.0)
    if highest <= 0:
        return None
    mean = sum(load * length_s for load, length_s in known) / total_s
    idle_s = sum(length_s for load, length_s in known if load <= IDLE_RATIO * highest)
    ratio = highest / mean
    return Shape(
        kind=_kind(ratio, idle_s / total_s),
        mean=mean,
        peak=highest,
        peak_to_mean=ratio,
        # A hair above the mean of a steady load is rounding.
        above_mean_ratio=sum(length for load, length in known if load > mean * 1.000_001) / total_s,
        idle_ratio=idle_s / total_s,
        hours=total_s / 3600,
    )


def _kind(peak_to_mean: float, idle_time_ratio: float) -> ShapeKind:
    if idle_time_ratio > IDLE_TIME_RATIO:
        return ShapeKind.BATCH
    return ShapeKind.STEADY if peak_to_mean <= STEADY_PEAK_TO_MEAN else ShapeKind.PEAKS


def shares_of_time(levels: Iterable[tuple[int, float]]) -> Mapping[int, float]:
    """
    Return in which share of the time each number was needed, the smallest first.

    >>> shares_of_time([(2, 30.0), (4, 10.0), (2, 0.0)])
    {2: 0.75, 4: 0.25}
    """
    found: dict[int, float] = {}
    for number, length_s in levels:
        found[number] = found.get(number, 0.0) + length_s
    total_s = sum(found.values())
    return {number: found[number] / total_s for number in sorted(found)}
