"""
Whether two runs differ: their windows are drawn again in blocks, and their figures with them.

A figure of a draw is that of its merged histogram, as the figure of the run is that of its own:
no percentile is averaged. docs/measurement.md, "Comparison"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t as student

from vumeter.model.comparison import Metric
from vumeter.model.measure import Histogram
from vumeter.stats.histogram import highest_us, percentile_us
from vumeter.stats.numeric.resampling import (
    Counts,
    block_length,
    block_weights,
    percentile_positions,
)
from vumeter.stats.numeric.trends import Floats
from vumeter.stats.windows import Windows

DRAWS = 200
"""The spread of so many draws is known to 1/√400, 5 %."""

FEWEST_WINDOWS = 16
"""Of fewer there are too few blocks to tell what chance does."""

FEWEST_BEYOND = 10
"""So many requests must be slower than a percentile before it is compared."""

_SEED = 20_260_101
_FIGURES = (50.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far a figure of one run is from that of another."""

    change: float
    """b / a − 1; of errors b − a."""
    low: float
    high: float
    """Between these two lies the true one, in nineteen cases of twenty."""
    p: float
    """How often chance alone makes such a change, or a larger one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A run's figures, and what they were in each draw; NaN where there was none."""

    figures: dict[Metric, float]
    draws: dict[Metric, Floats] = field(default_factory=dict)
    blocks: int = 0


def figures(windows: Windows) -> dict[Metric, float]:
    """Return the whole run's figures, in ms, per second and as a share, of what there is enough."""
    return _drawn(windows, None, 0).figures


def differences(a: Windows, b: Windows, *, is_paired: bool) -> dict[Metric, Difference]:
    """
    Return how far *b* is from *a*, for each metric that both have enough of.

    Args:
        a: The run that is compared with.
        b: The other one, in windows of the same length.
        is_paired: Whether the same moment of both was under the same load, as in two runs of one
            plan. Then the same blocks are drawn of both, and what a ramp does to both alike is
            no uncertainty.
    """
    windows = min(len(a.requests), len(b.requests))
    if windows < FEWEST_WINDOWS:
        return {}
    if is_paired:
        a, b = _first(a, windows), _first(b, windows)
    length = max(_block_length(a), _block_length(b))
    drawn_a = _drawn(a, _weights(a, length, 0), length)
    drawn_b = _drawn(b, _weights(b, length, 0 if is_paired else 1), length)
    both = drawn_a.draws.keys() & drawn_b.draws.keys()
    return {
        metric: _difference(metric, drawn_a, drawn_b, is_paired=is_paired)
        for metric in Metric
        if metric in both
    }


