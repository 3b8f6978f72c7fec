"""
Who or what it is, in the words of the database: the statement, the table, the event.

What comes back has text of the target's in it; whoever shows it, cleans it.
"""

from collections.abc import Callable, Mapping

from vumeter.model.database import SessionGroup
from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresReading
from vumeter.stats.scans import scanned_large
from vumeter.stats.sessions import is_exhausted
from vumeter.stats.statements import newest_calls_per_s
from vumeter.stats.subjects import subject_of
from vumeter.units import duration_text

_LONGEST = 100
"""Characters of a statement."""


def culprit(series: str, reading: Reading) -> str:
    """Return what *reading* says of the subject of *series*; empty: nothing."""
    subject, postgres = subject_of(series), reading.postgres
    if subject is None or postgres is None or not series.startswith("postgres"):
        return ""
    if subject.name == "queries per request":
        requests = sum(tally.requests for tally in reading.tallies.values())
        return _calls(postgres, requests_per_s=requests / reading.span_s)
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


def _calls(postgres: PostgresReading, *, requests_per_s: float) -> str:
    span_s = postgres.statements_span_s
    if not postgres.statements or not span_s:
        return ""
    calls_per_s = {it: newest_calls_per_s(it, span_s) for it in postgres.statements}
    most = max(calls_per_s, key=calls_per_s.__getitem__)
    words = f"{calls_per_s[most]:.0f} calls/s"
    if requests_per_s:
        words += f", {calls_per_s[most] / requests_per_s:.1f} for each request of any kind"
    return _joined(words, _statement(most.text))


def _scans(postgres: PostgresReading) -> str:
    scanned = ""
    for worst in scanned_large(postgres.tables)[:1]:
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
    used, slots = postgres.connections_used, postgres.connections_max
    reserved = postgres.connections_reserved or 0
    taken = f"{used} of {slots} slots" if used is not None and slots else ""
    is_full = used is not None and slots is not None and used >= slots - reserved
    if is_full:
        taken += ", no slot is left" + (f" but {reserved} that are reserved" if reserved else "")
    most_first = sorted(postgres.groups, key=lambda it: -it.sessions)
    pool = next(filter(is_exhausted, most_first), None)
    if pool is not None and not is_full:
        none_idles = f"none of {_name(pool)}'s {pool.sessions} idles: its pool is exhausted?"
        return _joined(taken, none_idles)
    if not most_first:
        return taken
    most = most_first[0]
    idle = most.sessions - most.active - most.idle_in_transaction
    return _joined(taken, f"{_name(most)} has {most.sessions}, {idle} of them idle")


def _name(group: SessionGroup) -> str:
    return group.application or group.user


def _deadlocks(postgres: PostgresReading) -> str:
    """Return what those wait for who wait in a ring, or will; and how many rings there were."""
    tables = dict.fromkeys(each.relation for each in postgres.waiters if each.relation)
    number = postgres.deadlocks or 0
    counted = f"{number} since the run began" if number else ""
    if not tables:
        return counted
    return _joined(
        f"{counted}, table {', '.join(tables)}", _statement(postgres.waiters[0].statement)
    )


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
    "rows": _scans,
    "db io": _io,
    "sessions on the database's CPU": _cpu,
    "connections": _connections,
    "deadlocks": _deadlocks,
    "the age of the longest statement": _longest,
}
