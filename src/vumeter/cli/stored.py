"""Stored runs, as they are named on the command line."""

from collections.abc import Iterator

from vumeter.errors import StoreError
from vumeter.export.rows import Row, Run, row_of
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.frame import Point
from vumeter.store.reader import StoredRun

_POINTS_AT_ONCE = 600


def stored_folder(run: str) -> RunFolder:
    """
    Return the folder of the stored run with that id, or of the newest with that name.

    Raises:
        StoreError: There is none.
    """
    stored = [folder for folder in folders.newest_first() if folder.store.exists()]
    for folder in stored:
        if run in (folder.id, folder.name):
            return folder
    known = ", ".join(dict.fromkeys(folder.name for folder in stored[:8]))
    raise StoreError(
        f'No run "{run}" is stored.',
        hint=f"Stored, newest first: {known}" if known else "Start one: vumeter run URL",
    )


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