def adjusted(several: Sequence[float]) -> list[float]:
    """
    Return Holm's adjustment of several p: below α in not more than α of all comparisons.

    >>> adjusted([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(several)), key=several.__getitem__)
    found, highest = [1.0] * len(several), 0.0
    for rank, position in enumerate(order):
        highest = max(highest, min(1.0, several[position] * (len(several) - rank)))
        found[position] = highest
    return found


def _difference(metric: Metric, a: _Drawn, b: _Drawn, *, is_paired: bool) -> Difference:
    if metric is Metric.ERRORS:
        centre = b.figures[metric] - a.figures[metric]
        draws_a, draws_b = a.draws[metric], b.draws[metric]
    else:
        centre = float(np.log(b.figures[metric] / a.figures[metric]))
        draws_a, draws_b = _logarithms(a.draws[metric]), _logarithms(b.draws[metric])
    error, freedom = _error(draws_a, draws_b, a.blocks, b.blocks, is_paired=is_paired)
    if error == 0:
        low = high = centre
        p = 1.0 if centre == 0 else 0.0
    else:
        reach = float(student.ppf(0.975, freedom)) * error
        low, high = centre - reach, centre + reach
        p = float(2 * student.sf(abs(centre) / error, freedom))
    if metric is Metric.ERRORS:
        return Difference(change=centre, low=low, high=high, p=p)
    change, low, high = (float(np.expm1(each)) for each in (centre, low, high))
    return Difference(change=change, low=low, high=high, p=p)


def _logarithms(values: Floats) -> Floats:
    """Return them; a draw that happens to have none of a rare request has no figure."""
    return np.log(np.where(values > 0, values, np.nan))


def _error(
    a: Floats, b: Floats, blocks_a: int, blocks_b: int, *, is_paired: bool
) -> tuple[float, float]:
    """Return the standard error of b − a, and Student's degrees of freedom (Welch's)."""
    if is_paired:
        # A draw has as many blocks as the run, whose variance misses one of them.
        variance = float(np.nanvar(b - a)) * blocks_a / (blocks_a - 1)
        return variance**0.5, blocks_a - 1
    of_a = float(np.nanvar(a)) * blocks_a / (blocks_a - 1)
    of_b = float(np.nanvar(b)) * blocks_b / (blocks_b - 1)
    total = of_a + of_b
    if total == 0:
        return 0.0, 1.0
    return total**0.5, total**2 / (of_a**2 / (blocks_a - 1) + of_b**2 / (blocks_b - 1))


def _drawn(windows: Windows, weights: Counts | None, length: int) -> _Drawn:
    """Return the figures of the whole, and of each of the draws that *weights* make."""
    whole = np.ones((1, len(windows.requests)))
    found = _figures_of(windows, whole if weights is None else np.vstack((whole, weights)))
    return _Drawn(
        figures={metric: float(values[0]) for metric, values in found.items()},
        draws={metric: values[1:] for metric, values in found.items()},
        blocks=max(2, len(windows.requests) // length) if length else 0,
    )


def _figures_of(windows: Windows, weights: Counts) -> dict[Metric, Floats]:
    requests = weights @ np.asarray(windows.requests, dtype=float)
    found: dict[Metric, Floats] = {}
    answered = sum(sum(each.values()) for each in windows.histograms)
    if answered:
        buckets = sorted({index for each in windows.histograms for index in each})
        values_ms = np.array([highest_us(index) / 1000 for index in buckets])
        positions = percentile_positions(weights @ _matrix(windows, buckets), _FIGURES)
        for column, (metric, percent) in enumerate(zip(Metric, _FIGURES, strict=False)):
            if answered * (1 - percent / 100) >= FEWEST_BEYOND:
                found[metric] = values_ms[positions[:, column]]
    if sum(windows.requests):
        found[Metric.RATE] = requests / (weights @ np.asarray(windows.seconds, dtype=float))
        failed = weights @ np.asarray(windows.errors, dtype=float)
        found[Metric.ERRORS] = failed / np.maximum(requests, 1.0)
    return found


def _matrix(windows: Windows, buckets: Sequence[int]) -> Counts:
    columns = {index: column for column, index in enumerate(buckets)}
    matrix = np.zeros((len(windows.histograms), len(buckets)))
    for row, counts in enumerate(windows.histograms):
        for index, number in counts.items():
            matrix[row, columns[index]] = number
    return matrix


def _block_length(windows: Windows) -> int:
    """Return how many windows resemble each other, by their means or by their slow requests."""
    several = [each for each in windows.histograms if each]
    if len(several) < FEWEST_WINDOWS:
        return 1
    return max(block_length(_percentiles(several, percent)) for percent in (50.0, 95.0))


def _percentiles(histograms: Sequence[Mapping[int, int]], percent: float) -> list[float]:
    return [percentile_us(Histogram(counts=dict(each)), percent) for each in histograms]


def _weights(windows: Windows, length: int, stream: int) -> Counts:
    return block_weights(len(windows.requests), length=length, draws=DRAWS, seed=_SEED + stream)


def _first(windows: Windows, number: int) -> Windows:
    return Windows(
        histograms=windows.histograms[:number],
        requests=windows.requests[:number],
        errors=windows.errors[:number],
        seconds=windows.seconds[:number],
    )
