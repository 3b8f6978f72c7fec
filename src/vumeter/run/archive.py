"""A run's own past, out of its store: what is no longer in memory, for whoever asks."""

import asyncio
from pathlib import Path

import msgspec

from vumeter.model.explanation import Explanation, Question
from vumeter.model.frame import Point
from vumeter.model.measure import Reading
from vumeter.model.series import SeriesPoint
from vumeter.stats.serieslog import series_points
from vumeter.stats.why import why, with_culprits
from vumeter.store.reader import StoredRun, open_run

MOST_READINGS = 600
"""In one answer: one has 5 to 50 kB."""

_AROUND_S = 5
"""How near a worst second it has to be seen who was to blame: details come more seldom."""


class Archive:
    """
    Reads the store at *path* in threads, beside whoever writes it: nothing waits for that.

    All may raise `StoreError` where the file is not there or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def points(self, from_second: int, to_second: int, *, span_s: int) -> tuple[Point, ...]:
        """Return the points that begin from *from_second* on and before *to_second*."""

        def read() -> tuple[Point, ...]:
            with open_run(self._path) as run:
                return run.points(from_second, to_second, span_s=span_s)

        return await asyncio.to_thread(read)

    async def series(
        self, name: str, from_second: int, to_second: int, *, span_s: int
    ) -> tuple[SeriesPoint, ...]:
        """Return the series *name* from one second up to and without another."""

        def read() -> tuple[SeriesPoint, ...]:
            with open_run(self._path) as run:
                return series_points(name, run.series(from_second, to_second), span_s=span_s)

        return await asyncio.to_thread(read)

    async def why(self, question: Question, from_second: int, to_second: int) -> Explanation:
        """Return what may explain that time, with who was to blame."""

        def read() -> Explanation:
            with open_run(self._path) as run:
                return stored_why(run, question, from_second, to_second)

        return await asyncio.to_thread(read)

    async def witnesses(self, found: Explanation) -> tuple[Reading, ...]:
        """Return what is stored of the times at which it, or a reason of it, was worst."""

        def read() -> tuple[Reading, ...]:
            with open_run(self._path) as run:
                return witnesses(run, found)

        return await asyncio.to_thread(read)

    async def readings(self, from_second: int, to_second: int, *, span_s: int) -> bytes:
        """Return what was measured in that time, as JSON: a list of `Reading`."""

        def read() -> bytes:
            with open_run(self._path) as run:
                found: tuple[Reading, ...] = tuple(
                    run.readings(from_second, to_second, span_s=span_s)
                )
            return msgspec.json.encode(found)

        return await asyncio.to_thread(read)


def stored_why(
    stored: StoredRun, question: Question, from_second: int = 0, to_second: int | None = None
) -> Explanation:
    """Return the same of a stored run, with who was to blame."""
    end = stored.newest_second + 1
    upto = end if to_second is None else min(to_second, end)
    found = why(stored.series(from_second, upto), question, from_second, upto)
    return with_culprits(found, witnesses(stored, found))


def witnesses(stored: StoredRun, found: Explanation) -> tuple[Reading, ...]:
    """Return what is stored of the times at which it, or a reason of it, was worst."""
    if not found.findings:
        return ()
    seconds = {found.worst_second, *(each.worst_second for each in found.findings)} - {None}
    readings = {
        reading.second: reading
        for worst in seconds
        if worst is not None
        for reading in stored.readings(max(0, worst - _AROUND_S), worst + found.span_s + _AROUND_S)
    }
    return tuple(readings.values())
