"""
The seconds of one load: figures with their uncertainty, and whether they are steady.

docs/probe.md, "How a step is judged", says the same for people, with the sources.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, stdev, variance
from typing import Any, NamedTuple

from vumeter.model.measure import GeneratorReading, Reading
from vumeter.pilot.slo import is_time, severity
from vumeter.stats import histogram
from vumeter.stats.tally import TallySum
from vumeter.thresholds.metrics import Seen
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.sums import Aggregate

MOST_BATCHES = 6
STEADY_WITHIN = 0.15
"""Two halves whose mean times differ by no more than 15 % agree, however little they scatter."""
_BUSY_CPU_PERCENT = 90.0
_FULL_RATIO = 0.9
_HARMLESS_RATIO = 0.15
"""Of the shortest limit: the generator's own lag, p99."""
_STEADY_ERRORS = 2.0
"""Else they agree within so many standard errors of their difference."""

# Student's t, one-sided 95 %, by degrees of freedom from 1 on.
_T95 = (6.31, 2.92, 2.35, 2.13, 2.02, 1.94, 1.89, 1.86, 1.83, 1.81)


class Second(NamedTuple):
    """What a search needs of one reading."""

    reading: Reading
    parts: tuple[Any, ...]
    """What each rule looks at."""
    requests: int
    mean_us: float | None
    """Of response times; `None`: nothing was answered."""
    is_clean: bool
    """Whether it tells of the target, and not of a generator that was the limit."""

    def done(self, scenario: str) -> int:
        """Return how many iterations of *scenario* ended in it."""
        counts = self.reading.scenarios.get(scenario)
        return counts.iterations_done if counts else 0


def second_of(reading: Reading, rules: Sequence[Rule]) -> Second:
    """Return what *reading* has for *rules*."""
    seen = Seen(reading.tallies, reading.scenarios, reading.metrics, reading)
    times = [
        tally.service if tally.response is None else tally.response
        for tally in reading.tallies.values()
    ]
    number = sum(histogram.count(each) for each in times)
    return Second(
        reading=reading,
        parts=tuple(rule.metric.part(seen, rule.selection) for rule in rules),
        requests=sum(tally.requests for tally in reading.tallies.values()),
        mean_us=sum(each.sum_us for each in times) / number if number else None,
        is_clean=_is_clean(reading.generator, rules),
    )


def _is_clean(generator: GeneratorReading, rules: Sequence[Rule]) -> bool:
    """
    Return whether the generator has no part in what *rules* look at.

    Lags that are short against every limit on times do no harm; without such a limit, or without
    CPU, descriptors or ports to spare, no second counts in which the generator was the limit.
    """
    if not generator.limited:
        return True
    limits_us = [1000 * rule.limit for rule in rules if is_time(rule)]
    if not limits_us or not has_room(generator):
        return False
    return generator.tick_lag_p99_us <= _HARMLESS_RATIO * min(limits_us)


