"""
From what one instance bears to how many it takes, now and when the load has grown. Pure.

A load is whatever the capacity is in: iterations per second, or users at a time. The sources of
the formulas are in docs/measurement.md, "Forecasts".
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from vumeter.stats.usl import peak, throughput_per_s

MOST_INSTANCES = 1_000_000


class Scaling(Struct, frozen=True, kw_only=True):
    """
    What several instances lose against several times one: σ and κ of the Universal Scalability
    Law, N being instances. Both 0: nothing.
    """

    sigma: float = 0.0
    kappa: float = 0.0


LINEAR = Scaling()


def capacity_of(instances: int, *, capacity: float, scaling: Scaling = LINEAR) -> float:
    """
    Return what so many *instances* bear together, of which one bears *capacity*.

    >>> capacity_of(4, capacity=100), capacity_of(4, capacity=100, scaling=Scaling(sigma=1 / 3))
    (400.0, 200.0)
    """
    return throughput_per_s(
        instances, lambda_per_s=capacity, sigma=scaling.sigma, kappa=scaling.kappa
    )


def instances_for(
    load: float, *, capacity: float, utilisation_ratio: float, scaling: Scaling = LINEAR
) -> int | None:
    """
    Return the fewest instances that bear *load* at that utilisation or less, at least one.

    Linear: ⌈load / (capacity · utilisation)⌉. Else the smaller root of X(N) · utilisation = load,
    a quadratic in N. `None`: no number of instances does, or it takes a million and more.

    >>> instances_for(4000, capacity=180, utilisation_ratio=0.7)
    32
    >>> instances_for(4000, capacity=180, utilisation_ratio=0.7, scaling=Scaling(sigma=0.05))
    """
    wanted = load / utilisation_ratio
    most = peak(sigma=scaling.sigma, kappa=scaling.kappa)
    root = _root(wanted, capacity, scaling)
    if root is None or root > MOST_INSTANCES:
        return None
    # A hair beyond a whole number is that number: 7 × 0.1 / 0.7 is not to take two.
    number = max(1, math.ceil(root - 1e-9 * max(1.0, root)))
    if most is not None and number > max(1.0, most):
        # The peak lies between two whole numbers, of which the lower may still do.
        number = max(1, math.floor(most))
    bears = capacity_of(number, capacity=capacity, scaling=scaling)
    return number if bears >= wanted * (1 - 1e-9) else None


def _root(wanted: float, capacity: float, scaling: Scaling) -> float | None:
    """Return the least N, which need not be whole, with X(N) = *wanted*; `None`: there is none."""
    ratio, sigma, kappa = wanted / capacity, scaling.sigma, scaling.kappa
    # ratio·κ·N² − (1 − ratio·σ + ratio·κ)·N + ratio·(1 − σ) = 0, in the form that also holds
    # for κ = 0: 2c / (b + √(b² − 4ac)).
    slope = 1 - ratio * sigma + ratio * kappa
    under_root = slope**2 - 4 * ratio**2 * kappa * (1 - sigma)
    if slope <= 0 or under_root < 0:
        return None
    return 2 * ratio * (1 - sigma) / (slope + math.sqrt(under_root))


def grown(load: float, *, growth_ratio: float, months: float) -> float:
    """
    Return *load* after so many months of compound growth: load · (1 + growth)^months.

    >>> round(grown(100, growth_ratio=0.05, months=12), 1)
    179.6
    """
    return float(load * (1 + growth_ratio) ** months)


def monthly_ratio(yearly_ratio: float) -> float:
    """
    Return the growth in a month of which twelve make *yearly_ratio*: (1 + y)^(1/12) − 1.

    >>> round(monthly_ratio(0.7958563260), 6)
    0.05
    """
    return float((1 + yearly_ratio) ** (1 / 12) - 1)


def months_until(load: float, limit: float, *, growth_ratio: float) -> float | None:
    """
    Return when *load* has grown to *limit*: ln(limit / load) / ln(1 + growth); `None`: never.

    >>> round(months_until(100, 200, growth_ratio=0.05), 2), months_until(100, 90, growth_ratio=0.0)
    (14.21, 0.0)
    """
    if load >= limit:
        return 0.0
    if growth_ratio <= 0 or load <= 0:
        return None
    return math.log(limit / load) / math.log1p(growth_ratio)


def stretch(utilisation_ratio: float) -> float | None:
    """
    Return how many times longer than without a queue an answer takes, 1 / (1 − ρ), in M/M/1.

    `None`: at a full server queues have no end.

    >>> round(stretch(0.7), 1), stretch(1.0)
    (3.3, None)
    """
    return 1 / (1 - utilisation_ratio) if utilisation_ratio < 1 else None


def time_at(load: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """
    Return the response time at *load*, from a *curve* of loads and times; `None`: outside of it.

    Between two loads the reciprocal of the time is a straight line, as in M/M/1:
    docs/probe.md, "What it answers".

    >>> round(time_at(150, [(100, 20.0), (200, 40.0)]), 1)
    26.7
    """
    points = sorted(curve)
    for (low, fast), (high, slow) in pairwise(points):
        if low <= load <= high and high > low:
            share = (load - low) / (high - low)
            return 1 / ((1 - share) / fast + share / slow)
    return None
