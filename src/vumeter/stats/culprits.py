"""
Who or what it is, in the words of the database: the statement, the table, the event.

What comes back has text of the target's in it; whoever shows it, cleans it.
"""

from collections.abc import Callable, Mapping

from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresReading
from vumeter.stats.subjects import subject_of
from vumeter.units import duration_text

_LONGEST = 100
"""Characters of a statement."""


def culprit(series: str, reading: Reading) -> str:
    """Return what *reading* says of the subject of *series*; empty: nothing."""
    subject, postgres = subject_of(series), reading.postgres
    if subject is None or postgres is None or not series.startswith("postgres"):
        return ""
    return _WITNESSES.get(subject.name, _event)(postgres)


def _locks(postgres: PostgresReading) -> str:
    tables = dict.fromkeys(each.relation for each in postgres.waiters if each.relation)
    where = f"table {', '.join(tables)}" if tables else ""
    if not postgres.blockers:
        return where
    first = max(postgres.blockers, key=lambda it: it.blocked)
    who = f"pid {first.pid} ({first.application or first.user or 'no name'}, {first.state})"
    held = f"{who} holds {first.blocked} up for {duration_text(round(first.age_s, 1))}"
    return _joined(where, held, _statement(first.statement))


def _open_transactions(postgres: PostgresReading) -> str:
    if not postgres.idle_in_transaction:
        return ""
    first = postgres.idle_in_transaction[0]
    age = duration_text(round(first.transaction_s, 1))
    return _joined(
        f"pid {first.pid} ({first.application or first.user}) for {age}",
        _statement(first.statement),
    )


def _calls(postgres: PostgresReading) -> str:
    if not postgres.statements or not postgres.statements_span_s:
        return ""
    most = max(postgres.statements, key=lambda it: it.calls)
    per_s = most.calls / postgres.statements_span_s
    return _joined(f"{per_s:.0f} calls/s", _statement(most.text))


def _scans(postgres: PostgresReading) -> str:
    worst = max(postgres.tables, key=lambda it: it.sequential_rows, default=None)
    scanned = ""
    if worst is not None and worst.sequential_rows:
        scanned = (
            f"table {worst.name}: {worst.sequential_scans} sequential scans of "
            f"{worst.sequential_rows // max(1, worst.sequential_scans)} rows"
        )
    return _joined(scanned, _dearest(postgres, lambda it: float(it.rows + it.hits + it.reads)))


def _io(postgres: PostgresReading) -> str:
    return _dearest(postgres, lambda it: it.io_ms or float(it.reads))


def _cpu(postgres: PostgresReading) -> str:
    working = [each for each in postgres.running if not each.wait]
    if not working:
        return _dearest(postgres, lambda it: it.total_ms - it.io_ms)
    first = working[0]
    age = duration_text(round(first.age_s, 1))
    return _joined(f"pid {first.pid} for {age}", _statement(first.statement))


def _connections(postgres: PostgresReading) -> str:
    slots = ""
    if postgres.connections_used is not None and postgres.connections_max:
        slots = f"{postgres.connections_used} of {postgres.connections_max} slots"
    most = max(postgres.groups, key=lambda it: it.sessions, default=None)
    if most is None:
        return slots
    name = most.application or most.user
    idle = most.sessions - most.active - most.idle_in_transaction
    return _joined(slots, f"{name} has {most.sessions}, {idle} of them idle")


def _longest(postgres: PostgresReading) -> str:
    if not postgres.running:
        return ""
    first = postgres.running[0]
    waits = f", waits for {first.wait}" if first.wait else ""
    return _joined(f"pid {first.pid}{waits}", _statement(first.statement))


def _event(postgres: PostgresReading) -> str:
    """Return the event that most sessions wait for."""
    events = {
        event: sessions
        for event, sessions in (postgres.active_by_event or {}).items()
        if event != "CPU"
    }
    if not events:
        return ""
    event = max(events, key=events.__getitem__)
    return f"most wait for {event} ({events[event]:.1f} sessions)"


def _dearest(postgres: PostgresReading, cost: Callable[..., float]) -> str:
    most = max(postgres.statements, key=cost, default=None)
    return "" if most is None or cost(most) <= 0 else _statement(most.text)


def _statement(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)


_WITNESSES: Mapping[str, Callable[[PostgresReading], str]] = {
    "lock waits": _locks,
    "transactions left open": _open_transactions,
    "queries per request": _calls,
    "rows": _scans,
    "db io": _io,
    "sessions on the database's CPU": _cpu,
    "connections": _connections,
    "the age of the longest statement": _longest,
}
