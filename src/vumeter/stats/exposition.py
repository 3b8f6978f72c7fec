"""
Prometheus' text format: families of samples, written as every scraper reads them.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from vumeter.model.measure import Histogram
from vumeter.stats.histogram import bucket_index, highest_us
from vumeter.stats.plaintext import plain

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BOUNDS_S = (
    *(0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""The upper bounds of histograms' buckets; that of the last one is infinite."""


_US_PER_S = 1_000_000


def _last_index(bound_s: float) -> int:
    """Return the last of the histogram's own buckets that is not above *bound_s*."""
    bound_us = round(bound_s * _US_PER_S)
    index = bucket_index(bound_us)
    return index if highest_us(index) <= bound_us else index - 1


_BOUNDS = {f"{bound_s:g}": _last_index(bound_s) for bound_s in BOUNDS_S}


class Kind(StrEnum):
    """What a family's samples are."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Sample(NamedTuple):
    """One number, and what it is of."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""
    """Of a histogram: `_bucket`, `_sum` or `_count`."""


class Family(NamedTuple):
    """Samples of one name, which ends in their unit, and in `_total` where they are counters."""

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...]


def exposition(families: Iterable[Family]) -> str:
    """Return *families* as text; those without any sample are left out."""
    return "".join(line + "\n" for family in families for line in _lines(family))


def histogram_samples(histogram: Histogram, labels: Mapping[str, str]) -> tuple[Sample, ...]:
    """
    Return *histogram* as cumulative buckets, in seconds.

    A value is in the bucket of a bound when all of its own narrow bucket is below, so it may be
    one too high by a thousandth of itself; the sum and the count are exact.
    """
    indices = sorted(histogram.counts)
    cumulative = list(accumulate((histogram.counts[index] for index in indices), initial=0))
    buckets = [
        Sample(cumulative[bisect_right(indices, last)], {**labels, "le": bound}, "_bucket")
        for bound, last in _BOUNDS.items()
    ]
    return (
        *buckets,
        Sample(cumulative[-1], {**labels, "le": "+Inf"}, "_bucket"),
        Sample(histogram.sum_us / _US_PER_S, labels, "_sum"),
        Sample(cumulative[-1], labels, "_count"),
    )


def _lines(family: Family) -> Iterator[str]:
    if not family.samples:
        return
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        yield f"{family.name}{sample.suffix}{labels_text(sample.labels)} {sample.value!r}"


def labels_text(labels: Mapping[str, str]) -> str:
    """Return *labels* as they stand after a name, quoted; nothing for none."""
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items()) + "}"


def _quoted(text: str) -> str:
    # Line breaks are no more: `plain` has made spaces of them.
    return plain(text).replace("\\", r"\\").replace('"', r"\"")
