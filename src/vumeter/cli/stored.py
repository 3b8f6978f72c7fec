"""Stored runs, as exports have them."""

from collections.abc import Iterator

from vumeter.export.rows import Row, Run, row_of
from vumeter.model.frame import Point
from vumeter.store.reader import StoredRun

_POINTS_AT_ONCE = 600


def run_of(stored: StoredRun) -> Run:
    """Return what an export says of *stored* as a whole."""
    meta, summary = stored.meta, stored.summary
    return Run(
        name=meta.plan.name,
        started_unix_ms=meta.started_unix_ms or 0,
        duration_s=float(stored.newest_second + 1) if summary is None else summary.duration_s,
        metrics=meta.plan.metrics,
    )


def rows_of(stored: StoredRun) -> Iterator[Row]:
    """Yield every reading of *stored*, each as fine as it is still there, with its targets."""
    points: dict[tuple[int, int], Point] = {}
    for reading in stored.readings():
        key = reading.span_s, reading.second
        if key not in points:
            ahead = reading.second + _POINTS_AT_ONCE * reading.span_s
            found = stored.points(reading.second, ahead, span_s=reading.span_s)
            points = {(point.span_s, point.second): point for point in found}
        yield row_of(reading, points.get(key))
