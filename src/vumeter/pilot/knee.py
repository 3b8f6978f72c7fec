"""The knee of a response-time curve."""

from collections.abc import Sequence

from vumeter.model.pilot import LoadPoint

_LEAST_POINTS = 5
_LEAST_BEND = 0.2
"""Of the unit square: a curve that lies no farther below its chord has no knee."""


def knee(curve: Sequence[LoadPoint]) -> float | None:
    """
    Return the load beyond which p95 grows faster than throughput; `None`: there is no bend.

    The point farthest below the chord, both axes scaled to 0..1: Satopää, Albrecht, Irwin and
    Raghavan, *Finding a "Kneedle" in a Haystack*, 2011, of a curve that is not smoothed.
    """
    points = sorted((each.requests_per_s, each.p95_ms, each.load) for each in curve if each.p95_ms)
    if len(points) < _LEAST_POINTS:
        return None
    xs, ys = [point[0] for point in points], [point[1] or 0.0 for point in points]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    if width <= 0 or height <= 0:
        return None
    bends = [
        ((x - min(xs)) / width - (y - min(ys)) / height, point[2])
        for x, y, point in zip(xs, ys, points, strict=True)
    ]
    bend, load = max(bends)
    return load if bend >= _LEAST_BEND else None
