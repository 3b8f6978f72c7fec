"""What a conductor leaves with the store, and what it tells people of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from vumeter import __version__
from vumeter.model.balance import balance_of
from vumeter.model.flame import Flame
from vumeter.model.frame import Event, EventLevel, Frame, Point
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.pilot import Finding
from vumeter.model.retention import Retention
from vumeter.model.spike import Spike
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.run.alarm import News
from vumeter.stats.redaction import Redactor
from vumeter.stats.stalls import StallLog
from vumeter.store.rows import Lost
from vumeter.store.writer import RETRY_S, StoreWriter

_SETTLE_S = 0.3
_HURRIED_CLOSE_S = 0.5
_CLOSE_S = 3.0
"""How long the end of a run waits for a slow disk."""


class Keeper:
    """
    Stores one run at *path*; where that is `None`, nothing. Nothing here waits but the end.

    A sink of frames, of which it keeps how thresholds, alerts, setup and teardown stand.
    """

    def __init__(self, path: Path | None, redactor: Redactor, retention: Retention) -> None:
        self._store = (
            None
            if path is None
            else StoreWriter(path, redactor, version=__version__, retention=retention)
        )
        self._journal: tuple[JournalEntry, ...] = ()
        self._balanced_second = -1
        self._newest: Frame | None = None
        self._standings: dict[str, object] = {}
        self._problem: str | None = None
        self._lost: tuple[Lost, ...] = ()

    def second(self, reading: Reading, point: Point | None) -> None:
        """Keep the next second; *point* is `None` where it is on no chart."""
        if self._store is not None:
            self._store.second(reading, point)

    def late(self, snapshot: Snapshot) -> None:
        """Keep what came too late for its second's reading."""
        if self._store is not None:
            self._store.late(snapshot)

    def spike(self, spike: Spike, *, instead_of: int | None) -> None:
        """Keep a moment whole, in the place of the one with that id."""
        if self._store is not None:
            self._store.spike(spike, instead_of=instead_of)

    def flame(self, flame: Flame, *, instead_of: int | None) -> None:
        """Keep a flame graph, in the place of the one with that id."""
        if self._store is not None:
            self._store.flame(flame, instead_of=instead_of)

    def stalls(self, log: StallLog) -> None:
        """Keep what a run that dies could not say itself of the target's stalls."""
        sums = log.sums
        if self._store is not None and sums is not None:
            self._store.standing("stalls", sums)

    def findings(self, findings: tuple[Finding, ...]) -> None:
        """Keep what searches have found, one that goes on included: a run may die first."""
        if self._store is not None and findings and findings != self._standings.get("findings"):
            self._store.standing("findings", findings)
            self._standings["findings"] = findings

    def event(self, event: Event) -> None:
        """Keep one line of the event log."""
        if self._store is not None:
            self._store.event(event)

    def frame(self, frame: Frame, journal: tuple[JournalEntry, ...]) -> None:
        """Keep what has changed since the last frame."""
        if self._store is None:
            return
        self._newest = frame
        if frame.second > self._balanced_second:
            # The first frame of a second: hands that came after it are the next one's.
            self._balanced_second = frame.second
            self._store.balance(balance_of(frame))
        if frame.verdicts != self._standings.get("verdicts", ()):
            self._store.verdicts(frame.verdicts)
            self._standings["verdicts"] = frame.verdicts
        for name, value in (
            ("alerts", frame.alerts),
            ("setup", frame.setup),
            ("teardown", frame.teardown),
        ):
            if value and value != self._standings.get(name):
                self._store.standing(name, value)
                self._standings[name] = value
        if journal != self._journal:
            for position, entry in enumerate(journal):
                if position >= len(self._journal) or entry != self._journal[position]:
                    self._store.journal(entry)
            self._journal = journal

    def news(self) -> Iterator[News]:
        """Yield what people should know of the store, once."""
        if self._store is None:
            return
        problem, lost = self._store.problem, self._store.lost
        if problem and not self._problem:
            yield News(
                f"The run is not stored at present: {problem}. The load goes on, and seconds wait "
                f"in memory; it is tried again every {RETRY_S:g} s",
                EventLevel.WARNING,
                "",
            )
        if self._problem and not problem:
            yield News("The run is stored again", EventLevel.INFO, "")
        self._problem = problem
        if lost != self._lost and not problem:
            yield News(f"Not in the store: {_seconds(lost)}", EventLevel.WARNING, "")
            self._lost = lost

    async def settle(self) -> None:
        """Give the disk a moment to take what there is, so that `news` is of the end."""
        if self._store is not None:
            await asyncio.to_thread(self._store.drain, _SETTLE_S)

    async def finish(self, summary: Summary, *, is_hurried: bool) -> str:
        """Keep the end of the run; return in words what could not be kept, empty: nothing."""
        if self._store is None:
            return ""
        if self._newest is not None:
            self._store.last_balance(balance_of(self._newest))
        self._store.finish(summary)
        if await self.close(is_hurried=is_hurried):
            return ""
        return f"The end of the run is not stored: {self._store.problem or 'the disk is slow'}"

    async def close(self, *, is_hurried: bool = True) -> bool:
        """Write what can be written at once, and return whether that was everything."""
        if self._store is None:
            return True
        return await asyncio.to_thread(
            self._store.close, _HURRIED_CLOSE_S if is_hurried else _CLOSE_S
        )


def _seconds(lost: tuple[Lost, ...]) -> str:
    spans = [
        f"second {it.first_second}"
        if it.first_second == it.last_second
        else f"seconds {it.first_second} to {it.last_second}"
        for it in lost
    ]
    return ", ".join(spans)
