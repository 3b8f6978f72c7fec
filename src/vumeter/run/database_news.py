"""What happens to a watched database, as lines of the event log."""

from collections.abc import Iterator
from typing import NamedTuple

from vumeter.model.frame import EventLevel
from vumeter.model.probes import PostgresReading, PostgresState

_LONG_SILENCE_S = 5.0
"""One that is overloaded is slow in one look and not in the next: that is no event."""


class News(NamedTuple):
    """A line for the log."""

    text: str
    level: EventLevel


class DatabaseNews:
    """Knows of each database what it was told of it last."""

    def __init__(self) -> None:
        self._states: dict[str, PostgresState] = {}
        self._deadlocks: dict[str, int] = {}

    def of(self, name: str, reading: PostgresReading) -> Iterator[News]:
        """Yield what *reading* has that the one before it of that *name* had not."""
        before = f"{name}: " if name else ""
        for text, level in (*self._change(name, reading), *self._new_deadlocks(name, reading)):
            yield News(before + text, level)

    def _change(self, name: str, reading: PostgresReading) -> Iterator[News]:
        was, state = self._states.get(name, PostgresState.CONNECTING), reading.state
        is_news = state is not PostgresState.SLOW or reading.age_s >= _LONG_SILENCE_S
        if state is was or not is_news:
            return
        self._states[name] = state
        if state is not PostgresState.UP:
            yield News(f"{state.value}: {reading.remark}", EventLevel.WARNING)
        elif was is not PostgresState.CONNECTING:
            yield News(f"up again: PostgreSQL {reading.server_version}", EventLevel.INFO)

    def _new_deadlocks(self, name: str, reading: PostgresReading) -> Iterator[News]:
        if reading.deadlocks is None:
            return
        new = reading.deadlocks - self._deadlocks.get(name, 0)
        self._deadlocks[name] = reading.deadlocks
        if new > 0:
            ending = "" if new == 1 else "s"
            total = f", {reading.deadlocks} since the run began" if reading.deadlocks > new else ""
            yield News(f"{new} deadlock{ending}{total}{_where(reading)}", EventLevel.WARNING)


def _where(reading: PostgresReading) -> str:
    """Return which table those wait for a lock of who wait now; the deadlock itself is over."""
    tables = dict.fromkeys(each.relation for each in reading.waiters if each.relation)
    return f"; {len(reading.waiters)} wait for locks of {', '.join(tables)}" if tables else ""