def has_room(generator: GeneratorReading) -> bool:
    """Return whether it has CPU, descriptors and ports to spare: what limits it is not its load."""
    return (
        generator.cpu_percent < _BUSY_CPU_PERCENT
        and generator.descriptors < _FULL_RATIO * generator.descriptor_limit
        and generator.ports <= _FULL_RATIO * generator.port_limit
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """What one rule comes to over a window, and how sure that is."""

    value: float
    severity: float
    """How far beyond the limit, see `slo.severity`."""
    error: float
    """The standard error of *severity*, by batch means; infinity: too few batches."""
    t95: float
    """By how many of these errors it has to be away from the limit to be so with 95 %."""

    @property
    def is_clear(self) -> bool:
        """Whether it is on its side of the limit with 95 %."""
        return abs(self.severity) > self.t95 * self.error


def figure(rule: Rule, index: int, seconds: Sequence[Second]) -> Figure | None:
    """
    Return what *rule*, the one with *index*, comes to in *seconds*; `None`: nothing measured.

    The error is that of the mean of up to six consecutive batches' figures, which may depend
    on each other within a batch as they like (batch means: Law and Kelton, *Simulation Modeling
    and Analysis*, 9.5.3).
    """
    value = _value(rule, index, seconds)
    if value is None:
        return None
    batches = [_value(rule, index, batch) for batch in batches_of(seconds)]
    known = [severity(rule, each) for each in batches if each is not None]
    if len(known) < 2:
        return Figure(value, severity(rule, value), math.inf, 1.0)
    error = stdev(known) / math.sqrt(len(known))
    return Figure(value, severity(rule, value), error, t95(len(known) - 1))


def beyond(rule: Rule, index: int, seconds: Sequence[Second]) -> float | None:
    """
    Return what share of times was beyond the limit of *rule*, by the share that may be.

    `None`: *rule* is not about a percentile, or nothing came.
    """
    if rule.aggregate is not Aggregate.PERCENTILE or not is_time(rule) or rule.percent >= 100:
        return None
    limit_us = 1000 * rule.limit
    late = number = 0
    for second in seconds:
        counts: dict[int, int] = second.parts[index].counts
        number += sum(counts.values())
        late += sum(
            each for bucket, each in counts.items() if histogram.highest_us(bucket) > limit_us
        )
    return late / number / (1 - rule.percent / 100) if number else None


def t95(degrees: int) -> float:
    """Return Student's t, one-sided 95 %, for so many *degrees* of freedom, at least 1."""
    return _T95[degrees - 1] if degrees <= len(_T95) else 1.7


def mean_s(rule: Rule, index: int, seconds: Sequence[Second]) -> float | None:
    """Return the mean of the times that *rule*, the one with *index*, looks at."""
    mean_ms = _value(replace(rule, aggregate=Aggregate.AVG), index, seconds)
    return None if mean_ms is None else mean_ms / 1000


def _value(rule: Rule, index: int, seconds: Sequence[Second]) -> float | None:
    total = rule.metric.new_sum()
    for second in seconds:
        total.add(second.parts[index])
    return total.figure(rule.aggregate, percent=rule.percent, span_s=float(len(seconds)))


def batches_of(seconds: Sequence[Second]) -> list[Sequence[Second]]:
    """Return *seconds* in up to six parts, one after the other and about alike in length."""
    number = min(MOST_BATCHES, len(seconds))
    edges = [len(seconds) * each // number for each in range(number + 1)]
    return [seconds[start:end] for start, end in pairwise(edges)]


def is_steady(seconds: Sequence[Second]) -> bool:
    """
    Return whether both halves of *seconds* have the same mean response time and throughput.

    They have when their means differ by no more than two standard errors of the difference
    (Welch, *Biometrika* 34, 1947; two parts of one series are compared so by Geweke, 1992), or
    by no more than 15 %.
    """
    half = len(seconds) // 2
    if half < 1:
        return False
    times = [math.log(each.mean_us) if each.mean_us else None for each in seconds]
    rates = [math.log(each.requests) if each.requests else None for each in seconds]
    return _agree(times[:half], times[-half:]) and _agree(rates[:half], rates[-half:])


def drift(seconds: Sequence[Second]) -> float:
    """Return by what factor the mean response time grew from the first half to the second."""
    half = len(seconds) // 2
    halves = (seconds[:half], seconds[-half:])
    means = [[each.mean_us for each in part if each.mean_us] for part in halves]
    if not all(means):
        return 1.0
    return fmean(means[1]) / fmean(means[0])


def _agree(first: Sequence[float | None], second: Sequence[float | None]) -> bool:
    known = [[each for each in part if each is not None] for part in (first, second)]
    if not all(known):
        return not any(known)
    difference = abs(fmean(known[0]) - fmean(known[1]))
    if difference <= math.log1p(STEADY_WITHIN):
        return True
    if any(len(part) < 2 for part in known):
        return False
    return difference <= _STEADY_ERRORS * math.sqrt(
        sum(variance(part) / len(part) for part in known)
    )


class Sums(NamedTuple):
    """All requests of some seconds together."""

    requests_per_s: float
    in_flight: float
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    error_ratio: float


def sums(seconds: Sequence[Second]) -> Sums:
    """Return what all requests of *seconds* come to; N = X·R is Little's law."""
    total = TallySum()
    for second in seconds:
        for tally in second.reading.tallies.values():
            total.add(tally)
    figures = total.figures(float(len(seconds)))
    times = figures.latency
    if times is None:
        return Sums(figures.requests_per_s, 0.0, None, None, None, None, figures.error_ratio)
    return Sums(
        requests_per_s=figures.requests_per_s,
        in_flight=figures.requests_per_s * times.mean_us / 1e6,
        mean_ms=times.mean_us / 1000,
        p50_ms=times.p50_us / 1000,
        p95_ms=times.p95_us / 1000,
        p99_ms=times.p99_us / 1000,
        error_ratio=figures.error_ratio,
    )
