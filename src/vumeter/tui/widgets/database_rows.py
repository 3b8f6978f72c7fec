"""The pages of the database view as rows: what happens now, whence, which statements, tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vumeter.model.database import (
    Blocker,
    Session,
    SessionGroup,
    StatementFigures,
    StatementPlan,
    TableFigures,
    UnusedIndex,
    Waiter,
)
from vumeter.model.probes import PostgresReading
from vumeter.stats.sessions import is_exhausted
from vumeter.stats.statements import MANY_CALLS_PER_REQUEST, calls_per_request
from vumeter.tui.format import (
    NOTHING,
    age_text,
    bytes_text,
    number_text,
    percent_text,
    span_text,
    three_digits,
)
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, wrapped
from vumeter.tui.widgets.waits import wait_ink

LONG_STATEMENT_S = 5.0
LONG_IDLE_S = 5.0
"""From these ages on a session asks for attention."""

_LOW_HIT_RATIO = 0.9
_MANY_DEAD_RATIO = 0.2
_BIG_TABLE_ROWS = 100_000
"""Reading all of a table that has so many rows is worth a warning."""

_VICTIMS_SHOWN = 4
"""Of those behind one root: what else goes on has to have its rows, too."""

_WIDE = 110
_PID_WIDTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailRow:
    """One row of a page, and what it is about."""

    line: Line
    pid: int | None = None
    statement: StatementFigures | None = None

    @property
    def is_selectable(self) -> bool:
        """Whether anything can be done with it."""
        return self.pid is not None or self.statement is not None


# What happens now


def now_rows(reading: PostgresReading, *, width: int, look: Look) -> list[DetailRow]:
    """Return who blocks whom, then who idles in a transaction, then what runs, longest first."""
    rows = [*_tree(reading, width=width, look=look)]
    told = {row.pid for row in rows}
    rows += [
        DetailRow(line=_session(session, width, look), pid=session.pid)
        for session in (*reading.idle_in_transaction, *reading.running)
        if session.pid not in told
    ]
    if not rows:
        is_known = reading.longest_running_s is not None
        words = "nobody works, waits or idles in a transaction"
        words = words if is_known else "what the sessions do is not known"
        rows.append(DetailRow(line=Line(look).add(f" {words}", Ink.DIM)))
    return rows


def _tree(reading: PostgresReading, *, width: int, look: Look) -> Iterator[DetailRow]:
    """Yield each root with those behind it; who waits in a ring, which has no root, comes last."""
    roots = {blocker.pid for blocker in reading.blockers}
    behind: dict[int | None, list[Waiter]] = {}
    by_pid = {waiter.pid: waiter for waiter in reading.waiters}
    for waiter in reading.waiters:
        behind.setdefault(_root_of(waiter, by_pid, roots), []).append(waiter)
    for blocker in reading.blockers:
        yield DetailRow(line=_blocker(blocker, width, look), pid=blocker.pid or None)
        victims = behind.pop(blocker.pid, [])[:_VICTIMS_SHOWN]
        for waiter in victims:
            yield DetailRow(line=_waiter(waiter, width, look), pid=waiter.pid)
        if blocker.blocked > len(victims):
            more = f"    {blocker.blocked - len(victims)} more wait behind it"
            yield DetailRow(line=Line(look).add(more, Ink.DIM))
    for waiters in behind.values():
        for waiter in waiters:
            yield DetailRow(line=_waiter(waiter, width, look), pid=waiter.pid)


def _root_of(waiter: Waiter, by_pid: Mapping[int, Waiter], roots: set[int]) -> int | None:
    seen: set[int] = set()
    frontier = [waiter.pid]
    while frontier:
        pid = frontier.pop()
        if pid in roots:
            return pid
        if pid not in seen and pid in by_pid:
            seen.add(pid)
            frontier.extend(reversed(by_pid[pid].blocked_by))
    return None


def _blocker(blocker: Blocker, width: int, look: Look) -> Line:
    line = Line(look).add(" ").add_fitted(str(blocker.pid), _PID_WIDTH, Ink.STRONG)
    line.add(f"blocks {blocker.blocked} ", Ink.BAD)
    line.add(f"{span_text(blocker.age_s)} ", Ink.WARN)
    line.add(f"{blocker.state} ", Ink.WARN if "idle" in blocker.state else Ink.TEXT)
    line.add(f"{_who(blocker.application, blocker.user)} ", Ink.DIM)
    return line.add(blocker.statement).crop_to(width)


def _waiter(waiter: Waiter, width: int, look: Look) -> Line:
    line = Line(look).add(f"  {look.glyphs.blocked_by} ", Ink.WARN)
    line.add_fitted(str(waiter.pid), _PID_WIDTH - 2, Ink.VALUE)
    line.add(f"{NOTHING if waiter.wait_s is None else span_text(waiter.wait_s)} ", Ink.WARN)
    about = f"{waiter.lock} of {waiter.relation}" if waiter.relation else waiter.lock
    line.add(f"{about} ", Ink.WAIT_LOCK)
    line.add(f"{_who(waiter.application, waiter.user)} ", Ink.DIM)
    return line.add(waiter.statement).crop_to(width)


def _session(session: Session, width: int, look: Look) -> Line:
    is_idle = session.state.startswith("idle")
    is_long = session.age_s >= (LONG_IDLE_S if is_idle else LONG_STATEMENT_S)
    state = session.state.replace("idle in transaction", "idle in tx")
    line = Line(look).add(" ").add_fitted(str(session.pid), _PID_WIDTH, Ink.VALUE)
    line.add_right(span_text(session.age_s), 6, Ink.WARN if is_long else Ink.TEXT).add(" ")
    if is_idle:
        line.add_fitted(state, 19, Ink.WARN if is_long else Ink.DIM)
    else:
        wait = session.wait or "CPU"
        line.add_fitted(wait, 19, wait_ink(wait))
    line.add(" ").add_fitted(_who(session.application, session.user), 12, Ink.DIM).add(" ")
    if width >= _WIDE:
        line.add_fitted(session.client or "local", 15, Ink.DIM).add(" ")
    return line.add(session.statement).crop_to(width)


def _who(application: str, user: str) -> str:
    return application or user


# Where the sessions come from


def session_rows(reading: PostgresReading, *, width: int, look: Look) -> list[DetailRow]:
    """Return the groups of sessions, largest first, with what they are doing."""
    if not reading.groups:
        hidden = reading.sessions_active is None
        words = "sessions are hidden from the probe" if hidden else "nobody else is connected"
        return [DetailRow(line=Line(look).add(f" {words}", Ink.DIM))]
    head = Line(look).add(" ")
    for text, cells in (("sessions", 9), ("active", 8), ("idle in tx", 12)):
        head.add_right(text, cells, Ink.DIM)
    head.add("  user, application, client", Ink.DIM)
    rows = [DetailRow(line=head)]
    rows += [DetailRow(line=_group(group, reading, width, look)) for group in reading.groups]
    others = _others(reading)
    if others > 0:
        rows.append(DetailRow(line=Line(look).add(f" {others} others", Ink.DIM)))
    return rows


def _group(group: SessionGroup, reading: PostgresReading, width: int, look: Look) -> Line:
    slots = reading.connections_max or 0
    is_most = slots > 0 and group.sessions >= slots / 2
    line = Line(look).add(" ")
    line.add_right(number_text(group.sessions), 9, Ink.WARN if is_most else Ink.VALUE)
    line.add_right(number_text(group.active), 8, Ink.TEXT)
    is_idling = group.idle_in_transaction > 0
    line.add_right(number_text(group.idle_in_transaction), 12, Ink.WARN if is_idling else Ink.DIM)
    place = group.client or "local"
    line.add(f"  {group.user} ", Ink.TEXT).add(f"{group.application or NOTHING} ", Ink.STRONG)
    line.add(place, Ink.DIM)
    return line.add("  ! none idles" if is_exhausted(group) else "", Ink.WARN).crop_to(width)


def _others(reading: PostgresReading) -> int:
    own = 1
    return (reading.connections_used or 0) - own - sum(it.sessions for it in reading.groups)


# Which statements take the time


def statement_rows(
    reading: PostgresReading, *, requests_per_s: float, width: int, look: Look
) -> list[DetailRow]:
    """Return the statements that took most time in the window, with calls for each request."""
    span_s = reading.statements_span_s
    rows = []
    if reading.statements_remark:
        rows.append(DetailRow(line=Line(look).add(f" {reading.statements_remark}", Ink.WARN)))
    if not reading.statements:
        if not rows:
            words = "waiting for a second look" if span_s is None else "no statement was executed"
            rows.append(DetailRow(line=Line(look).add(f" {words}", Ink.DIM)))
        return rows
    head = Line(look).add(" ")
    for text, cells in _statement_columns(width):
        head.add_right(text, cells, Ink.DIM)
    head.add(f"   in {span_text(span_s or 0.0)}; + is new since the run began", Ink.DIM)
    rows.append(DetailRow(line=head.crop_to(width)))
    for statement in reading.statements:
        per_request = calls_per_request(statement, span_s=span_s, requests_per_s=requests_per_s)
        line = _statement(statement, span_s or 1.0, per_request, width, look)
        rows.append(DetailRow(line=line, statement=statement))
    return rows


def _statement_columns(width: int) -> list[tuple[str, int]]:
    columns = [("busy", 7), ("calls/s", 8), ("/req", 6), ("mean", 8)]
    if width >= _WIDE:
        columns += [("rows", 7), ("hit", 7), ("read/s", 8), ("temp/s", 8), ("io ms", 7)]
    return columns


def _statement(
    it: StatementFigures, span_s: float, per_request: float | None, width: int, look: Look
) -> Line:
    asked = it.hits + it.reads
    hit = it.hits / asked if asked else None
    is_often = per_request is not None and per_request >= MANY_CALLS_PER_REQUEST
    values: dict[str, tuple[str, Ink]] = {
        # Sessions that execute it at any moment: what it adds to the active ones.
        "busy": (three_digits(it.total_ms / 1000 / span_s), Ink.STRONG),
        "calls/s": (number_text(it.calls / span_s), Ink.VALUE),
        "/req": (
            NOTHING if per_request is None else three_digits(per_request),
            Ink.WARN if is_often else Ink.TEXT,
        ),
        "mean": (f"{three_digits(it.mean_ms)}ms", Ink.VALUE),
        "rows": (number_text(it.rows / it.calls), Ink.TEXT),
        "hit": (
            percent_text(hit),
            Ink.WARN if hit is not None and hit < _LOW_HIT_RATIO else Ink.TEXT,
        ),
        "read/s": (number_text(it.reads / span_s), Ink.TEXT),
        "temp/s": (number_text(it.temporary / span_s), Ink.WARN if it.temporary else Ink.DIM),
        "io ms": (three_digits(it.io_ms / it.calls), Ink.TEXT),
    }
    line = Line(look).add(" ")
    for name, cells in _statement_columns(width):
        text, ink = values[name]
        line.add_right(text, cells, ink)
    line.add(" + " if it.is_new else "   ", Ink.MARK)
    return line.add(it.text or "(its text is not known)").crop_to(width)


def plan_rows(plan: StatementPlan | None, *, width: int, look: Look) -> list[DetailRow]:
    """Return the plan of the statement that was asked for last."""
    if plan is None:
        words = "E on the page statements asks how the selected one would be executed"
        return [DetailRow(line=Line(look).add(f" {words}", Ink.DIM).crop_to(width))]
    lines = [Line(look).add(f" {plan.text}", Ink.STRONG)]
    lines += [Line(look).add(f" {text}", Ink.WARN) for text in wrapped(plan.remark, width, look)]
    lines += [
        Line(look).add(f"  {text}", Ink.WARN if "Seq Scan" in text else Ink.TEXT)
        for text in plan.lines
    ]
    return [DetailRow(line=line.crop_to(width)) for line in lines]


# Tables, indexes, and what goes on behind


def table_rows(reading: PostgresReading, *, width: int, look: Look) -> list[DetailRow]:
    """Return what the server does by itself, then tables worth a look, then unused indexes."""
    rows = [DetailRow(line=line) for line in _housekeeping(reading, width, look)]
    if reading.tables:
        rows.append(DetailRow(line=_table_head(reading, width, look)))
        rows += [
            DetailRow(line=_table(table, reading.tables_span_s or 1.0, width, look))
            for table in reading.tables
        ]
    elif reading.tables_span_s is not None:
        words = "no table in this database has been touched"
        rows.append(DetailRow(line=Line(look).add(f" {words}", Ink.DIM)))
    rows += [DetailRow(line=_unused(index, width, look)) for index in reading.unused_indexes]
    return rows


def _housekeeping(reading: PostgresReading, width: int, look: Look) -> Iterator[Line]:
    line = Line(look)
    for label, value, ink in _facts(reading):
        line.add(f" {label} ", Ink.DIM).add(value, ink).add(" ")
    if line.width:
        yield line.crop_to(width)
    for replica in reading.replicas:
        line = Line(look).add(" replica ", Ink.DIM).add(f"{replica.name} ", Ink.STRONG)
        line.add(f"{replica.client or 'local'} {replica.state} ", Ink.TEXT)
        behind = NOTHING if replica.lag_bytes is None else bytes_text(replica.lag_bytes)
        late = "" if replica.lag_s is None else f", {span_text(replica.lag_s)}"
        yield line.add(f"behind {behind}{late}", Ink.TEXT).crop_to(width)


def _facts(it: PostgresReading) -> Iterator[tuple[str, str, Ink]]:
    if it.wal_bytes_per_s is not None:
        yield "wal", f"{bytes_text(it.wal_bytes_per_s)}/s", Ink.VALUE
    if it.checkpoints_timed is not None and it.checkpoints_requested is not None:
        early = it.checkpoints_requested
        text = f"{it.checkpoints_timed}+{early} early" if early else f"{it.checkpoints_timed}"
        yield "checkpoints", text, Ink.WARN if early else Ink.VALUE
    if it.temporary_files is not None:
        rate = f" {bytes_text(it.temporary_bytes_per_s)}/s" if it.temporary_bytes_per_s else ""
        ink = Ink.WARN if it.temporary_bytes_per_s else Ink.VALUE
        yield "temp files", f"{it.temporary_files}{rate}", ink
    if it.autovacuum_workers is not None:
        yield "autovacuum", f"{it.autovacuum_workers} at work", Ink.VALUE
    if it.deadlocks is not None:
        yield "deadlocks", number_text(it.deadlocks), Ink.BAD if it.deadlocks else Ink.VALUE
    if it.replication_lag_s is not None and not it.replicas:
        yield "replays", f"{span_text(it.replication_lag_s)} late", Ink.VALUE


_TABLE_COLUMNS = (("rows", 7), ("dead", 7), ("seq/s", 7), ("seq rows/s", 11), ("idx/s", 7))
_WIDE_TABLE_COLUMNS = (*_TABLE_COLUMNS, ("hit", 7), ("size", 7), ("vacuumed", 10))


def _table_head(reading: PostgresReading, width: int, look: Look) -> Line:
    columns = _WIDE_TABLE_COLUMNS if width >= _WIDE else _TABLE_COLUMNS
    head = Line(look).add(" ")
    for text, cells in columns:
        head.add_right(text, cells, Ink.DIM)
    words = f"  in {span_text(reading.tables_span_s or 0.0)}"
    return head.add(words, Ink.DIM).crop_to(width)


def _table(it: TableFigures, span_s: float, width: int, look: Look) -> Line:
    rows = it.live_rows + it.dead_rows
    dead = it.dead_rows / rows if rows else None
    is_dead = dead is not None and dead >= _MANY_DEAD_RATIO
    is_scanned = it.sequential_scans > 0 and it.live_rows >= _BIG_TABLE_ROWS
    hit = it.cache_hit_ratio
    vacuumed = "never" if it.vacuum_age_s is None else f"{age_text(it.vacuum_age_s)} ago"
    values: dict[str, tuple[str, Ink]] = {
        "rows": (number_text(it.live_rows), Ink.VALUE),
        "dead": (percent_text(dead), Ink.WARN if is_dead else Ink.TEXT),
        "seq/s": (number_text(it.sequential_scans / span_s), Ink.WARN if is_scanned else Ink.TEXT),
        "seq rows/s": (
            number_text(it.sequential_rows / span_s),
            Ink.WARN if is_scanned else Ink.TEXT,
        ),
        "idx/s": (number_text(it.index_scans / span_s), Ink.TEXT),
        "hit": (
            percent_text(hit),
            Ink.WARN if hit is not None and hit < _LOW_HIT_RATIO else Ink.TEXT,
        ),
        "size": (bytes_text(it.bytes), Ink.TEXT),
        "vacuumed": (vacuumed, Ink.DIM),
    }
    line = Line(look).add(" ")
    for name, cells in _WIDE_TABLE_COLUMNS if width >= _WIDE else _TABLE_COLUMNS:
        text, ink = values[name]
        line.add_right(text, cells, ink)
    line.add("  ").add(it.name, Ink.STRONG)
    return line.add("  ! scanned whole" if is_scanned else "", Ink.WARN).crop_to(width)


def _unused(index: UnusedIndex, width: int, look: Look) -> Line:
    line = Line(look).add(" never used: ", Ink.DIM).add(f"{index.name} ", Ink.TEXT)
    return line.add(f"on {index.table}, {bytes_text(index.bytes)}", Ink.DIM).crop_to(width)


PLAN_PAGE = "plan"
PAGES: Sequence[str] = ("now", "sessions", "statements", "tables", PLAN_PAGE)
"""In the order in which they are turned."""


def page_rows(
    page: str, reading: PostgresReading, *, requests_per_s: float, width: int, look: Look
) -> list[DetailRow]:
    """Return the rows of one of `PAGES`."""
    match page:
        case "sessions":
            return session_rows(reading, width=width, look=look)
        case "statements":
            return statement_rows(reading, requests_per_s=requests_per_s, width=width, look=look)
        case "plan":
            return plan_rows(reading.plan, width=width, look=look)
        case "tables":
            return table_rows(reading, width=width, look=look)
        case _:
            return now_rows(reading, width=width, look=look)
