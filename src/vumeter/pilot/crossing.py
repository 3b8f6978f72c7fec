"""
Where a figure crosses its limit: a curve through what the steps around it came to.

A step says how large a share of its requests was beyond the limit, of p95 < 300ms five in a
hundred being allowed. Of shares, unlike percentiles, the mean over steps is that over all of
their requests, so that many short steps are as good as a long one. In M/M/1 the share is
e^(−(μ−λ)x): an exponential function of the load, which it is nearly of other queues near their
limit, too (Kingman's law of heavy traffic, 1961). docs/probe.md, "How long it has to look".
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_BANDWIDTH = math.log(1.18)
"""Farther away in load nothing is of that form; and the nearer a step is, the more it counts."""
_LEAST_SPREAD = math.log(1.01)
"""Loads that are all alike have no curve through them."""
_OUTSIDE = 1.15
"""A curve is not drawn out farther than that beyond its trials."""
_POWER = 1.5
"""Of the ratio, to which its variance is in proportion: 1 were that of independent counts."""
_LEAST_ERROR = 0.02
"""Of a trial, in proportion: what no batch can see."""
_ROUNDS = 4
"""So often the curve is drawn anew, around where the one before it crossed the limit."""
_ITERATIONS = 50
_LONGEST_STEP = 1.0
_SMALL = 1e-3


class Trial(NamedTuple):
    """What one step came to by the rule that is the tightest."""

    load: float
    """That was really put on: arrivals scatter, and a queue is as long as they make it."""
    batches: tuple[float, ...]
    """Of each of its parts, alike in length: what was beyond the limit, 1 being what may be."""
    seconds: int

    @property
    def ratio(self) -> float:
        """What was beyond the limit, by what may be: below 1 the limit is kept."""
        return sum(self.batches) / len(self.batches)


class Crossing(NamedTuple):
    """The load at which the limit is met."""

    load: float
    error: float
    """Its standard error."""
    trials: int
    """How many it is drawn from."""


class _Curve(NamedTuple):
    """ln ratio = height + slope · (load/around − 1)."""

    around: float
    height: float
    slope: float

    def at(self, load: float) -> float:
        return math.exp(min(8.0, max(-8.0, self.height + self.slope * (load / self.around - 1))))

    @property
    def crossing(self) -> float:
        return self.around * (1 - self.height / self.slope)


def crossing(trials: Sequence[Trial], *, around: float) -> Crossing | None:
    """
    Return where the curve through *trials* near *around* is at the limit; `None`: there is none.

    ln E[ratio] is linear in the load, the variance in proportion to a power of the ratio: a
    quasi-likelihood (McCullagh and Nelder, *Generalized Linear Models*, 9), fitted locally, a
    trial counting by its seconds and by the tricube of its distance (Cleveland, *JASA* 74, 1979).
    The error is that of the scores of the batches, neighbours being correlated (Newey and West,
    *Econometrica* 55, 1987).
    """
    found: Crossing | None = None
    for _ in range(_ROUNDS):
        found = _crossing(trials, around)
        if found is None:
            return None
        around = found.load
    return found


def _crossing(trials: Sequence[Trial], around: float) -> Crossing | None:
    near = [(each, weight) for each in trials if (weight := _weight(each, around)) > 0]
    loads = [each.load for each, _ in near]
    if len(near) < 2 or math.log(max(loads) / min(loads)) < _LEAST_SPREAD:
        return None
    curve = _fitted(near, around)
    if curve is None:
        return None
    load = curve.crossing
    if not min(loads) / _OUTSIDE <= load <= max(loads) * _OUTSIDE:
        return None
    return Crossing(load, _error(near, curve), len(near))


def _weight(trial: Trial, around: float) -> float:
    if trial.load <= 0:
        return 0.0
    distance = abs(math.log(trial.load / around)) / _BANDWIDTH
    return trial.seconds * (1 - distance**3) ** 3 if distance < 1 else 0.0


def _fitted(near: Sequence[tuple[Trial, float]], around: float) -> _Curve | None:
    """Return the curve, by Fisher scoring; `None`: it does not rise, or cannot be told."""
    curve = _Curve(around, 0.0, 10.0)
    for _ in range(_ITERATIONS):
        solved = _step(near, curve)
        if solved is None:
            return None
        up, tilt = solved
        length = max(abs(up), abs(tilt) * _BANDWIDTH)
        part = min(1.0, _LONGEST_STEP / length) if length else 1.0
        curve = _Curve(around, curve.height + part * up, curve.slope + part * tilt)
        if length < _SMALL:
            return curve if curve.slope > 0 else None
    return None


def _step(near: Sequence[tuple[Trial, float]], curve: _Curve) -> tuple[float, float] | None:
    matrix, scores = _information(near, curve), (0.0, 0.0)
    for trial, weight in near:
        x, pull = _score(trial, weight, curve, trial.ratio)
        scores = (scores[0] + pull, scores[1] + pull * x)
    return _solution(matrix, scores)


def _score(trial: Trial, weight: float, curve: _Curve, ratio: float) -> tuple[float, float]:
    expected = curve.at(trial.load)
    return trial.load / curve.around - 1, weight * (ratio - expected) * expected ** (1 - _POWER)


def _information(near: Sequence[tuple[Trial, float]], curve: _Curve) -> tuple[float, float, float]:
    first = second = third = 0.0
    for trial, weight in near:
        x, expected = trial.load / curve.around - 1, curve.at(trial.load)
        each = weight * expected ** (2 - _POWER)
        first, second, third = first + each, second + each * x, third + each * x * x
    return first, second, third


def _solution(
    matrix: tuple[float, float, float], right: tuple[float, float]
) -> tuple[float, float] | None:
    first, second, third = matrix
    determinant = first * third - second * second
    if determinant <= 1e-12 * first * third or first * third == 0:
        return None
    return (
        (third * right[0] - second * right[1]) / determinant,
        (first * right[1] - second * right[0]) / determinant,
    )


def _error(near: Sequence[tuple[Trial, float]], curve: _Curve) -> float:
    """
    Return the standard error of the crossing: A⁻¹BA⁻¹, A being the information, B of the scores.

    B is taken by batches, and by steps, and the greater one counts: what differs from step to
    step, batches of one do not see, and of few steps chance may make too little.
    """
    at = curve.crossing / curve.around - 1
    # How the crossing answers to height and slope.
    answer = _solution(_information(near, curve), (1.0, at))
    assert answer is not None, "the curve was fitted with it"
    by_batch, by_step, batches = 0.0, 0.0, 0
    for trial, weight in near:
        x = trial.load / curve.around - 1
        each = weight / len(trial.batches) * (answer[0] + answer[1] * x)
        pulls = [_score(trial, each, curve, ratio)[1] for ratio in trial.batches]
        alone = sum(pull * pull for pull in pulls)
        by_batch += max(alone / 2, alone + 2 * sum(a * b for a, b in pairwise(pulls)))
        by_step += sum(pulls) ** 2
        batches += len(pulls)
    by_batch *= batches / max(1, batches - 2)
    by_step *= len(near) / max(1, len(near) - 2)
    unseen = _LEAST_ERROR * math.sqrt(1 / len(near))
    return curve.around * math.hypot(math.sqrt(max(by_batch, by_step)), unseen) / curve.slope
