"""Laws: how long a test server takes for a request, known before the test begins."""

import random
from collections.abc import Callable, Mapping

from vumeter.errors import UsageError
from vumeter.units import parse_duration_s

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


def parse_law(text: str) -> Law:
    """
    Return the law that *text* describes.

    `none`, `fixed:20ms`, `bimodal:5ms,50ms,10%` (fast, slow, how many are slow) or
    `path:/a=5ms,/b=50ms`.

    Raises:
        UsageError: *text* describes none.

    >>> parse_law("fixed:20ms")("/", 0)
    0.02
    """
    name, _, rest = text.partition(":")
    parts = [part.strip() for part in rest.split(",")]
    match name, parts:
        case "none", [""]:
            return fixed(0.0)
        case "fixed", [time]:
            return fixed(parse_duration_s(time))
        case "bimodal", [fast, slow, ratio] if ratio.endswith("%"):
            slow_ratio = float(ratio[:-1]) / 100
            return bimodal(parse_duration_s(fast), parse_duration_s(slow), slow_ratio=slow_ratio)
        case "path", pairs if all("=" in pair for pair in pairs):
            split = (pair.split("=", 1) for pair in pairs)
            return by_path({path: parse_duration_s(time) for path, time in split})
    raise UsageError(
        f'"{text}" is not a law.',
        hint='Write "none", "fixed:20ms", "bimodal:5ms,50ms,10%" or "path:/a=5ms,/b=50ms".',
    )
