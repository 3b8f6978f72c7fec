"""
The arithmetic of `model.Histogram`: HdrHistogram's bucket layout over a sparse dict.

Lowest value 1 µs, highest 1 h, three significant digits: 2,048 sub-buckets, of which every
bucket but the first uses the upper half. `docs/measurement.md`, "Histograms", has the
layout and its error; the tests hold each function against the `hdrhistogram` package.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from vumeter.model.frame import Latency
from vumeter.model.measure import Histogram

TOP_US = 3_600_000_000
"""The highest value that is recorded as it is; what is above counts here."""

_HALF_BITS = 10
_SUB_BUCKET_BITS = _HALF_BITS + 1

_BUCKET_BITS = 64
"""Of a packed histogram: no count of a run comes near to what they hold."""
_PACKED = "packed"
_FEW = 200
_SPARSEST = 20
"""With so few buckets, or so far apart, a step for each costs less than one for all there are."""


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
    """Return `percentile_us` of each of *percents*, adding the buckets up only once."""
    if not histogram.counts:
        return [0 for _ in percents]
    in_order = _in_order(histogram.counts)
    return [_value_us(in_order, percent) for percent in percents]


def packed(histogram: Histogram) -> int:
    """
    Return the buckets as one whole number, 64 bits for each: worked out once per histogram.

    To add two histograms is then one addition, 9 µs at 7,000 buckets, where a dict takes 90 ns
    for each that is not empty; to take one away again is a subtraction, which never borrows.
    """
    known = vars(histogram)
    if _PACKED not in known:
        known[_PACKED] = _pack(histogram.counts)
    number: int = known[_PACKED]
    return number


def _pack(counts: dict[int, int]) -> int:
    if not counts:
        return 0
    lowest = min(counts)
    dense = [0] * (max(counts) - lowest + 1)
    for index, number in counts.items():
        dense[index - lowest] = number
    return int.from_bytes(array("Q", dense).tobytes(), sys.byteorder) << (_BUCKET_BITS * lowest)


def _unpack(number: int) -> "array[int]":
    """Return the buckets from the first on."""
    dense = array("Q")
    buckets = -(-number.bit_length() // _BUCKET_BITS)
    dense.frombytes(number.to_bytes(buckets * dense.itemsize, sys.byteorder))
    return dense


def _is_dense(counts: dict[int, int]) -> bool:
    return len(counts) > _FEW and max(counts) - min(counts) < _SPARSEST * len(counts)


_InOrder = tuple[Sequence[int], list[int]]
"""Buckets from low to high, and for each how many values are in it or below."""


def _in_order(counts: dict[int, int]) -> _InOrder:
    if _is_dense(counts):
        return _all_in_order(_pack(counts))
    indices = sorted(counts)
    return indices, list(accumulate(map(counts.__getitem__, indices)))


def _all_in_order(number: int) -> _InOrder:
    cumulative = list(accumulate(_unpack(number)))
    return range(len(cumulative)), cumulative


def _value_us(in_order: _InOrder, percent: float) -> int:
    indices, cumulative = in_order
    if percent <= 0:
        return lowest_us(indices[bisect_left(cumulative, 1)])
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
    several = [histogram for histogram in histograms if histogram.counts]
    if len(several) == 1:
        # As with one worker: to take it apart and put it together again is 1 ms for nothing.
        return several[0]
    total = HistogramSum()
    for histogram in several:
        total.add(histogram)
    return total.histogram()


def latency(histogram: Histogram) -> Latency | None:
    """Return the figures that screens and reports show; `None` when nothing was recorded."""
    return _latency(_in_order(histogram.counts), histogram.sum_us)


def _latency(in_order: _InOrder, sum_us: int) -> Latency | None:
    cumulative = in_order[1]
    if not cumulative:
        return None
    return Latency(
        min_us=_value_us(in_order, 0),
        mean_us=round(sum_us / cumulative[-1]),
        p50_us=_value_us(in_order, 50),
        p90_us=_value_us(in_order, 90),
        p95_us=_value_us(in_order, 95),
        p99_us=_value_us(in_order, 99),
        p99_9_us=_value_us(in_order, 99.9),
        max_us=_value_us(in_order, 100),
    )


class HistogramSum:
    """
    A histogram that others are added to, and taken away from again: both exact.

    Those with few buckets, or with wide gaps, are added bucket by bucket, the others packed:
    a second of 20 endpoints with 1,000 buckets each takes 10 ms instead of 50 to digest.
    """

    __slots__ = ("_counts", "_number", "over_range", "sum_us")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        """Of those with few."""
        self._number = 0
        """Of the others."""
        self.sum_us = 0
        self.over_range = 0

    def add(self, histogram: Histogram) -> None:
        """Count every value of *histogram*."""
        if _is_dense(histogram.counts):
            self._number += packed(histogram)
        else:
            self._add_few(histogram.counts)
        self.sum_us += histogram.sum_us
        self.over_range += histogram.over_range

    def remove(self, histogram: Histogram) -> None:
        """Take back values that were added, be it by other histograms."""
        if _is_dense(histogram.counts):
            self._number -= packed(histogram)
        else:
            self._remove_few(histogram.counts)
        self.sum_us -= histogram.sum_us
        self.over_range -= histogram.over_range

    def add_sum(self, other: "HistogramSum") -> None:
        """Count every value that *other* has counted."""
        self._number += other._number
        self._add_few(other._counts)
        self.sum_us += other.sum_us
        self.over_range += other.over_range

    def __bool__(self) -> bool:
        """Whether any value is counted."""
        return bool(self._number or self._counts)

    def count(self) -> int:
        """Return how many values were counted."""
        cumulative = self._in_order()[1]
        return cumulative[-1] if cumulative else 0

    def percentile_us(self, percent: float) -> int:
        """Return the value that *percent* of them do not exceed, 0 for none."""
        in_order = self._in_order()
        return _value_us(in_order, percent) if in_order[1] else 0

    def latency(self) -> Latency | None:
        """Return the figures of all that was counted, as `latency` does."""
        return _latency(self._in_order(), self.sum_us)

    def histogram(self) -> Histogram:
        """Return the sum so far, as a value that later changes do not touch."""
        counts = self._counts.copy()
        if self._number:
            dense = _unpack(self._all_packed())
            counts = {index: each for index, each in enumerate(dense) if each}
        return Histogram(counts=counts, sum_us=self.sum_us, over_range=self.over_range)

    def _add_few(self, more: dict[int, int]) -> None:
        counts = self._counts
        known = counts.get
        for index, number in more.items():
            counts[index] = known(index, 0) + number

    def _remove_few(self, fewer: dict[int, int]) -> None:
        counts = self._counts
        for index, number in fewer.items():
            left = counts.get(index, 0) - number
            if left:
                # Below zero, where it was added packed.
                counts[index] = left
            else:
                # An emptied bucket must go: the minimum asks which buckets there are.
                counts.pop(index, None)

    def _all_packed(self) -> int:
        more = {index: number for index, number in self._counts.items() if number > 0}
        less = {index: -number for index, number in self._counts.items() if number < 0}
        return self._number + _pack(more) - _pack(less)

    def _in_order(self) -> _InOrder:
        if self._number:
            return _all_in_order(self._all_packed())
        return _in_order(self._counts)
