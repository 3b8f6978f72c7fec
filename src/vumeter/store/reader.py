"""A stored run, whether it goes on, has ended or died: everything that was kept of it."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct

from vumeter.errors import StoreError
from vumeter.model.balance import Balance
from vumeter.model.flame import Flame, FlameHead
from vumeter.model.frame import SPANS_S, Event, EventLevel, PhaseState, Point, StopCause
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.pilot import Finding
from vumeter.model.plan import Plan
from vumeter.model.spike import Spike, SpikeHead
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import AlertState, Verdict
from vumeter.stats.series import series_extents
from vumeter.stats.serieslog import SeriesSpan
from vumeter.stats.sofar import RunSoFar
from vumeter.stats.spans import merged
from vumeter.stats.stalls import StallLog, StallSums
from vumeter.store.aging import LONGEST_S
from vumeter.store.connection import open_to_read, reading
from vumeter.store.packing import (
    unpacked,
    unpacked_balance,
    unpacked_spike,
    unpacked_text,
    unpacked_totals,
    without_times,
)
from vumeter.store.rows import POINT_COLUMNS, Lost

_ValueT = TypeVar("_ValueT")

_MAX_SECOND = 2**62
_BLOCK = 50
"""So many readings are read at once, and unpacked one by one."""
_OWN = "vumeter"
"""Who says what the summary remarks on; thresholds and alerts have sections of their own."""


class Meta(Struct, frozen=True, kw_only=True):
    """What is known of a stored run as a whole."""

    version: str
    """vumeter's, that wrote it."""
    plan: Plan
    """Without its secrets."""
    started_unix_ms: int | None = None
    """When second 0 began; `None`: no second came to its end."""


def open_run(path: Path, *, is_over: bool = False) -> "StoredRun":
    """
    Open the stored run at *path*, a file as `RunFolder.store` names it.

    Only when it *is_over* the file may be changed, to bring an older one up to date.

    Raises:
        StoreError: There is none, it is something else, or another vumeter's that this one
            cannot read.
    """
    return StoredRun(path, open_to_read(path, is_over=is_over))


