"""Every PostgreSQL that a run watches: the first, and those beside it by name."""

import asyncio
from typing import TYPE_CHECKING

from vumeter.model.frame import EventLevel
from vumeter.model.plan import Plan
from vumeter.model.probes import PostgresReading
from vumeter.probes.watched import postgres_probes
from vumeter.run.database_news import DatabaseNews
from vumeter.run.watching import Tell
from vumeter.stats.redaction import Redactor

if TYPE_CHECKING:
    from vumeter.probes.postgres import PostgresProbe

FIRST = ""
"""The name of the one that is a reading's `postgres`."""


class Databases:
    """
    Watches those of *plan* until closed.

    Args:
        plan: With its secrets.
        redactor: Statements quote what they were given, a token of the plan's perhaps.
        tell: Takes what came of commands, and what happened, for the event log.
    """

    def __init__(self, plan: Plan, *, redactor: Redactor, tell: Tell) -> None:
        self.probes: "dict[str, PostgresProbe]" = postgres_probes(plan)  # noqa: UP037 - not loaded
        self._redactor = redactor
        self._tell = tell
        self._news = DatabaseNews()
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to watch."""
        self._running = [
            asyncio.create_task(probe.run(), name=f"postgres-probe {name}".strip())
            for name, probe in self.probes.items()
        ]

    async def close(self) -> None:
        """Watch no more."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        for probe in self.probes.values():
            await probe.close()

    def look(self) -> None:
        """Tell what came of commands, and what has happened, since the last look."""
        for name, probe in self.probes.items():
            for notice in probe.notices():
                self._tell(self._redactor.text(notice), EventLevel.INFO)
            for text, level in self._news.of(name, probe.latest):
                self._tell(self._redactor.text(text), level)

    @property
    def first(self) -> PostgresReading | None:
        """The newest of the first; `None`: there is none."""
        probe = self.probes.get(FIRST)
        return None if probe is None else self._redactor.texts(probe.latest)

    @property
    def more(self) -> dict[str, PostgresReading]:
        """The newest of each other, by name."""
        return {
            name: self._redactor.texts(probe.latest)
            for name, probe in self.probes.items()
            if name != FIRST
        }
