"""pg_stat_statements as seen through one connection: which statements take the time."""

import re
from collections.abc import Sequence

import asyncpg

from vumeter.clock import NANOSECONDS_PER_S, NsClock
from vumeter.model.database import StatementFigures
from vumeter.probes.cadence import costly_interval_ns
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import OWN_MARK, Questions, Row, sql
from vumeter.probes.sessions import NAME_LIMIT
from vumeter.probes.statement_log import Change, Counters, StatementKey, StatementLog

_SHOWN = 15
_TEXT_LIMIT = 240
_TEXTS_KEPT = 1000

_ENTRY_COST_US = 2.0
"""What one entry costs the server: 1.6 µs were measured, with 1,600 of them."""

_RETRY_S = 30.0
"""An extension that is not there may be created while the run goes on."""

_NEWEST_LAYOUTS = ((1, 11), (1, 9), (1, 8), (1, 7))
"""From which version of the extension on its columns are as in `statements_*.sql`."""


_TROUBLES: tuple[tuple[tuple[type[asyncpg.PostgresError], ...], str], ...] = (
    (
        (asyncpg.QueryCanceledError,),
        "pg_stat_statements takes longer than 500 ms to read → lower pg_stat_statements.max",
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        "permission denied for pg_stat_statements → GRANT USAGE ON its schema TO {role}",
    ),
    (
        (asyncpg.ObjectNotInPrerequisiteStateError,),
        "pg_stat_statements is not loaded → add it to shared_preload_libraries and restart",
    ),
    (
        (
            asyncpg.UndefinedTableError,
            asyncpg.UndefinedFunctionError,
            asyncpg.UndefinedColumnError,
            asyncpg.InvalidSchemaNameError,
            asyncpg.FeatureNotSupportedError,
        ),
        "pg_stat_statements has changed → the probe looks for it again",
    ),
)
_NOT_THERE = (
    "pg_stat_statements is not in this database → CREATE EXTENSION pg_stat_statements"
    " (it has to be in shared_preload_libraries)"
)
_OTHERS_HIDDEN = "other roles' statements are hidden from the probe → GRANT pg_monitor TO {role}"
_EXPECTED = tuple(error for errors, _ in _TROUBLES for error in errors)


class StatementWatch:
    """Asks every few seconds; what cannot be seen becomes a remark."""

    def __init__(
        self, questions: Questions, log: StatementLog, *, role: str, clock: NsClock
    ) -> None:
        self._questions = questions
        self._log = log
        self._role = role
        self._clock = clock
        self._due_ns = clock()
        self._is_ready = False
        self._texts: dict[tuple[int, ...], tuple[str, str, str]] = {}
        self.figures: tuple[StatementFigures, ...] = ()
        self.remark = ""
        self.schema: str | None = None
        """Where the extension is, quoted; `None`: it is not there."""

    @property
    def span_s(self) -> float | None:
        """What *figures* are of; `None`: they are not known."""
        return self._log.span_s if self._is_ready else None

    async def look(self) -> None:
        """Ask if it is time to. What the server has against it becomes the remark."""
        if self._clock() < self._due_ns:
            return
        try:
            self._is_ready = self._is_ready or await self._prepared()
            if self._is_ready:
                entries = await self._asked()
                interval_ns = costly_interval_ns(entries * _ENTRY_COST_US)
                self._due_ns = self._clock() + interval_ns
        except _EXPECTED as error:
            self._fail(next(text for errors, text in _TROUBLES if isinstance(error, errors)))

    async def _prepared(self) -> bool:
        rows = await self._questions.ask("extension")
        if not rows:
            self._fail(_NOT_THERE)
            return False
        self.schema = rows[0]["schema"]
        version = _version(rows[0]["version"])
        layout = next((each for each in _NEWEST_LAYOUTS if version >= each), _NEWEST_LAYOUTS[-1])
        for name, query in (
            ("statements", f"statements_{layout[0]}_{layout[1]}"),
            ("statement_texts", "statement_texts"),
        ):
            text = sql(query).replace('"schema"', rows[0]["schema"])
            await self._questions.prepare_text(name, text)
        return True

    async def _asked(self) -> int:
        rows = await self._questions.rows("statements")
        counted = {_key(row): _counters(row) for row in rows if row["queryid"] is not None}
        self._log.add(self._clock(), counted)
        self.figures = await self._shown(self._log.changes())
        is_hidden = len(counted) < len(rows)
        self.remark = _OTHERS_HIDDEN.format(role=self._role) if is_hidden else ""
        return len(rows)

    async def _shown(self, changes: Sequence[Change]) -> tuple[StatementFigures, ...]:
        # The probe's own statements may be among them; twice as many leave enough.
        first = changes[: 2 * _SHOWN]
        await self._learn_texts(first)
        found = (self._figures(change) for change in first)
        return tuple(each for each in found if each is not None)[:_SHOWN]

    async def _learn_texts(self, changes: Sequence[Change]) -> None:
        unknown = {change.key.query for change in changes if change.key[:3] not in self._texts}
        if not unknown:
            return
        if len(self._texts) > _TEXTS_KEPT:
            self._texts.clear()
            unknown = {change.key.query for change in changes}
        for row in await self._questions.rows("statement_texts", sorted(unknown)):
            place = (row["userid"], row["dbid"], row["queryid"])
            self._texts[place] = (row["text"] or "", row["user"], row["database"])

    def _figures(self, change: Change) -> StatementFigures | None:
        text, user, database = self._texts.get(change.key[:3], (OWN_MARK, "", ""))
        if OWN_MARK in text:
            return None
        it = change.counters
        return StatementFigures(
            id=str(change.key.query),
            text=plain_text(text, limit=_TEXT_LIMIT),
            user=plain_text(user, limit=NAME_LIMIT),
            database=plain_text(database, limit=NAME_LIMIT),
            calls=it.calls,
            total_ms=it.total_ms,
            mean_ms=it.total_ms / it.calls,
            rows=it.rows,
            hits=it.hits,
            reads=it.reads,
            temporary=it.temporary,
            io_ms=it.io_ms,
            is_new=change.is_new,
            calls_per_s=change.calls_per_s,
        )

    def _fail(self, remark: str) -> None:
        self.remark = remark.format(role=self._role)
        self.figures = ()
        self._is_ready = False
        self._due_ns = self._clock() + round(_RETRY_S * NANOSECONDS_PER_S)


def _version(text: str) -> tuple[int, int]:
    """Return an extension's version; what is no such thing is older than all."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _key(row: Row) -> StatementKey:
    return StatementKey(row["userid"], row["dbid"], row["queryid"], row["toplevel"])


def _counters(row: Row) -> Counters:
    return Counters(*(row[field] for field in Counters._fields))
