"""
A run beside what it is held to, while it goes on: looked at every few seconds, on a thread.

Nothing waits for a look but the end of the run; while one is made, the next is not begun.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import VumeterError
from vumeter.link import baselines
from vumeter.model.comparison import Comparison
from vumeter.model.measure import Reading
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.run.party import Party, is_steered, moved_s
from vumeter.run.turns import shares
from vumeter.stats.redaction import Redactor
from vumeter.stats.summary import by_shown_name
from vumeter.thresholds.budgets import budget_of

if TYPE_CHECKING:
    from vumeter.run.yardstick import Yardstick

EVERY_S = 5.0
_LOOKS = 60
"""Later a look is made each so manieth part of the run so far: it changes as slowly."""
_REST = 20
"""And not before so many times what the last one took: 2.5 s with 20 names in 160 windows."""


class Beside:
    """
    Compares a run with its baseline, or its two targets. `comparison` is the newest look.

    Args:
        plan: Says with what, if with anything.
        redactor: Names are compared as they are stored.
        journal: Every command so far.
        tell: Told what has to be known of a comparison, once.
        clock: The reader of time.
    """

    def __init__(
        self,
        plan: Plan,
        redactor: Redactor,
        *,
        journal: Callable[[], tuple[JournalEntry, ...]],
        tell: Callable[[str], object],
        clock: NsClock = monotonic_ns,
    ) -> None:
        self._plan = redactor.plan
        self._shown = redactor.name
        self._journal = journal
        self._tell = tell
        self._parties = (Party(), Party()) if plan.variants else (Party(),)
        self._newest: Reading | None = None
        is_compared = bool(plan.baseline or plan.variants)
        self._look: _Look | None = _Look(self._plan) if is_compared else None
        self._task: asyncio.Task[None] | None = None
        self._due_s = EVERY_S
        self._clock = clock
        self._took_s = 0.0
        self.comparison: Comparison | None = None
        """The newest; `None`: there is none yet, or nothing to compare with."""
        self._told: set[str] = set()

    def hear(self, readings: Iterable[Reading], at_s: float) -> None:
        """Take seconds into account, and look again if it is time to."""
        if self._look is None:
            return
        for reading in readings:
            self._count_newest()
            shown = by_shown_name(reading.tallies, self._shown)
            self._newest = replace(reading, tallies=shown)
        if at_s >= self._due_s and self._task is None and self._is_begun:
            self._due_s = at_s + max(EVERY_S, at_s / _LOOKS, self._took_s * _REST)
            self._task = asyncio.create_task(self._compare(self._look, None))

    async def conclude(self, summary: Summary) -> None:
        """Hold the whole run, of which that is the end, to all of what it is held to."""
        self._count_newest(end_s=summary.duration_s)
        if self._look is None or not self._is_begun:
            return
        if self._task is not None:
            await asyncio.wait({self._task})
        await self._compare(self._look, summary)

    async def close(self) -> None:
        """Let go of what was looked at."""
        if self._task is not None:
            await asyncio.wait({self._task})
        if self._look is not None:
            await asyncio.to_thread(self._look.close)

    @property
    def _is_begun(self) -> bool:
        return all(party.seconds for party in self._parties)

    def _count_newest(self, *, end_s: float = math.inf) -> None:
        """Count the second before this one: how long the last one is, is known at the end."""
        reading, self._newest = self._newest, None
        if reading is None:
            return
        if self._plan.variants is None:
            self._parties[0].add(reading, end_s=end_s)
            return
        until_s = moved_s(self._journal())
        for at, part, place in shares(reading, self._plan.variants, until_s=until_s):
            self._parties[at].add(part, end_s=end_s, place=place)

    async def _compare(self, look: "_Look", summary: Summary | None) -> None:
        parties = tuple(party.copy() for party in self._parties)
        begun_ns = self._clock()
        try:
            self.comparison = await asyncio.to_thread(look.take, parties, summary, self._journal())
            for text in self.comparison.remarks:
                if text not in self._told:
                    self._told.add(text)
                    self._tell(f"{self.comparison.a}: {text}")
        finally:
            self._took_s = (self._clock() - begun_ns) / NANOSECONDS_PER_S
            self._task = None


class _Look:
    """What is done on the thread, one look at a time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._budgets = tuple(map(budget_of, plan.budgets))
        self._yardstick: Yardstick | None = None

    def take(
        self, parties: tuple[Party, ...], summary: Summary | None, journal: tuple[JournalEntry, ...]
    ) -> Comparison:
        """Return how one party stands or two do, at the end of the run with its *summary*."""
        own, *others = parties
        is_over = summary is not None
        if others:
            # numpy and scipy: 0.5 s of a processor, on this thread, and only for such runs.
            from vumeter.run.versus import versus  # noqa: PLC0415

            moved = moved_s(journal)
            return versus(
                parties, self._plan, budgets=self._budgets, until_s=moved, is_over=is_over
            )
        try:
            yardstick = self._opened()
            if summary is None:
                return yardstick.beside(own, is_steered=is_steered(journal))
            return yardstick.concluded(own, summary, is_steered=is_steered(journal))
        except VumeterError as error:
            return Comparison(
                a=title(self._plan),
                b=self._plan.name,
                lines=(),
                is_paired=False,
                window_s=0,
                windows=(0, 0),
                remarks=(f"It cannot be compared: {error.message}",),
            )

    def close(self) -> None:
        if self._yardstick is not None:
            self._yardstick.close()
            self._yardstick = None

    def _opened(self) -> "Yardstick":
        if self._yardstick is None:
            from vumeter.run.yardstick import Yardstick  # noqa: PLC0415 - numpy, as above

            self._yardstick = Yardstick(
                baselines.find(self._plan.baseline),
                title(self._plan),
                plan=self._plan,
                budgets=self._budgets,
            )
        return self._yardstick


def title(plan: Plan) -> str:
    """Return what the plan is held to, as it is called on screens and in reports."""
    return f"baseline {Path(plan.baseline).name}"
