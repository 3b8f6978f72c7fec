"""
What a closed model does not see of a stall, counted beside what it saw.

A VU that waits sends nothing, so a stall of the target is one slow request for each VU, where
users who come at their own pace would have met it again and again: coordinated omission.
`docs/measurement.md`, "Closed and open", has the formula, its source, and its limits.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from vumeter.model.frame import Latency
from vumeter.model.measure import Histogram, Stall
from vumeter.model.summary import Stalls
from vumeter.stats.histogram import (
    HistogramSum,
    count,
    histogram_of,
    latency,
    lowest_us,
    max_us,
    percentile_us,
)
from vumeter.stats.tally import TallySum

LONG_WAIT_RATIO = 10
"""A wait at least so many times the median is long, if it is also:"""

LONG_WAIT_US = 100_000

CHANCE = 0.01
"""A stall is one that slow answers of their own would make in fewer than so many runs."""

_FEWEST_VUS = 2
"""Of one alone, nobody can tell a stall from a slow answer."""

_MOST_STEPS = 500
"""Into which a wait is cut at most: what is finer than 0.2 % of it cannot be read off."""


def long_wait_us(times: Histogram) -> int:
    """Return from where on a wait is long, among others that took these *times*."""
    return max(LONG_WAIT_US, LONG_WAIT_RATIO * percentile_us(times, 50))


class StallSums(Struct, frozen=True, kw_only=True):
    """What a `StallLog` has collected, as a value."""

    vu_us: int
    waits: Histogram


class StallLog:
    """
    Collects the waits of a run's stalls, and how long VUs had something to do, in all.

    It may begin where another one of the same run was put away.
    """

    def __init__(self, sums: StallSums | None = None) -> None:
        self._vu_us = 0
        self._waits = HistogramSum()
        if sums is not None:
            self._vu_us = sums.vu_us
            self._waits.add(sums.waits)

    @property
    def sums(self) -> StallSums | None:
        """All that was collected, to be put away; `None`: there was no stall."""
        if not self._waits:
            return None
        return StallSums(vu_us=self._vu_us, waits=self._waits.histogram())

    def add(self, stalls: Iterable[Stall], totals: Mapping[str, TallySum], *, vu_us: int) -> None:
        """Take one worker's second; *totals* are those of the run so far, by request name."""
        self._vu_us += vu_us
        for stall in stalls:
            served = {name: totals[name].tally().service for name in stall.waits if name in totals}
            self._waits.add(beyond_chance(stall, served, vu_us=self._vu_us))

    def result(self, service: Histogram) -> Stalls | None:
        """Return what the run's stalls come to, of whose requests these are the times."""
        waits = self._waits.histogram()
        requests = count(waits)
        if not requests:
            return None
        # The pace that the VUs had while they were answered.
        others = max(1, count(service) - requests)
        interval_us = max(1, (self._vu_us - waits.sum_us) // others)
        unsent = omitted(waits, interval_us)
        corrected = HistogramSum()
        corrected.add(service)
        corrected.add(unsent)
        return Stalls(
            longest_us=max_us(waits),
            requests=requests,
            unsent=count(unsent),
            corrected=_figures(corrected),
        )


def beyond_chance(stall: Stall, served: Mapping[str, Histogram], *, vu_us: int) -> Histogram:
    """
    Return the long waits of *stall*; none if it may be no more than slow answers at once.

    A VU spends a share of its time in answers that take as long as w, or longer:

        q(w) = Σ x over all x ≥ w / Σ x

    Where answers are slow each for themselves, all of n VUs are in such at a moment with q to
    the power of n. That many VUs have T / w times in which it could have been so.

    Args:
        stall: One worker's.
        served: The times x that requests of these names took in the run.
        vu_us: For how long that worker's VUs have had something to do in the run: n · T.
    """
    waits = HistogramSum()
    shortest_us = vus = 0
    log_chance = 0.0
    for name, times in served.items():
        least_us = long_wait_us(times)
        for index, number in stall.waits[name].counts.items():
            waited_us = lowest_us(index)
            if waited_us < least_us:
                continue
            vus += number
            shortest_us = min(shortest_us or waited_us, waited_us)
            log_chance += number * math.log(_share_of_time(times, waited_us, stall.waits[name]))
            waits.add(Histogram(counts={index: number}, sum_us=number * waited_us))
    if vus < _FEWEST_VUS:
        return Histogram()
    log_times = math.log(max(1.0, vu_us / vus / shortest_us))
    return waits.histogram() if log_chance + log_times < math.log(CHANCE) else Histogram()


def omitted(waits: Histogram, interval_us: int) -> Histogram:
    """
    Return the waits that HdrHistogram's correction adds for those of *waits*.

    For each w: w − I, w − 2I, … above 0, where I is the expected interval between two
    requests of whoever waited.

    >>> from vumeter.stats.histogram import histogram_of
    >>> omitted(histogram_of([1_000]), 300).counts
    {700: 1, 400: 1, 100: 1}
    """
    added = HistogramSum()
    for index, number in waits.counts.items():
        waited_us = lowest_us(index)
        steps = (waited_us - 1) // interval_us
        if steps < 1:
            continue
        parts = min(steps, _MOST_STEPS)
        # Steps that are too many to be told apart are taken several at a time: the same in all.
        for value_us, several in _spread(waited_us, interval_us, steps=steps, parts=parts):
            one = histogram_of([value_us])
            [bucket] = one.counts
            times = several * number
            added.add(Histogram(counts={bucket: times}, sum_us=value_us * times))
    return added.histogram()


def _spread(
    waited_us: int, interval_us: int, *, steps: int, parts: int
) -> Iterator[tuple[int, int]]:
    """Return the mean of each of *parts* runs of steps, and how many it stands for."""
    for part in range(parts):
        first, after = steps * part // parts + 1, steps * (part + 1) // parts + 1
        yield waited_us - interval_us * (first + after - 1) // 2, after - first


def _share_of_time(times: Histogram, waited_us: int, own: Histogram) -> float:
    """Return q; *own* waits, whose requests may not have been counted yet, are in it."""
    counted_us = sum(
        number * lowest_us(index)
        for index, number in times.counts.items()
        if lowest_us(index) >= waited_us
    )
    long_us = max(counted_us, own.sum_us)
    return long_us / (times.sum_us + long_us - counted_us)


def _figures(times: HistogramSum) -> Latency:
    figures = latency(times.histogram())
    assert figures is not None, "of a run that had requests"
    return figures
