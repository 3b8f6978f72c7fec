"""What is written into the tables: each row as a statement, its values, and what it weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from vumeter.model.balance import Balance
from vumeter.model.flame import Flame
from vumeter.model.frame import Event, Point
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.spike import Spike
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.stats.sofar import Totals
from vumeter.store.packing import packed, packed_balance, packed_spike, packed_text, packed_totals

POINT_COLUMNS = (
    "span_s",
    "second",
    "requests",
    "errors",
    "p50_us",
    "p95_us",
    "p99_us",
    "max_us",
    "vus",
    "vus_target",
    "rate_target_per_s",
    "dropped",
    "generator_limited",
)
"""The fields of `Point`, but for the wall clock's time, which follows from the run's start."""

_POINT = (
    f"INSERT OR REPLACE INTO points ({', '.join(POINT_COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(POINT_COLUMNS))})"
)
_FIXED_BYTES = 100
"""What a row takes beside its content, about."""


class Row(NamedTuple):
    """A row on its way to the disk."""

    statement: str
    values: Sequence[Any]
    key: str = ""
    """Takes the place of a row with the same key, and is never given up; empty: may be."""
    second: int | None = None
    """Of a reading."""

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about."""
        return _FIXED_BYTES + sum(
            len(value) for value in self.values if isinstance(value, bytes | str)
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """Seconds, from the first to the last, that were not written."""

    first_second: int
    last_second: int


def of_reading(reading: Reading) -> Row:
    """Return the row of *reading*, which takes the place of another one of that second."""
    return Row(
        "INSERT OR REPLACE INTO readings (second, span_s, content) VALUES (?, ?, ?)",
        (reading.second, reading.span_s, packed(reading)),
        second=reading.second,
    )


def of_point(point: Point) -> Row:
    """Return the row of *point*."""
    return Row(_POINT, [getattr(point, column) for column in POINT_COLUMNS])


def of_balance(balance: Balance) -> Row:
    """Return the row of *balance*."""
    return Row(
        "INSERT OR REPLACE INTO balances (second, content) VALUES (?, ?)",
        (balance.second, packed_balance(balance)),
    )


def of_spike(spike: Spike) -> Row:
    """Return the row of *spike*."""
    return Row(
        "INSERT OR REPLACE INTO spikes (id, second, content) VALUES (?, ?, ?)",
        (spike.id, spike.second, packed_spike(spike)),
    )


def without_spike(number: int) -> Row:
    """Return what takes the row of the spike with that id away."""
    return Row("DELETE FROM spikes WHERE id = ?", (number,))


def of_flame(flame: Flame) -> Row:
    """Return the row of *flame*."""
    return Row(
        "INSERT OR REPLACE INTO flames (id, second, head, stacks) VALUES (?, ?, ?, ?)",
        (flame.id, flame.second, _json(flame.head), packed_text(flame.stacks)),
    )


def without_flame(number: int) -> Row:
    """Return what takes the row of the flame graph with that id away."""
    return Row("DELETE FROM flames WHERE id = ?", (number,))


def of_late_snapshot(snapshot: Snapshot) -> Row:
    """Return the row of a snapshot that no reading has."""
    return Row(
        "INSERT INTO late_snapshots (second, content) VALUES (?, ?)",
        (snapshot.second, _json(snapshot)),
    )


def of_event(event: Event) -> Row:
    """Return the row of *event*."""
    return Row(
        "INSERT OR REPLACE INTO events (serial, content) VALUES (?, ?)",
        (event.serial, _json(event)),
    )


def of_entry(entry: JournalEntry) -> Row:
    """Return the row of *entry*, which takes the place of what was known of it before."""
    return Row(
        "INSERT OR REPLACE INTO journal (id, content) VALUES (?, ?)",
        (entry.id, _json(entry)),
        key=f"command {entry.id}",
    )


def of_standing(name: str, value: object) -> Row:
    """Return the row that says how *name* stands."""
    return Row(
        "INSERT OR REPLACE INTO standings (name, content) VALUES (?, ?)",
        (name, _json(value)),
        key=f"standing {name}",
    )


def of_meta(key: str, value: object) -> Row:
    """Return the row of *key*."""
    return Row(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        (key, _json(value)),
        key=f"meta {key}",
    )


def of_loss(lost: Lost) -> Row:
    """Return the row of seconds that are missing."""
    return Row(
        "INSERT OR REPLACE INTO losses (first_second, last_second) VALUES (?, ?)",
        (lost.first_second, lost.last_second),
        key=f"loss {lost.first_second}",
    )


def of_totals(totals: Totals) -> Row:
    """Return the row of what the run came to so far."""
    return Row(
        "INSERT OR REPLACE INTO totals (id, second, content) VALUES (1, ?, ?)",
        (totals.whole.second, packed_totals(totals)),
        key="totals",
    )


def of_summary(summary: Summary) -> Row:
    """Return the row of the run's end."""
    return Row(
        "INSERT OR REPLACE INTO summary (id, content) VALUES (1, ?)",
        (_json(summary),),
        key="summary",
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
