"""Service levels to begin with: ready-made thresholds, and those that a run has earned."""

import math
from collections.abc import Iterator, Mapping

from vumeter.model.frame import Figures
from vumeter.model.plan import Threshold
from vumeter.model.summary import Summary

OBJECTIVES: Mapping[str, tuple[str, ...]] = {
    "user-facing-api": (
        "http_req_duration: p(95) < 300ms",
        "http_req_duration: p(99) < 1s",
        "http_req_failed: rate < 0.1%",
    ),
    "internal-api": (
        "http_req_duration: p(95) < 100ms",
        "http_req_duration: p(99) < 300ms",
        "http_req_failed: rate < 0.1%",
    ),
    "database-query": (
        "http_req_duration: p(95) < 50ms",
        "http_req_duration: p(99) < 200ms",
        "http_req_failed: rate < 0.01%",
    ),
    "background-job": (
        "http_req_duration: p(95) < 5s",
        "http_req_duration: p(99) < 30s",
        "http_req_failed: rate < 1%",
    ),
    "real-time-api": (
        "http_req_duration: p(95) < 50ms",
        "http_req_duration: p(99) < 100ms",
        "http_req_failed: rate < 0.1%",
    ),
}
"""By kind of service. Where to begin when nobody knows better: docs/slo.md."""

MOST_NAMES = 10
FEWEST_REQUESTS = 1_000
"""Of a name with fewer p99 is the luck of a handful of requests."""

LEAST_ERROR_RATIO = 0.001
"""What a run without an error is held to: that there was none yet proves no more."""

_PERCENTS = ((95, "p95_us"), (99, "p99_us"))
_UNWRITABLE = frozenset("{},\"'")


def suggestions(summary: Summary, *, margin_ratio: float) -> Iterator[Threshold]:
    """
    Yield thresholds that the run would have passed by *margin_ratio*, for all requests and by name.

    A limit is baseline × (1 + margin), rounded up to two digits.
    """
    yield from _times("", summary.total, margin_ratio)
    ratio = max(summary.total.error_ratio * (1 + margin_ratio), LEAST_ERROR_RATIO)
    percent = rounded_up(ratio * 100)
    yield Threshold(metric="http_req_failed", expression=f"rate < {percent:g}%")
    by_requests = sorted(summary.endpoints.items(), key=lambda it: -it[1].requests)
    for name, figures in by_requests[:MOST_NAMES]:
        if figures.requests >= FEWEST_REQUESTS and not _UNWRITABLE & set(name):
            yield from _times(f"{{name:{name}}}", figures, margin_ratio)


def rounded_up(value: float) -> float:
    """
    Return *value*, above 0, rounded up to two significant digits.

    >>> rounded_up(231.2), rounded_up(0.0301), rounded_up(150)
    (240.0, 0.031, 150.0)
    """
    digits = 1 - math.floor(math.log10(value))
    # What is a round number already stays: 150 × 1.0 is 150.00000000000003 sometimes.
    factor = 10.0**digits
    return round(math.ceil(round(value * factor, 6)) / factor, max(0, digits))


def _times(selection: str, figures: Figures, margin_ratio: float) -> Iterator[Threshold]:
    if figures.latency is None:
        return
    for percent, field in _PERCENTS:
        limit_ms = rounded_up(getattr(figures.latency, field) / 1000 * (1 + margin_ratio))
        text = f"{limit_ms:g}ms" if limit_ms < 10_000 else f"{limit_ms / 1000:g}s"
        metric = f"http_req_duration{selection}"
        yield Threshold(metric=metric, expression=f"p({percent}) < {text}")
