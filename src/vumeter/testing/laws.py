"""Laws: how long a test server takes for a request, known before the test begins."""

import random
from collections.abc import Callable, Mapping

Law = Callable[[str, int], float]
"""(path, number of the request since the server began, from 0) → seconds it shall take."""


def fixed(seconds: float) -> Law:
    """Return the law by which every request takes *seconds*."""
    return lambda path, number: seconds


def bimodal(fast_s: float, slow_s: float, *, slow_ratio: float, seed: int = 1) -> Law:
    """
    Return the law by which *slow_ratio* of the requests take *slow_s*, the others *fast_s*.

    Which ones is drawn once, from *seed*: in every thousand requests the ratio is exact,
    so that a percentile beside the step between the two is not left to chance.
    """
    slow = round(1000 * slow_ratio)
    order = [slow_s] * slow + [fast_s] * (1000 - slow)
    random.Random(seed).shuffle(order)
    return lambda path, number: order[number % 1000]


def by_path(seconds: Mapping[str, float], *, otherwise_s: float = 0.0) -> Law:
    """Return the law by which each path of *seconds* has its own time, its query apart."""
    return lambda path, number: seconds.get(path.partition("?")[0], otherwise_s)
