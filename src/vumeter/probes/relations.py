"""Tables and indexes of the database that the probe is connected to: how they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from vumeter.clock import NANOSECONDS_PER_S, NsClock
from vumeter.model.database import TableFigures, UnusedIndex
from vumeter.probes.cadence import costly_interval_ns
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import Questions, Row
from vumeter.probes.sessions import NAME_LIMIT

_ASKED = 2000
"""Of the largest relations; what is small is seldom what is slow."""

_SHOWN = 10
_RELATION_COST_US = 3.0
"""What one costs the server: 2.9 µs were measured, with 2,000 of them."""

_SMALLEST_UNUSED_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Look:
    at_ns: int
    rows: Mapping[int, Row]


class RelationWatch:
    """Asks every few seconds, the seldomer the more relations there are."""

    def __init__(self, questions: Questions, *, clock: NsClock) -> None:
        self._questions = questions
        self._clock = clock
        self._due_ns = clock()
        self._before: _Look | None = None
        self.figures: dict[str, Any] = {}
        """Fields of a reading; none before the second look."""

    async def prepare(self) -> None:
        """Make the question ready."""
        await self._questions.prepare(("relations",))

    async def look(self) -> None:
        """Ask if it is time to; a question that takes too long is asked later."""
        now_ns = self._clock()
        if now_ns < self._due_ns:
            return
        try:
            found = await self._questions.rows("relations", _ASKED)
        except asyncpg.QueryCanceledError:
            # The catalog may be locked, by a migration perhaps.
            self.figures, self._before = {}, None
            self._due_ns = now_ns + costly_interval_ns(_ASKED * _RELATION_COST_US)
            return
        self._due_ns = now_ns + costly_interval_ns(len(found) * _RELATION_COST_US)
        look = _Look(now_ns, {row["oid"]: row for row in found})
        before, self._before = self._before, look
        if before is not None:
            self.figures = {
                "tables": _tables(before.rows, look.rows),
                "tables_span_s": (now_ns - before.at_ns) / NANOSECONDS_PER_S,
                "unused_indexes": _unused(look.rows),
            }


def _tables(before: Mapping[int, Row], now: Mapping[int, Row]) -> tuple[TableFigures, ...]:
    indexes: dict[int, list[Row]] = {}
    for row in now.values():
        if row["is_index"]:
            indexes.setdefault(row["of_table"], []).append(row)
    found = [
        _figures(row, indexes.get(oid, ()), before)
        for oid, row in now.items()
        if not row["is_index"]
    ]
    return tuple(sorted(found, key=_interest, reverse=True)[:_SHOWN])


def _interest(table: TableFigures) -> tuple[int, int, int, int]:
    """Return what makes one table more worth a look than another, most important first."""
    many_dead = table.dead_rows if table.dead_rows > table.live_rows // 5 else 0
    return (table.sequential_rows, many_dead, table.index_scans, table.live_rows)


def _figures(table: Row, indexes: Sequence[Row], before: Mapping[int, Row]) -> TableFigures:
    hits = sum(_since(before, row, "hits") for row in (table, *indexes))
    blocks = sum(_since(before, row, "blocks") for row in (table, *indexes))
    return TableFigures(
        name=plain_text(f"{table['schema']}.{table['name']}", limit=NAME_LIMIT),
        live_rows=table["live_rows"],
        dead_rows=table["dead_rows"],
        bytes=table["bytes"],
        sequential_scans=_since(before, table, "scans"),
        sequential_rows=_since(before, table, "rows_read"),
        index_scans=sum(_since(before, index, "scans") for index in indexes),
        cache_hit_ratio=hits / blocks if blocks else None,
        vacuum_age_s=table["vacuum_age_s"],
    )


def _since(before: Mapping[int, Row], row: Row, field: str) -> int:
    """Return by how much a counter has grown; one that was reset, or is new, by nothing."""
    earlier = before.get(row["oid"])
    return 0 if earlier is None else max(0, row[field] - earlier[field])


def _unused(rows: Mapping[int, Row]) -> tuple[UnusedIndex, ...]:
    found = [
        UnusedIndex(
            name=plain_text(row["name"], limit=NAME_LIMIT),
            table=plain_text(_table_name(rows, row), limit=NAME_LIMIT),
            bytes=row["bytes"],
        )
        for row in rows.values()
        if row["is_index"]
        and not row["is_needed"]
        and not row["scans"]
        and row["bytes"] >= _SMALLEST_UNUSED_BYTES
    ]
    return tuple(sorted(found, key=lambda index: -index.bytes)[:_SHOWN])


def _table_name(rows: Mapping[int, Row], index: Row) -> str:
    table = rows.get(index["of_table"])
    return index["schema"] if table is None else f"{table['schema']}.{table['name']}"
