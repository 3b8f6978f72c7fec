"""A run's own past, out of its store: what is no longer in memory, for whoever asks."""

import asyncio
from pathlib import Path

import msgspec

from vumeter.model.frame import Point
from vumeter.model.measure import Reading
from vumeter.model.series import SeriesPoint
from vumeter.stats.serieslog import series_points
from vumeter.store.reader import open_run

MOST_READINGS = 600
"""In one answer: one has 5 to 50 kB."""


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

    async def readings(self, from_second: int, to_second: int, *, span_s: int) -> bytes:
        """Return what was measured in that time, as JSON: a list of `Reading`."""

        def read() -> bytes:
            with open_run(self._path) as run:
                found: tuple[Reading, ...] = tuple(
                    run.readings(from_second, to_second, span_s=span_s)
                )
            return msgspec.json.encode(found)

        return await asyncio.to_thread(read)
