"""
A straight line through a few noisy values, while a run goes on. Pure.

`stats.numeric.trends` does the same for whole runs, with a correction for neighbours that
resemble each other. It needs numpy and scipy, a second of loading and 50 MB, which a run
process does not pay for: this is for a hundred values and the standard library.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import NormalDist, median
from typing import NamedTuple


class Line(NamedTuple):
    """The slope through some values, and where the true one lies as far as can be told."""

    per_x: float
    low_per_x: float
    high_per_x: float


def line_through(points: Sequence[tuple[float, float]], *, confidence: float = 0.99) -> Line | None:
    """
    Return Theil–Sen's slope through *points*, with Sen's interval; `None`: they have none.

    The slope is the median of those between all pairs, so that a third of the values may be
    anything; 60 points, which are 1770 pairs, take 0.3 ms. The interval has the slopes that
    are as far from the middle one as Kendall's S goes by chance, (N ± z·√(n(n−1)(2n+5)/18)) / 2
    of N. docs/measurement.md, "Leaks"

    >>> line_through([(0, 1), (1, 3), (2, 5), (3, 70), (4, 9)]).per_x
    2.0
    """
    slopes = sorted(
        (later_y - y) / (later_x - x)
        for (x, y), (later_x, later_y) in combinations(points, 2)
        if later_x != x
    )
    if not slopes:
        return None
    n = len(points)
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, round((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, round((len(slopes) + reach) / 2))
    return Line(median(slopes), slopes[low], slopes[high])
