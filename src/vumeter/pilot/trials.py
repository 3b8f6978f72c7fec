"""What the steps of a search say of where the limit is, and the load that follows from it."""

import math
from collections.abc import Callable, Sequence

from vumeter.pilot.crossing import Crossing, Trial, crossing
from vumeter.pilot.slo import severity
from vumeter.pilot.step import Judged
from vumeter.pilot.window import Second, batches_of, beyond, figure
from vumeter.thresholds.rule import Rule

_FARTHEST_BEYOND = 2.5
"""A queue with a figure so far beyond the limit has not come to rest."""
_FARTHEST_SHARE = 0.7
"""Of requests beyond the limit; the same of shares."""

_AT_REST_S = 8
"""Shorter steps tell little: a queue takes its time to become as long as it will be."""

Measure = Callable[[Rule, int, Sequence[Second]], float | None]


def limit_of(
    judged: Sequence[Judged], rules: Sequence[Rule], rule: Rule, *, around: float
) -> Crossing | None:
    """
    Return the load at which *rule* meets its limit, by all that was *judged*; `None`: no answer.

    By the shares beyond it, where that is a percentile and some steps have a few; else by the
    figure itself: where all requests take the same time, there is no share between all and none.
    """
    index = list(rules).index(rule)
    for measure, farthest in (
        (beyond, _FARTHEST_SHARE / (1 - rule.percent / 100 or 1)),
        (_by_figure, _FARTHEST_BEYOND),
    ):
        trials = _trials(judged, rule, index, measure, farthest)
        at_rest = [each for each in trials if each.seconds >= _AT_REST_S]
        for each in (at_rest, trials):
            found = crossing(each, around=around)
            if found is not None:
                return found
    return None


def _trials(
    judged: Sequence[Judged], rule: Rule, index: int, measure: Measure, farthest: float
) -> list[Trial]:
    trials = []
    for each in judged:
        if each.rule is None or not each.looked:
            continue
        parts = [measure(rule, index, part) for part in batches_of(each.looked)]
        known = tuple(ratio for ratio in parts if ratio is not None)
        if known and len(known) == len(parts) and sum(known) / len(known) <= farthest:
            trials.append(Trial(each.put_on, known, len(each.looked)))
    return trials


def _by_figure(rule: Rule, index: int, seconds: Sequence[Second]) -> float | None:
    found = figure(rule, index, seconds)
    return None if found is None else math.exp(severity(rule, found.value))
