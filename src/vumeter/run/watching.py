"""What a run watches beside host and database, and what it tells of that in the event log."""

import asyncio
from collections.abc import Callable

from vumeter.model.frame import EventLevel
from vumeter.model.plan import Plan
from vumeter.model.watched import Watched, WatchedState
from vumeter.probes.watched import watch_probes
from vumeter.stats.redaction import Redactor

Tell = Callable[[str, EventLevel], object]
"""Writes into the event log."""


class Watching:
    """
    Runs the probe of each monitor of *plan*, and tells what comes, goes and is restarted.

    `start` it, ask for `latest` at any time and `look` once for each second, and `close` it.
    """

    def __init__(self, plan: Plan, *, redactor: Redactor, tell: Tell) -> None:
        self._probes = watch_probes(plan)
        self._redactor = redactor
        self._tell = tell
        self._states: dict[str, WatchedState] = {}
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        if self._probes:
            self._running = asyncio.create_task(self._run(), name="watching")

    async def close(self) -> None:
        """Watch no more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    @property
    def latest(self) -> tuple[Watched, ...]:
        """The newest look at each thing, in the order of the plan."""
        return self._redactor.texts(tuple(probe.latest for probe in self._probes))

    def look(self) -> tuple[Watched, ...]:
        """Return the newest look at each thing, and tell what has happened to it."""
        seen = self.latest
        for probe, watched in zip(self._probes, seen, strict=True):
            for notice in probe.notices():
                self._tell(self._redactor.text(notice), EventLevel.WARNING)
            self._tell_of_change(watched)
        return seen

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for probe in self._probes:
                group.create_task(probe.run())

    def _tell_of_change(self, watched: Watched) -> None:
        before, self._states[watched.name] = self._states.get(watched.name), watched.state
        if before is watched.state:
            return
        if watched.state is WatchedState.DOWN:
            self._tell(f"{watched.name}: {watched.remark}", EventLevel.WARNING)
        elif before is WatchedState.DOWN:
            self._tell(f"{watched.name} is back: {watched.title}", EventLevel.INFO)
