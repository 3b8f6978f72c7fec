"""
Rank correlation of two series, with a lag, and with how much it says. Pure.

Values are equally far apart; `None` is a gap. docs/measurement.md, "Why", has the sources.
"""

import math
from collections.abc import Sequence
from operator import mul
from statistics import NormalDist
from typing import NamedTuple, TypeVar, cast

T = TypeVar("T")

Values = Sequence[float | None]

_NEARER_RHO = 0.02
"""A lag that is farther from zero has to fit better by so much to be believed."""

_SPEARMAN_VARIANCE = 1.06
"""Of Fisher's z of a rank correlation, times n − 3 (Fieller, Hartley and Pearson, 1957)."""


class Lagged(NamedTuple):
    """The lag at which two series go together best."""

    lag: int
    """By how many values the first is ahead of the second; negative: behind."""
    rho: float
    points: int
    """How many pairs of values it is of."""


def ranks(values: Sequence[float]) -> list[float]:
    """
    Return the rank of each value, from 1; equal ones share the mean of theirs.

    >>> ranks([30.0, 10.0, 30.0, 20.0])
    [3.5, 1.0, 3.5, 2.0]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for at in order[start:end]:
            found[at] = (start + 1 + end) / 2
        start = end
    return found


def pearson(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the linear correlation, −1 to 1; 0 where one of the two is constant."""
    n = len(first)
    if n < 2:
        return 0.0
    first_mean, second_mean = sum(first) / n, sum(second) / n
    shared: float = sum(map(mul, first, second)) - n * first_mean * second_mean
    first_spread = sum(map(mul, first, first)) - n * first_mean * first_mean
    second_spread = sum(map(mul, second, second)) - n * second_mean * second_mean
    # Rounding leaves a constant with a spread a hair from zero.
    if first_spread <= 1e-9 * n or second_spread <= 1e-9 * n:
        return 0.0
    return max(-1.0, min(1.0, shared / math.sqrt(first_spread * second_spread)))


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the correlation of the ranks, −1 to 1; 0 where one of the two is constant."""
    return pearson(ranks(first), ranks(second))


def best_lag(
    first: Values, second: Values, *, most: int, least_points: int, sign: int = 0
) -> Lagged | None:
    """
    Return the lag from −*most* to *most* at which the two go together best.

    All lags are tried on the ranks of the whole, and the best one is then computed on its own.

    Args:
        first: What may be ahead.
        second: What it is compared with, as long as *first*.
        most: How far to look, in values.
        least_points: Lags with fewer pairs do not count.
        sign: 1: rise with rise; −1: rise with fall; 0: either.

    Returns:
        The best one; `None`: there are too few pairs, or one of the two is constant.
    """
    one, other = _centred_ranks(first), _centred_ranks(second)
    spread = math.sqrt(sum(map(mul, one, one)) * sum(map(mul, other, other)))
    if not spread:
        return None
    best: tuple[float, int] | None = None
    for lag in sorted(range(-most, most + 1), key=abs):
        ahead, behind = _shifted(one, other, lag)
        if len(ahead) < least_points:
            continue
        # As if what hangs over at the ends were like the rest.
        rho = sum(map(mul, ahead, behind)) / spread * len(one) / len(ahead)
        fit = abs(rho) if sign == 0 else sign * rho
        if best is None or fit > best[0] + _NEARER_RHO:
            best = fit, lag
    if best is None or best[0] <= 0:
        return None
    pairs = pairs_at(first, second, best[1])
    if len(pairs[0]) < least_points:
        return None
    return Lagged(lag=best[1], rho=spearman(*pairs), points=len(pairs[0]))


def independent_points(first: Sequence[float], second: Sequence[float]) -> float:
    """
    Return how many independent pairs would say as much as these, which resemble neighbours.

    1/n* = 1/n + 2/n · Σ (n − j)/n · r₁(j) · r₂(j), j from 1 to n/5, with the autocorrelations
    of the ranks (Pyper and Peterman, 1998).
    """
    n = len(first)
    one, other = (_autocorrelations(ranks(values), n // 5) for values in (first, second))
    shared = sum(
        (n - j) / n * r1 * r2 for j, (r1, r2) in enumerate(zip(one, other, strict=True), 1)
    )
    return min(float(n), n / max(1.0, 1 + 2 * shared))


def chance(rho: float, *, independent: float, trials: int = 1) -> float:
    """
    Return how often chance alone brings such a correlation, or a larger one, in *trials* tries.

    By Fisher's z, with Spearman's variance, and Šidák's correction for many tries.
    """
    if independent <= 4:
        return 1.0
    z = math.atanh(min(abs(rho), 0.999_999)) * math.sqrt((independent - 3) / _SPEARMAN_VARIANCE)
    p = 2 * (1 - NormalDist().cdf(z))
    return 1 - (1 - p) ** trials


def _autocorrelations(values: Sequence[float], most: int) -> list[float]:
    """Return how far *values* resemble themselves one later, two later, up to *most* later."""
    mean = sum(values) / len(values)
    centred = [value - mean for value in values]
    spread = sum(map(mul, centred, centred)) or 1.0
    return [sum(map(mul, centred, centred[lag:])) / spread for lag in range(1, most + 1)]


def _centred_ranks(values: Values) -> list[float]:
    """Return the ranks about their mean; a gap is at the mean, where it weighs nothing."""
    known = [value for value in values if value is not None]
    middle = (len(known) + 1) / 2
    ranked = iter(ranks(known))
    return [0.0 if value is None else next(ranked) - middle for value in values]


def _shifted(first: Sequence[T], second: Sequence[T], lag: int) -> tuple[Sequence[T], Sequence[T]]:
    if lag >= 0:
        return first[: len(first) - lag], second[lag:]
    return first[-lag:], second[: len(second) + lag]


def pairs_at(first: Values, second: Values, lag: int) -> tuple[list[float], list[float]]:
    """Return the values of the two that belong together where *first* is ahead by *lag*."""
    ahead, behind = _shifted(first, second, lag)
    if None not in ahead and None not in behind:
        return cast(list[float], ahead), cast(list[float], behind)
    found = [
        (one, other)
        for one, other in zip(ahead, behind, strict=True)
        if one is not None and other is not None
    ]
    return [one for one, _ in found], [other for _, other in found]
