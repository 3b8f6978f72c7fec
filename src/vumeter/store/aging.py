"""
How readings grow coarser: seconds become tens and tens minutes, by age; and, so that a store
stays within its size, the oldest of it before its time, minutes into ten of them at last.
"""

import sqlite3

from vumeter.model.retention import Retention
from vumeter.stats.spans import merged
from vumeter.store import rows
from vumeter.store.packing import unpacked

NEXT_SPAN_S = {1: 10, 10: 60}
"""What readings become by age."""

LONGEST_S = 600
"""What they may become for want of room."""

_COARSER_S = NEXT_SPAN_S | {60: LONGEST_S}
_BLOCKS_AT_ONCE = 30
"""A writer that was held up for long catches up in small steps."""


class Aging:
    """
    Merges readings of one stored run as newer ones come.

    Only blocks that begin and end with a full span are merged, and each of them at once with
    the removal of its parts: whoever reads sees the run whole at any time.
    """

    def __init__(self, retention: Retention) -> None:
        self._kept_s = {1: retention.seconds_s, 10: retention.tens_s}
        self._most_bytes = retention.most_bytes
        self._merged_to: dict[int, int] = dict.fromkeys(NEXT_SPAN_S, 0)

    def advance(self, connection: sqlite3.Connection, newest_second: int) -> None:
        """Merge what has become old with *newest_second*, within a transaction of the caller's."""
        for span_s, longer_s in NEXT_SPAN_S.items():
            old_before = newest_second + 1 - self._kept_s[span_s]
            for _ in range(_BLOCKS_AT_ONCE):
                start = self._merged_to[span_s]
                if start + longer_s > old_before:
                    break
                _merge(connection, start, start + longer_s, span_s=longer_s)
                self._merged_to[span_s] = start + longer_s
        for _ in range(_BLOCKS_AT_ONCE):
            if _used_bytes(connection) <= self._most_bytes:
                break
            if not _merge_oldest(connection, newest_second + 1):
                break


def _used_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the file's pages but for those that are free to be used again."""
    number = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    }
    used: int = (number["page_count"] - number["freelist_count"]) * number["page_size"]
    return used


def _merge_oldest(connection: sqlite3.Connection, end_second: int) -> bool:
    """Merge the oldest readings that can be, and return whether there were any."""
    oldest = connection.execute(
        "SELECT second, span_s FROM readings WHERE span_s < ? ORDER BY second LIMIT 1",
        (LONGEST_S,),
    ).fetchone()
    if oldest is None:
        return False
    second, span_s = oldest
    longer_s = _COARSER_S[span_s]
    start = second - second % longer_s
    if start + longer_s > end_second:
        return False
    _merge(connection, start, start + longer_s, span_s=longer_s)
    return True


def _merge(connection: sqlite3.Connection, start: int, end: int, *, span_s: int) -> None:
    found = connection.execute(
        "SELECT content FROM readings WHERE second >= ? AND second < ? AND span_s < ? "
        "ORDER BY second",
        (start, end, span_s),
    ).fetchall()
    if not found:
        return  # lost, and said so; or merged before, for want of room
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
