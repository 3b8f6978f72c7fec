"""
The arithmetic of `model.Histogram`: HdrHistogram's bucket layout over a sparse dict.

Lowest value 1 µs, highest 1 h, three significant digits: 2,048 sub-buckets, of which every
bucket but the first uses the upper half. `docs/measurement.md`, "Histograms", has the
layout and its error; the tests hold each function against the `hdrhistogram` package.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from vumeter.model.frame import Latency
from vumeter.model.measure import Histogram

TOP_US = 3_600_000_000
"""The highest value that is recorded as it is; what is above counts here."""

_HALF_BITS = 10
_SUB_BUCKET_BITS = _HALF_BITS + 1


def bucket_index(us: int) -> int:
    """
    Return the bucket of *us*, which is not below 0; above `TOP_US` it is that value's.

        e = max(0, bits(us) − 11),  index = 1024·e + ⌊us / 2^e⌋
        docs/measurement.md, "Histograms"

    >>> bucket_index(2_047), bucket_index(2_048), bucket_index(2_049)
    (2047, 2048, 2048)
    """
    us = min(us, TOP_US)
    exponent = max(0, us.bit_length() - _SUB_BUCKET_BITS)
    return (exponent << _HALF_BITS) + (us >> exponent)


def lowest_us(index: int) -> int:
    """Return the lowest value that falls into the bucket *index*."""
    exponent = _exponent(index)
    return (index - (exponent << _HALF_BITS)) << exponent


def highest_us(index: int) -> int:
    """Return the highest value that falls into the bucket *index*."""
    return lowest_us(index) + (1 << _exponent(index)) - 1


def _exponent(index: int) -> int:
    return max(0, (index >> _HALF_BITS) - 1)


def histogram_of(values_us: Iterable[int]) -> Histogram:
    """Return *values_us* as a histogram, as a worker records them, only slower."""
    counts: dict[int, int] = {}
    sum_us = over_range = 0
    for us in values_us:
        index = bucket_index(us)
        counts[index] = counts.get(index, 0) + 1
        sum_us += us
        over_range += us > TOP_US
    return Histogram(counts=counts, sum_us=sum_us, over_range=over_range)


def count(histogram: Histogram) -> int:
    """Return how many values were recorded."""
    return sum(histogram.counts.values())


def percentile_us(histogram: Histogram, percent: float) -> int:
    """
    Return the value that *percent* (0–100) of the recorded ones do not exceed, 0 for none.

    HdrHistogram's answer: the highest value of the bucket in which the n-th smallest lies,
    n = ⌊percent·count / 100 + ½⌋, at least 1; for 0 the lowest of the first bucket.
    """
    return percentiles_us(histogram, (percent,))[0]


def percentiles_us(histogram: Histogram, percents: Sequence[float]) -> list[int]:
    """Return `percentile_us` of each of *percents*, sorting the buckets only once."""
    if not histogram.counts:
        return [0 for _ in percents]
    indices, cumulative = _in_order(histogram)
    return [_value_us(indices, cumulative, percent) for percent in percents]


def _in_order(histogram: Histogram) -> tuple[list[int], list[int]]:
    """Return the buckets from low to high, and for each how many values are in it or below."""
    indices = sorted(histogram.counts)
    return indices, list(accumulate(map(histogram.counts.__getitem__, indices)))


def _value_us(indices: list[int], cumulative: list[int], percent: float) -> int:
    if percent <= 0:
        return lowest_us(indices[0])
    rank = max(1, int(min(percent, 100.0) * cumulative[-1] / 100 + 0.5))
    return highest_us(indices[bisect_left(cumulative, rank)])


def mean_us(histogram: Histogram) -> int:
    """Return the mean, from the exact sum and not from the buckets; 0 for none."""
    total = count(histogram)
    return round(histogram.sum_us / total) if total else 0


def min_us(histogram: Histogram) -> int:
    """Return the smallest value, to three digits; 0 for none."""
    return lowest_us(min(histogram.counts)) if histogram.counts else 0


def max_us(histogram: Histogram) -> int:
    """Return the largest value, to three digits; 0 for none."""
    return highest_us(max(histogram.counts)) if histogram.counts else 0


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """Return all of *histograms* as one: exact, in any order and grouping."""
    total = HistogramSum()
    for histogram in histograms:
        total.add(histogram)
    return total.histogram()


def latency(histogram: Histogram) -> Latency | None:
    """Return the figures that screens and reports show; `None` when nothing was recorded."""
    if not histogram.counts:
        return None
    indices, cumulative = _in_order(histogram)
    return Latency(
        min_us=lowest_us(indices[0]),
        mean_us=round(histogram.sum_us / cumulative[-1]),
        p50_us=_value_us(indices, cumulative, 50),
        p90_us=_value_us(indices, cumulative, 90),
        p95_us=_value_us(indices, cumulative, 95),
        p99_us=_value_us(indices, cumulative, 99),
        p99_9_us=_value_us(indices, cumulative, 99.9),
        max_us=highest_us(indices[-1]),
    )


class HistogramSum:
    """A histogram that others are added to, and taken away from again: both exact."""

    __slots__ = ("counts", "over_range", "sum_us")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.sum_us = 0
        self.over_range = 0

    def add(self, histogram: Histogram) -> None:
        """Count every value of *histogram*: 70 ns a bucket, the dearest part of a second."""
        counts = self.counts
        known = counts.get
        for index, number in histogram.counts.items():
            counts[index] = known(index, 0) + number
        self.sum_us += histogram.sum_us
        self.over_range += histogram.over_range

    def remove(self, histogram: Histogram) -> None:
        """Take back what an `add` of the same *histogram* counted."""
        counts = self.counts
        for index, number in histogram.counts.items():
            left = counts.get(index, 0) - number
            if left:
                counts[index] = left
            else:
                # An emptied bucket must go: minimum and maximum ask which buckets there are.
                counts.pop(index, None)
        self.sum_us -= histogram.sum_us
        self.over_range -= histogram.over_range

    def histogram(self) -> Histogram:
        """Return the sum so far, as a value that later changes do not touch."""
        return Histogram(counts=self.counts.copy(), sum_us=self.sum_us, over_range=self.over_range)