class StoredRun:
    """
    Reads one stored run; use with `with`, or `close` it. Any thread may, one at a time.

    Each answer is of the moment at which it is asked for: the run may still go on. All may
    raise `StoreError` where the file is damaged.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def meta(self) -> Meta:
        """What is known of the run as a whole."""
        found = {
            key: msgspec.Raw(value.encode()) for key, value in self._rows("SELECT * FROM meta")
        }
        return self._decoded(msgspec.json.encode(found), Meta)

    @cached_property
    def plan(self) -> Plan:
        """What the run was to do, without its secrets."""
        return self.meta.plan

    @property
    def summary(self) -> Summary | None:
        """The run as one value, as it was printed; `None`: it goes on, or died."""
        found = [content for (content,) in self._rows("SELECT content FROM summary")]
        return self._decoded(found[0], Summary) if found else None

    def so_far(self, stop: StopCause | None) -> Summary:
        """
        Return the run up to its newest second as it would have summed it up itself.

        For one that goes on (*stop* is `None`) or died.
        """
        found = [content for (content,) in self._rows("SELECT content FROM totals")]
        run = RunSoFar(self._unpacked(unpacked_totals, found[0]) if found else None)
        for snapshot in self.late_snapshots[run.late_snapshots :]:
            run.add_late(snapshot)
        for each in self.readings(run.newest_second + 1):
            run.add(each)
        return run.summary(
            plan=self.plan,
            stop=stop,
            journal=self.journal,
            remarks=self._remarks(),
            verdicts=self.verdicts,
            alerts=self.alerts,
            setup=self.setup,
            teardown=self.teardown,
            stalls=StallLog(self._standing("stalls", StallSums)),
            findings=self._standing("findings", tuple[Finding, ...]) or (),
        )

    def _remarks(self) -> Iterator[str]:
        levels = (EventLevel.WARNING, EventLevel.ERROR)
        told = (it for it in self.events if it.level in levels and it.author == _OWN)
        yield from dict.fromkeys(it.text for it in told)

    @property
    def counted(self) -> tuple[int, int]:
        """How many requests there were, and how many of them failed, as charts show it."""
        ((requests, errors),) = self._rows(
            "SELECT total(requests), total(errors) FROM points WHERE span_s = 1"
        )
        return int(requests), int(errors)

    @property
    def newest_second(self) -> int:
        """The last second that is stored; −1: there is none."""
        ((newest,),) = self._rows("SELECT max(second + span_s) FROM readings")
        return -1 if newest is None else newest - 1

    @property
    def events(self) -> tuple[Event, ...]:
        """Every line of the event log, oldest first."""
        return self._all("SELECT content FROM events ORDER BY serial", Event)

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """Every command, oldest first."""
        return self._all("SELECT content FROM journal ORDER BY id", JournalEntry)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each threshold of the plan, as it stood last."""
        return self._standing("verdicts", tuple[Verdict, ...]) or ()

    @property
    def alerts(self) -> tuple[AlertState, ...]:
        """One for each alert of the plan, as it stood last."""
        return self._standing("alerts", tuple[AlertState, ...]) or ()

    @property
    def setup(self) -> PhaseState | None:
        """How far setup came; `None`: there was none."""
        return self._standing("setup", PhaseState)

    @property
    def teardown(self) -> PhaseState | None:
        """How far teardown came; `None`: there was none."""
        return self._standing("teardown", PhaseState)

    def balance(self, second: int) -> Balance | None:
        """Return what the run had come to by *second*; `None`: that was not kept."""
        newest = "SELECT content FROM balances WHERE second <= ? ORDER BY second DESC LIMIT 1"
        for (content,) in self._rows(newest, (second,)):
            return self._unpacked(unpacked_balance, content)
        return None

    def spikes(self, upto_second: int | None = None) -> tuple[SpikeHead, ...]:
        """Return what moments were kept whole, oldest first; those before *upto_second*."""
        rows = self._rows(
            "SELECT content FROM spikes WHERE second < ? ORDER BY id", (_end(upto_second),)
        )
        return tuple(self._unpacked(unpacked_spike, content).head for (content,) in rows)

    def spike(self, number: int) -> Spike | None:
        """Return the moment with that id; `None`: there is none."""
        for (content,) in self._rows("SELECT content FROM spikes WHERE id = ?", (number,)):
            return self._unpacked(unpacked_spike, content)
        return None

    def flames(self, upto_second: int | None = None) -> tuple[FlameHead, ...]:
        """Return what flame graphs were taken, oldest first; those over by *upto_second*."""
        heads = self._all("SELECT head FROM flames ORDER BY id", FlameHead)
        return tuple(it for it in heads if it.second + it.duration_s <= _end(upto_second))

    def flame(self, number: int) -> Flame | None:
        """Return the flame graph with that id; `None`: there is none."""
        rows = self._rows("SELECT head, stacks FROM flames WHERE id = ?", (number,))
        for head, stacks in rows:
            fields = msgspec.structs.asdict(self._decoded(head, FlameHead))
            return Flame(**fields, stacks=self._unpacked(unpacked_text, stacks))
        return None

    @property
    def last_balance(self) -> Balance | None:
        """What the whole run came to; `None`: it goes on or died, or that was not kept."""
        return self._standing("balance", Balance)

    @property
    def lost(self) -> tuple[Lost, ...]:
        """Seconds that could not be stored, because the disk was full or stood still."""
        rows = self._rows("SELECT first_second, last_second FROM losses ORDER BY first_second")
        return tuple(Lost(*row) for row in rows)

    @property
    def late_snapshots(self) -> tuple[Snapshot, ...]:
        """What came too late for its second's reading: in every total, and in no reading."""
        rows = self._rows("SELECT content FROM late_snapshots ORDER BY id")
        return tuple(self._decoded(content, Snapshot) for (content,) in rows)

    def points(
        self, from_second: int = 0, to_second: int | None = None, *, span_s: int = 1
    ) -> tuple[Point, ...]:
        """
        Return the points of *span_s* seconds that begin from *from_second* on, oldest first.

        With *to_second* only those that begin before it. Those of `SPANS_S` are kept for
        ever, the last one of a run where its span was over before the run was.
        """
        started_unix_ms = self.meta.started_unix_ms or 0
        rows = self._rows(
            f"SELECT {', '.join(POINT_COLUMNS)} FROM points "
            "WHERE span_s = ? AND second >= ? AND second < ? ORDER BY second",
            (span_s, from_second, _end(to_second)),
        )
        return tuple(_point(row, started_unix_ms) for row in rows)

    def readings(
        self, from_second: int = 0, to_second: int | None = None, *, span_s: int = 1
    ) -> Iterator[Reading]:
        """
        Yield all that was measured from *from_second* on and before *to_second*, oldest first.

        Each reading is of *span_s* seconds, merged from finer ones where there are any; or,
        where only coarser ones are left, of more (`Reading.span_s`). Between two of them nothing
        of the file is held.
        """
        stored = self._each(unpacked, from_second, to_second)
        for _, group in groupby(stored, lambda it: (max(span_s, it.span_s), it.second // span_s)):
            found = tuple(group)
            if found[0].span_s >= span_s:
                yield from found
            else:
                yield merged(found, span_s=span_s)

    def series(self, from_second: int = 0, to_second: int | None = None) -> Iterator[SeriesSpan]:
        """Yield how far each series went, in spans of a second or as long as are left."""
        points = {
            (point.span_s, point.second): point
            for span_s in SPANS_S
            for point in self.points(from_second, to_second, span_s=span_s)
        }
        for each in self._each(without_times, from_second, to_second):
            extents = series_extents(each, points.get((each.span_s, each.second)))
            yield SeriesSpan(each.second, each.span_s, extents)

    def _each(
        self, unpack: Callable[[bytes], Reading], from_second: int, to_second: int | None
    ) -> Iterator[Reading]:
        for content in self._contents(from_second, to_second):
            yield self._unpacked(unpack, content)

    def _unpacked(self, unpack: Callable[[bytes], _ValueT], content: bytes) -> _ValueT:
        try:
            return unpack(content)
        except StoreError as error:
            raise StoreError(f"{self.path} is damaged. {error.message}") from error

    def _contents(self, from_second: int, to_second: int | None) -> Iterator[bytes]:
        while True:
            block = tuple(
                self._rows(
                    "SELECT second + span_s, content FROM readings "
                    "WHERE second + span_s > ? AND second < ? AND second > ? "
                    "ORDER BY second LIMIT ?",
                    (from_second, _end(to_second), from_second - LONGEST_S, _BLOCK),
                )
            )
            yield from (content for _, content in block)
            if len(block) < _BLOCK:
                return
            from_second = block[-1][0]

    def spans(self, before_second: int, number: int) -> tuple[tuple[int, int], ...]:
        """Return second and length of the last readings that begin before it, newest first."""
        return tuple(
            self._rows(
                "SELECT second, span_s FROM readings WHERE second < ? ORDER BY second DESC LIMIT ?",
                (before_second, number),
            )
        )

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        with reading(self.path):
            yield from self._connection.execute(statement, values)

    def _all(self, statement: str, kind: type[_ValueT]) -> tuple[_ValueT, ...]:
        return tuple(self._decoded(content, kind) for (content,) in self._rows(statement))

    def _standing(self, name: str, kind: type[_ValueT]) -> _ValueT | None:
        for (content,) in self._rows("SELECT content FROM standings WHERE name = ?", (name,)):
            return self._decoded(content, kind)
        return None

    def _decoded(self, content: str | bytes, kind: type[_ValueT]) -> _ValueT:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{self.path} has something that cannot be read: {error}.") from error


def _end(to_second: int | None) -> int:
    return _MAX_SECOND if to_second is None else to_second


def _point(row: tuple[Any, ...], started_unix_ms: int) -> Point:
    fields = dict(zip(POINT_COLUMNS, row, strict=True))
    fields["generator_limited"] = bool(fields["generator_limited"])
    return Point(at_unix_ms=started_unix_ms + fields["second"] * 1000, **fields)
