"""Stored runs, as exports have them."""

from collections.abc import Iterator

from vumeter.export.rows import Row, Run, row_of
from vumeter.model.frame import SPANS_S, Point
from vumeter.model.measure import Reading
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
        if reading.span_s not in SPANS_S:
            yield _long_row(stored, reading)
            continue
        key = reading.span_s, reading.second
        if key not in points:
            ahead = reading.second + _POINTS_AT_ONCE * reading.span_s
            found = stored.points(reading.second, ahead, span_s=reading.span_s)
            points = {(point.span_s, point.second): point for point in found}
        yield row_of(reading, points.get(key))


def _long_row(stored: StoredRun, reading: Reading) -> Row:
    """Return *reading*, for the span of which there are no points, with its greatest targets."""
    end = reading.second + reading.span_s
    points = stored.points(reading.second, end, span_s=SPANS_S[-1])
    rates = [it.rate_target_per_s for it in points if it.rate_target_per_s is not None]
    return Row(
        reading,
        max((it.vus_target for it in points), default=None),
        max(rates, default=None),
    )
