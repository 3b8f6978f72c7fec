"""
Where a figure crosses its limit: a straight line through what the steps around it came to.

In a queue the reciprocal of the response time falls in proportion to the load: of M/M/1, p95 is
3.0/(μ−λ), so that limit/p95 is a straight line which is 1 at the load that is looked for; of
others it is nearly one in the neighbourhood (Kingman's law of heavy traffic, 1961).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

_FARTHEST_BEYOND = math.log(2.5)
"""A queue that is so far beyond the limit has not come to rest."""
_NEAR_LOAD = math.log(1.3)
"""Farther away in load, nothing is a straight line."""
_OUTSIDE = 1.15
"""A line is not drawn out farther than that beyond its trials."""
_LEAST_ERROR = 0.02


class Trial(NamedTuple):
    """What one step came to by the rule that is the tightest."""

    load: float
    severity: float
    error: float
    """The severity's standard error, as far as a few batches can tell."""
    seconds: int


class Crossing(NamedTuple):
    """The load at which the limit is met."""

    load: float
    error: float
    """Its standard error."""
    trials: int
    """How many it is drawn from."""


def crossing(trials: Sequence[Trial], *, around: float) -> Crossing | None:
    """
    Return where the line through *trials* near *around* is at the limit; `None`: there is none.

    Least squares with weights 1/error²; the error of the crossing is that of the line there,
    divided by its slope, and greater where the trials scatter more than their own errors say.
    """
    near = [
        each
        for each in trials
        if each.severity <= _FARTHEST_BEYOND
        and abs(math.log(each.load / around)) <= _NEAR_LOAD
        and math.isfinite(each.error)
    ]
    if len({each.load for each in near}) < 2:
        return None
    # Few batches tell little of one step's error, and all of them together a lot: what differs
    # from step to step is for how long it was looked at.
    noise = sum(each.seconds * each.error**2 for each in near) / len(near)
    ys = [math.exp(-each.severity) for each in near]
    errors = [
        y * max(math.sqrt(noise / each.seconds), _LEAST_ERROR)
        for y, each in zip(ys, near, strict=True)
    ]
    weights = [1 / error**2 for error in errors]
    total = sum(weights)
    mean_x = sum(w * each.load for w, each in zip(weights, near, strict=True)) / total
    mean_y = sum(w * y for w, y in zip(weights, ys, strict=True)) / total
    spread = sum(w * (each.load - mean_x) ** 2 for w, each in zip(weights, near, strict=True))
    slope = (
        sum(
            w * (each.load - mean_x) * (y - mean_y)
            for w, each, y in zip(weights, near, ys, strict=True)
        )
        / spread
    )
    if slope >= 0:
        return None
    load = mean_x + (1 - mean_y) / slope
    loads = [each.load for each in near]
    if not min(loads) / _OUTSIDE <= load <= max(loads) * _OUTSIDE:
        return None
    scatter = 1.0
    if len(near) > 2:
        misses = (
            w * (y - mean_y - slope * (each.load - mean_x)) ** 2
            for w, each, y in zip(weights, near, ys, strict=True)
        )
        scatter = max(1.0, sum(misses) / (len(near) - 2))
    error = math.sqrt(scatter * (1 / total + (load - mean_x) ** 2 / spread)) / -slope
    return Crossing(load, error, len(near))
