"""Whether a series climbs or falls, and how fast: Theil–Sen's slope, held to autocorrelation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]

FEWEST = 10
"""Of fewer values no interval is worth its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A straight line through a series, that outliers do not move."""

    per_x: float
    """The median of the slopes between all pairs of values."""
    low_per_x: float
    high_per_x: float
    """Between these two lies the true one, with the confidence that was asked for."""
    intercept: float
    """At x = 0, so that half of the values lie above the line."""
    factor: float
    """Of the variance, for what neighbouring values have in common beside the slope."""

    @property
    def is_real(self) -> bool:
        """Whether 0 is not between the two."""
        return self.low_per_x > 0 or self.high_per_x < 0

    def at(self, x: float) -> float:
        """Return where the line is at *x*."""
        return self.intercept + self.per_x * x


def slope(xs: Sequence[float], ys: Sequence[float], *, confidence: float = 0.99) -> Slope | None:
    """
    Return Theil–Sen's slope of *ys* over *xs*, with Sen's interval; `None`: too few values.

    The interval comes from the variance of Kendall's S, which Hamed and Rao's factor widens by
    as much as neighbouring values resemble each other. docs/measurement.md, "Drift"
    """
    if len(xs) < FEWEST:
        return None
    x, y = np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)
    first, second = np.triu_indices(len(x), 1)
    slopes = np.sort((y[second] - y[first]) / (x[second] - x[first]))
    middle = float(np.median(slopes))
    n, pairs = len(x), len(slopes)
    factor = variance_factor(y - middle * x)
    variance = n * (n - 1) * (2 * n + 5) / 18 * factor
    reach = float(norm.ppf(0.5 + confidence / 2)) * variance**0.5
    low = max(0, int((pairs - reach) / 2))
    high = min(pairs - 1, int(np.ceil((pairs + reach) / 2)))
    return Slope(
        per_x=middle,
        low_per_x=float(slopes[low]),
        high_per_x=float(slopes[high]),
        intercept=float(np.median(y - middle * x)),
        factor=factor,
    )


def variance_factor(values: Floats) -> float:
    """
    Return by what the variance of a rank sum over *values*, without their trend, has to grow.

    1 + 2/(n(n−1)(n−2)) · Σ (n−k)(n−k−1)(n−k−2)·ρ(k), with ρ the autocorrelation of the ranks
    up to the first lag at which it cannot be told from none. Never below 1.
    docs/measurement.md, "Drift"
    """
    n = len(values)
    total = sum(
        (n - lag) * (n - lag - 1) * (n - lag - 2) * each
        for lag, each in enumerate(autocorrelation(rankdata(values)), start=1)
    )
    return max(1.0, 1 + 2 * total / (n * (n - 1) * (n - 2)))


def autocorrelation(values: Floats) -> list[float]:
    """
    Return the autocorrelation of *values* at lags 1, 2, … up to where there is none any more.

    That is the first lag at which it is below 1.645/√n, what chance alone stays under in
    nineteen of twenty cases; and no lag beyond a third of the values.
    """
    centred = values - values.mean()
    power = float(centred @ centred)
    found: list[float] = []
    if power == 0:
        return found
    for lag in range(1, len(values) // 3):
        each = float(centred[lag:] @ centred[:-lag]) / power
        if each < 1.645 / len(values) ** 0.5:
            break
        found.append(each)
    return found
