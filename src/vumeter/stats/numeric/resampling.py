"""Runs as they might have been: windows drawn again in blocks, histograms and all."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vumeter.stats.numeric.trends import autocorrelation

Counts = NDArray[np.float64]
"""Rows are windows, or draws of them; columns are buckets, from low to high."""

_FEWEST_BLOCKS = 8


def block_length(values: Sequence[float]) -> int:
    """
    Return how many neighbouring *values* belong together, at least one.

    Twice as far as they resemble each other, and 2·n^⅓ at least; but so few that eight blocks
    make up the whole. docs/measurement.md, "Comparison"
    """
    series = np.asarray(values, dtype=float)
    resembling = len(autocorrelation(series)) + 1
    length = 2 * max(resembling, round(math.cbrt(len(series))))
    return max(1, min(length, len(series) // _FEWEST_BLOCKS))


def block_weights(windows: int, *, length: int, draws: int, seed: int) -> Counts:
    """
    Return how often each of *windows* is in each of so many *draws*: draws × windows.

    A circular block bootstrap: blocks begin anywhere, and the end is followed by the beginning,
    so that no window is drawn less than another. docs/measurement.md, "Comparison"
    """
    chance = np.random.default_rng(seed)
    blocks = -(-windows // length)
    starts = chance.integers(0, windows, size=(draws, blocks))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(draws, -1)[:, :windows] % windows
    weights = np.zeros((draws, windows))
    np.add.at(weights, (np.arange(draws)[:, None], drawn), 1.0)
    return weights


def percentile_positions(counts: Counts, percents: Sequence[float]) -> NDArray[np.int64]:
    """
    Return the bucket of each percentile of each row of *counts*: rows × percents.

    By HdrHistogram's rank, as `stats.histogram` has it. A row of zeros gives its last bucket.
    """
    cumulative = np.cumsum(counts, axis=1)
    totals = cumulative[:, -1]
    columns = []
    for percent in percents:
        ranks = np.maximum(1.0, np.floor(percent * totals / 100 + 0.5))
        found = np.sum(cumulative < ranks[:, None], axis=1)
        columns.append(np.minimum(found, counts.shape[1] - 1))
    return np.stack(columns, axis=1)
