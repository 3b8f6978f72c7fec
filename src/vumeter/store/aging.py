"""How readings grow coarser as they age: seconds become tens, and tens minutes."""

import sqlite3
from dataclasses import dataclass, field

from vumeter.stats.spans import merged
from vumeter.store import rows
from vumeter.store.packing import unpacked

_BLOCKS_AT_ONCE = 30
"""A writer that was held up for long catches up in small steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long readings stay as they are, before they are merged into the next span."""

    kept_s: dict[int, int] = field(default_factory=lambda: {1: 3_600, 10: 43_200})
    """By their span."""
    next_span_s: dict[int, int] = field(default_factory=lambda: {1: 10, 10: 60})


class Aging:
    """
    Merges readings of one stored run as newer ones come.

    Only blocks that begin and end with a full span are merged, and each of them at once with
    the removal of its parts: whoever reads sees the run whole at any time.
    """

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._merged_to: dict[int, int] = dict.fromkeys(retention.next_span_s, 0)

    def advance(self, connection: sqlite3.Connection, newest_second: int) -> None:
        """Merge what has become old with *newest_second*, within a transaction of the caller's."""
        for span_s, longer_s in self._retention.next_span_s.items():
            old_before = newest_second + 1 - self._retention.kept_s[span_s]
            for _ in range(_BLOCKS_AT_ONCE):
                start = self._merged_to[span_s]
                if start + longer_s > old_before:
                    break
                _merge(connection, start, start + longer_s, span_s=longer_s)
                self._merged_to[span_s] = start + longer_s


def _merge(connection: sqlite3.Connection, start: int, end: int, *, span_s: int) -> None:
    found = connection.execute(
        "SELECT content FROM readings WHERE second >= ? AND second < ? ORDER BY second",
        (start, end),
    ).fetchall()
    if not found:
        return  # lost, and said so
    whole = merged([unpacked(content) for (content,) in found], span_s=span_s)
    connection.execute("DELETE FROM readings WHERE second >= ? AND second < ?", (start, end))
    # Of what the run had come to only the newest stays: that at the end of what is one now.
    connection.execute(
        "DELETE FROM balances WHERE second >= ? AND second < "
        "(SELECT max(second) FROM balances WHERE second >= ? AND second < ?)",
        (start, start, end),
    )
    row = rows.of_reading(whole)
    connection.execute(row.statement, row.values)
