"""Percentiles as reports and exports have them: in milliseconds."""

from msgspec import Struct

from vumeter.model.frame import Latency

_US_PER_MS = 1_000


class LatencyMs(Struct, frozen=True, kw_only=True):
    """A distribution of times, each value to three significant digits."""

    min: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float
    max: float


def latency_ms(latency: Latency) -> LatencyMs:
    """
    Return *latency* in milliseconds.

    >>> latency_ms(
    ...     Latency(
    ...         min_us=900, mean_us=1_500, p50_us=1_400, p90_us=2_000, p95_us=2_500,
    ...         p99_us=3_000, p99_9_us=4_000, max_us=5_000,
    ...     )
    ... ).p99_9
    4.0
    """
    return LatencyMs(
        **{
            field: getattr(latency, f"{field}_us") / _US_PER_MS
            for field in LatencyMs.__struct_fields__
        }
    )


def latency_ms_if_any(latency: Latency | None) -> LatencyMs | None:
    """Return *latency* in milliseconds; `None`: nothing was measured."""
    return None if latency is None else latency_ms(latency)
