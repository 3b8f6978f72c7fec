"""What a run watches beside host and database, and what it tells of that in the event log."""

import asyncio
from collections.abc import Callable, Iterable

from vumeter.model.frame import EventLevel
from vumeter.model.measure import ScenarioCounts
from vumeter.model.plan import Plan
from vumeter.model.watched import Watched, WatchedState
from vumeter.probes.watched import watch_probes
from vumeter.run.leaks import LeakWatch
from vumeter.stats.redaction import Redactor

Tell = Callable[[str, EventLevel], object]
"""Writes into the event log."""


class Watching:
    """
    Runs the probe of each monitor of *plan*, and tells what comes, goes and is restarted.

    `start` it, `look` once for each second, and `close` it.
    """

    def __init__(self, plan: Plan, *, redactor: Redactor, tell: Tell) -> None:
        self._probes = watch_probes(plan.monitors)
        self._redactor = redactor
        self._tell = tell
        self._leaks = LeakWatch()
        self._states: dict[str, WatchedState] = {}
        self.seen: tuple[Watched, ...] = self._latest
        """What was looked at last, in the order of the plan."""
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

    def look(self, second: int, *, load: float) -> tuple[Watched, ...]:
        """
        Return the newest look at each thing, and tell what has happened to it.

        *load* is that of the second, in any unit: what grows with it is no leak.
        """
        for probe in self._probes:
            for notice in probe.notices():
                self._tell(self._redactor.text(notice), EventLevel.WARNING)
        self.seen = tuple(self._looked(watched, second, load) for watched in self._latest)
        return self.seen

    @property
    def _latest(self) -> tuple[Watched, ...]:
        return self._redactor.texts(
            tuple(watched for probe in self._probes for watched in probe.latest)
        )

    def _looked(self, watched: Watched, second: int, load: float) -> Watched:
        self._tell_of_change(watched)
        watched, news = self._leaks.add(watched, second=second, load=load)
        for each in news:
            level = EventLevel.WARNING if each.is_bad else EventLevel.INFO
            self._tell(f"{watched.name}: {each.text}", level)
        return watched

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


def total_load(counts: Iterable[ScenarioCounts]) -> float:
    """Return how much is wanted of the target: arrivals a second, and VUs where there are none."""
    return float(sum(each.iterations_due or each.vus_active for each in counts))
