"""What the probe does for the operator: explain a statement, cancel one, end a session."""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from vumeter.model.database import StatementPlan
from vumeter.probes.connection import connected
from vumeter.probes.dsn import Dsn
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import OWN_MARK, Questions
from vumeter.stats.plaintext import plain

_LINES_SHOWN = 60
_LINE_LIMIT = 200
_TEXT_LIMIT = 240
_MESSAGE_LIMIT = 200
_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBackend:
    """Cancel what a session executes, or end the session."""

    pid: int
    ends: bool

    @property
    def words(self) -> str:
        """What is asked of the server."""
        return f"end the session {self.pid}" if self.ends else f"cancel what {self.pid} executes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """Say how a statement would be executed; *id* is pg_stat_statements'."""

    id: str


Errand = EndBackend | Explain


async def end_backend(questions: Questions, errand: EndBackend, *, seen_s: float, role: str) -> str:
    """
    Do so, and return in words what came of it.

    Args:
        questions: On a connection whose role may.
        errand: What to end.
        seen_s: How long ago the operator saw the session: one that began since is another.
        role: The probe's, quoted for SQL.
    """
    try:
        rows = await questions.ask("end_backend", errand.pid, errand.ends, seen_s)
    except asyncpg.InsufficientPrivilegeError as error:
        reason = plain_text(str(error.args[0]), limit=_MESSAGE_LIMIT)
        return f"could not {errand.words}: {reason} → GRANT pg_signal_backend TO {role}"
    except asyncpg.PostgresError as error:
        return f"could not {errand.words}: {plain_text(str(error), limit=_MESSAGE_LIMIT)}"
    if not rows or not rows[0]["done"]:
        return f"could not {errand.words}: there is no such session any more"
    return f"PostgreSQL was told to {errand.words}"


async def explained(
    questions: Questions, dsn: Dsn, errand: Explain, *, schema: str | None
) -> StatementPlan:
    """
    Return the plan that the server would choose, whatever the values, without executing it.

    On a connection of its own to the statement's database, read-only, each step limited to
    500 ms. *schema* is where pg_stat_statements is, quoted; `None`: it is not there.
    """
    try:
        async with asyncio.timeout(_LIMIT_S):
            rows = []
            if schema is not None:
                rows = await questions.ask("statement_text", int(errand.id), schema=schema)
            if not rows:
                return _failed(errand, "", "the statement is no longer in pg_stat_statements")
            text = rows[0]["text"]
            async with connected(dsn, database=rows[0]["database"]) as connection:
                lines = await _plan(connection, text)
    except asyncpg.InsufficientPrivilegeError as error:
        advice = "→ GRANT SELECT on it to the probe's role, or what the statement needs"
        return _failed(errand, text, f"{error.args[0]} {advice}")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        return _failed(errand, text, str(error) or "no answer in time")
    return StatementPlan(
        id=errand.id,
        text=plain_text(text, limit=_TEXT_LIMIT),
        lines=tuple(plain(line)[:_LINE_LIMIT] for line in lines[:_LINES_SHOWN]),
    )


async def _plan(connection: Any, text: str) -> list[str]:
    """
    Return EXPLAIN's lines. The text has $1, $2, … for values that nobody knows any more.

    Each command goes by the extended protocol, which takes a single statement, and PREPARE
    takes nothing but queries: no text can make this execute anything.
    """
    await connection.fetch(f"SET {OWN_MARK} plan_cache_mode = force_generic_plan")
    await connection.fetch(f"PREPARE vumeter_plan AS {text}")
    values = await connection.fetchval(
        f"SELECT {OWN_MARK} cardinality(parameter_types) FROM pg_catalog.pg_prepared_statements"
        " WHERE name = 'vumeter_plan'"
    )
    given = f"({', '.join(['NULL'] * values)})" if values else ""
    rows = await connection.fetch(f"EXPLAIN EXECUTE vumeter_plan{given}")
    return [row[0] for row in rows]


def _failed(errand: Explain, text: str, remark: str) -> StatementPlan:
    return StatementPlan(
        id=errand.id,
        text=plain_text(text, limit=_TEXT_LIMIT),
        lines=(),
        remark=plain_text(remark, limit=_MESSAGE_LIMIT),
    )
