"""
The Universal Scalability Law: what N of something do together, and what they cost each other.

X(N) = λN / (1 + σ(N−1) + κN(N−1)): N. J. Gunther, *Guerrilla Capacity Planning*, 2007, chapter 4;
in its three-parameter form of 2018. N are requests in flight in one server, or servers.
"""

import math
from collections.abc import Sequence

from vumeter.model.pilot import Usl

LEAST_POINTS = 4


def throughput_per_s(n: float, *, lambda_per_s: float, sigma: float, kappa: float) -> float:
    """
    Return X(N).

    >>> throughput_per_s(4, lambda_per_s=100, sigma=0.0, kappa=0.0)
    400.0
    """
    return lambda_per_s * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def peak(*, sigma: float, kappa: float) -> float | None:
    """
    Return the N of which there is most throughput, √((1−σ)/κ); `None`: more is always more.

    >>> peak(sigma=0.02, kappa=0.0005)
    44.27...
    """
    return math.sqrt((1 - sigma) / kappa) if kappa > 0 and sigma < 1 else None


def fitted(points: Sequence[tuple[float, float]]) -> Usl | None:
    """
    Return the law that fits *points*, N and X of each, best; `None`: fewer than four, or alike.

    N/X is a parabola of N with the coefficients 1/λ of 1, σ/λ of N−1 and κ/λ of N(N−1), so that
    the fit is one linear least squares, each point weighted by X² for errors in proportion; σ and
    κ are not below 0. R² is that of X.
    """
    if len({round(n, 6) for n, _ in points}) < LEAST_POINTS:
        return None
    best = min(
        (found for use in _SUBSETS if (found := _solution(points, use)) is not None),
        key=lambda found: found[0],
        default=None,
    )
    return None if best is None else _law(best[1], points)


# Which of σ and κ may differ from 0: least squares within bounds is the best of these.
_SUBSETS = ((True, True), (True, False), (False, True), (False, False))


def _solution(
    points: Sequence[tuple[float, float]], use: tuple[bool, bool]
) -> tuple[float, tuple[float, float, float]] | None:
    """Return the weighted squares that are left and the coefficients, where they are possible."""
    columns = [0, *(index for index, wanted in enumerate(use, start=1) if wanted)]
    rows = [
        ([basis[column] * x for column in columns], n / x * x)
        for n, x in points
        for basis in [(1.0, n - 1, n * (n - 1))]
    ]
    size = len(columns)
    normal = [
        [sum(row[i] * row[j] for row, _ in rows) for j in range(size)]
        + [sum(row[i] * y for row, y in rows)]
        for i in range(size)
    ]
    solved = _solved(normal)
    if solved is None or solved[0] <= 0 or any(each < 0 for each in solved[1:]):
        return None
    left = sum((y - sum(value * solved[i] for i, value in enumerate(row))) ** 2 for row, y in rows)
    full = [0.0, 0.0, 0.0]
    for column, value in zip(columns, solved, strict=True):
        full[column] = value
    return left, (full[0], full[1], full[2])


def _solved(rows: list[list[float]]) -> list[float] | None:
    """Return the solution of a system of linear equations, by Gauss with pivots."""
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        if abs(rows[column][column]) < 1e-12:
            return None
        for row in range(size):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [rows[index][size] / rows[index][index] for index in range(size)]


def _law(
    coefficients: tuple[float, float, float], points: Sequence[tuple[float, float]]
) -> Usl | None:
    first, second, third = coefficients
    lambda_per_s, sigma, kappa = 1 / first, second / first, third / first

    def throughput(n: float) -> float:
        return throughput_per_s(n, lambda_per_s=lambda_per_s, sigma=sigma, kappa=kappa)

    mean = sum(x for _, x in points) / len(points)
    spread = sum((x - mean) ** 2 for _, x in points)
    if spread <= 0:
        return None
    left = sum((x - throughput(n)) ** 2 for n, x in points)
    peak_in_flight = peak(sigma=sigma, kappa=kappa)
    if peak_in_flight is not None:
        peak_per_s: float | None = throughput(max(1.0, peak_in_flight))
    else:
        peak_per_s = lambda_per_s / sigma if sigma > 0 else None
    return Usl(
        lambda_per_s=lambda_per_s,
        sigma=sigma,
        kappa=kappa,
        peak_in_flight=peak_in_flight,
        peak_per_s=peak_per_s,
        r_squared=1 - left / spread,
        points=len(points),
    )
