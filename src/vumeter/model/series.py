"""One number over time, as it is asked for by name."""

from msgspec import Struct


class SeriesPoint(Struct, frozen=True, array_like=True):
    """How a series went in *span_s* seconds from *second* on; in one second, its value thrice."""

    second: int
    span_s: int
    mean: float
    lowest: float
    highest: float
