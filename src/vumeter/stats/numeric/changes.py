"""Where a series changes its level at once: Pettitt's test, and again on both sides of it."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, rankdata

from vumeter.stats.numeric.trends import Floats, variance_factor

_SHORTEST = 10
"""Of fewer values on a side nobody can tell a level."""


def change_points(values: Sequence[float], *, p: float = 0.001, most: int = 5) -> list[int]:
    """
    Return the positions at which *values* begin to be at another level, in order.

    Pettitt's test finds the most likely one and how often chance makes one as sharp; where
    that is below *p*, both sides are searched again. docs/measurement.md, "Drift"
    """
    found: list[int] = []
    series = np.asarray(values, dtype=float)
    if len(series) >= 2 * _SHORTEST:
        _search(series, 0, p, _local_factor(series), found)
    return sorted(found[:most])


def _search(values: Floats, offset: int, p: float, factor: float, found: list[int]) -> None:
    if len(values) < 2 * _SHORTEST:
        return
    position, chance = _sharpest(values, factor)
    if chance >= p:
        return
    found.append(offset + position)
    _search(values[:position], offset, p, factor, found)
    _search(values[position:], offset + position, p, factor, found)


def _local_factor(values: Floats) -> float:
    """Return how much neighbours resemble each other beside the level of their surroundings."""
    reach = 2 * _SHORTEST + 1
    padded = np.pad(values, reach // 2, mode="reflect")
    surroundings = np.median(np.lib.stride_tricks.sliding_window_view(padded, reach), axis=1)
    return variance_factor(values - surroundings)


def _sharpest(values: Floats, factor: float) -> tuple[int, float]:
    """Return the likeliest change, and how often chance makes one as sharp."""
    n = len(values)
    ranks = rankdata(values)
    positions = np.arange(_SHORTEST, n - _SHORTEST + 1)
    sums = np.cumsum(ranks)[positions - 1]
    spread = np.sqrt(positions * (n - positions) * (n + 1) / 12)
    scores = np.abs(sums - positions * (n + 1) / 2) / spread
    best = int(np.argmax(scores))
    score = scores[best] / factor**0.5
    # Any of so many positions could have been the sharpest.
    return int(positions[best]), min(1.0, float(2 * norm.sf(score)) * len(positions))
