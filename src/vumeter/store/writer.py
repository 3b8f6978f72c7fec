"""
Writing a run down while it goes on, on a thread of its own.

Nobody waits for the disk. Who has something to store leaves it here and goes on; the thread
writes whatever there is, about once a second, in one transaction. Two bounds say what
happens when it cannot:

- Where the disk stalls, `WAITING_S` seconds wait as they came; then the oldest are dropped.
- Where it is full or fails, `UNSAVED_BYTES` of packed rows wait, an hour of a busy run, and are
  tried again every `RETRY_S`; then the oldest readings are dropped.

What is dropped is said (`problem`, `lost`), and written down once there is room.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.courtesy import give_way
from vumeter.errors import StoreError
from vumeter.model.balance import Balance
from vumeter.model.flame import Flame
from vumeter.model.frame import Event, Point
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.retention import Retention
from vumeter.model.spike import Spike
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import Verdict
from vumeter.stats import histogram
from vumeter.stats.redaction import Redactor
from vumeter.stats.resolutions import Spans
from vumeter.stats.sofar import RunSoFar
from vumeter.stats.summary import shown_entry, shown_verdict
from vumeter.stats.tally import response_times
from vumeter.store import rows
from vumeter.store.aging import Aging
from vumeter.store.backlog import Backlog
from vumeter.store.connection import create, transaction
from vumeter.store.hiding import Hiding
from vumeter.store.rows import Lost, Row

WAITING_S = 120
"""How many seconds wait for a thread that the disk holds up."""

UNSAVED_BYTES = 16 * 1024 * 1024
"""How much waits for room on the disk, packed."""

RETRY_S = 2.0

_WAITING_WORDS = 5_000
"""Events, commands and the like, which come from hands and scripts, and not from load."""

_TOTALS_EVERY_S = 60

_SLOW_S = 10
"""From so many waiting seconds on it is said that the disk is slow."""


class StoreWriter:
    """
    Writes one run down. Use once: leave what there is to store, and `close`.

    Args:
        path: Where the file is made.
        redactor: Knows the run's secrets; none of them is written.
        version: vumeter's.
        retention: For how long readings stay as they are, and how large the file may get.
    """

    def __init__(
        self, path: Path, redactor: Redactor, *, version: str, retention: Retention | None = None
    ) -> None:
        self.path = path
        self._redactor = redactor
        self._hiding = Hiding(redactor)
        self._aging = Aging(retention or Retention())
        self._spans = Spans()
        self._so_far = RunSoFar()
        self._backlog = Backlog(UNSAVED_BYTES)
        self._newest_second = -1
        self._connection: sqlite3.Connection | None = None
        self._failure = ""
        self._failed_ns = 0
        self._changed = threading.Condition()
        # Guarded by it, as is what follows; the thread never keeps it while it writes.
        self._seconds: deque[tuple[Reading, Point | None]] = deque()
        self._words: deque[Callable[[], Row]] = deque(maxlen=_WAITING_WORDS)
        self._dropped: list[int] = []
        self._is_closing = False
        self._is_idle = False
        self.meta("version", version)
        self.meta("plan", redactor.plan)
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    # What is left here

    def second(self, reading: Reading, point: Point | None) -> None:
        """Store the next second; *point* is `None` where the second is on no chart."""
        with self._changed:
            self._seconds.append((reading, point))
            if len(self._seconds) > WAITING_S:
                self._dropped.append(self._seconds.popleft()[0].second)
            self._tell()

    def balance(self, balance: Balance) -> None:
        """Store what the run had come to by a second."""
        self._leave(lambda: rows.of_balance(self._hiding.balance(balance)))

    def last_balance(self, balance: Balance) -> None:
        """Store what the whole run came to."""
        self._leave(lambda: rows.of_standing("balance", self._hiding.balance(balance)))

    def spike(self, spike: Spike, *, instead_of: int | None) -> None:
        """Store a moment that is kept whole, in the place of the one with that id."""
        self._leave(lambda: rows.of_spike(self._hiding.spike(spike)))
        if instead_of is not None:
            self._leave(partial(rows.without_spike, instead_of))

    def flame(self, flame: Flame, *, instead_of: int | None) -> None:
        """Store a flame graph, whose texts have no secrets, in the place of that one."""
        self._leave(partial(rows.of_flame, flame))
        if instead_of is not None:
            self._leave(partial(rows.without_flame, instead_of))

    def late(self, snapshot: Snapshot) -> None:
        """Store what came too late for its second's reading."""
        self._leave(lambda: self._late_row(self._hiding.snapshot(snapshot)))

    def event(self, event: Event) -> None:
        """Store one line of the event log."""
        self._leave(lambda: rows.of_event(self._hiding.event(event)))

    def journal(self, entry: JournalEntry) -> None:
        """Store a command, or what has become of one."""
        self._leave(lambda: rows.of_entry(shown_entry(entry, self._redactor)))

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """Store how the plan's thresholds stand now."""
        self._leave(
            lambda: rows.of_standing(
                "verdicts", [shown_verdict(each, self._redactor) for each in verdicts]
            )
        )

    def standing(self, name: str, value: object) -> None:
        """Store how *name* stands now, which has no secrets: alerts, setup, teardown."""
        self._leave(partial(rows.of_standing, name, value))

    def meta(self, key: str, value: object) -> None:
        """Store what is known of the run as a whole, and has no secrets."""
        self._leave(partial(rows.of_meta, key, value))

    def finish(self, summary: Summary) -> None:
        """Store the end of the run."""
        self._leave(partial(rows.of_summary, summary))

    # What became of it

    @property
    def problem(self) -> str | None:
        """Why nothing can be written at present, in words; `None`: it can."""
        if self._failure:
            return self._failure
        waiting = len(self._seconds)
        return f"the disk is slow: {waiting} seconds wait for it" if waiting > _SLOW_S else None

    @property
    def lost(self) -> tuple[Lost, ...]:
        """Every second that was dropped since the start."""
        return self._backlog.lost

    def drain(self, limit_s: float) -> bool:
        """Wait until all that was left is written, and return whether it is; it may not be."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_idle, limit_s)
            return self._is_idle and not self._failure

    def close(self, limit_s: float) -> bool:
        """Write what can be written within *limit_s*, and return whether that was everything."""
        with self._changed:
            self._is_closing = True
            self._tell()
        self._thread.join(limit_s)
        return not self._thread.is_alive() and not self._backlog

    def _leave(self, row: Callable[[], Row]) -> None:
        # Made on the thread: to pack and to take secrets out costs more than to leave it.
        with self._changed:
            self._words.append(row)
            self._tell()

    def _tell(self) -> None:
        self._is_idle = False
        self._changed.notify_all()

    # On the thread

    def _work(self) -> None:
        try:
            while not self._is_closing:
                self._wait()
                self._take_in()
                if self._is_time():
                    self._save()
                self._rest()
            self._take_in()
            self._save()
        except Exception as error:
            self._failure = f"it has stopped: {error!r}. This is a bug."
            raise
        finally:
            if self._connection is not None:
                self._connection.close()
            self._rest()

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._seconds or self._words or self._is_closing,
                RETRY_S if self._backlog else None,
            )

    def _rest(self) -> None:
        with self._changed:
            self._is_idle = not self._seconds and not self._words
            self._changed.notify_all()

    def _take_in(self) -> None:
        with self._changed:
            seconds, words, dropped = tuple(self._seconds), tuple(self._words), self._dropped
            self._seconds.clear()
            self._words.clear()
            self._dropped = []
        for second in dropped:
            self._backlog.lose(second)
        for word in words:
            self._backlog.add(word())
        for reading, point in seconds:
            self._take_second(reading, point)

    def _take_second(self, reading: Reading, point: Point | None) -> None:
        if self._newest_second < 0:
            started_unix_ms = reading.at_unix_ms - reading.second * 1000
            self._backlog.add(rows.of_meta("started_unix_ms", started_unix_ms))
        self._newest_second = reading.second
        shown = self._hiding.reading(reading)
        self._so_far.add(shown)
        give_way()
        self._backlog.add(rows.of_reading(shown))
        give_way()
        if reading.second % _TOTALS_EVERY_S == _TOTALS_EVERY_S - 1:
            self._put_totals_away()
        if point is not None:
            times = histogram.merge(map(response_times, reading.tallies.values()))
            for each in (point, *self._spans.add(point, times)):
                self._backlog.add(rows.of_point(each))

    def _late_row(self, snapshot: Snapshot) -> Row:
        self._so_far.add_late(snapshot)
        return rows.of_late_snapshot(snapshot)

    def _put_totals_away(self) -> None:
        totals = self._so_far.totals()
        if totals is not None:
            self._backlog.add(rows.of_totals(totals))

    def _is_time(self) -> bool:
        """Whether to write now: when it has just failed, not at once again."""
        since_ns = monotonic_ns() - self._failed_ns
        return not self._failure or since_ns >= RETRY_S * NANOSECONDS_PER_S

    def _save(self) -> None:
        try:
            if self._connection is None:
                self._connection = create(self.path)
            with transaction(self._connection):
                for row in self._backlog.rows:
                    self._connection.execute(row.statement, row.values)
            self._backlog.clear()
            with transaction(self._connection):
                self._aging.advance(self._connection, self._newest_second)
        except (OSError, sqlite3.Error, StoreError) as error:
            self._failure = f"{self.path} cannot be written: {_words(error)}"
            self._failed_ns = monotonic_ns()
        else:
            self._failure = ""


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
