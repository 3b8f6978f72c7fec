"""What a run's databases were busy with: what sessions waited for, and on which statements."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct

from vumeter.model.database import StatementFigures
from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresReading, PostgresState

MOST_WAITS = 12
MOST_STATEMENTS = 15
_LEAST_SESSIONS = 0.005
"""On average: what nobody waited for long enough to be shown as more than 0."""
_LEAST_SHARE = 0.0005
"""Of the time of all statements: those with less, a BEGIN and a COMMIT, are left out."""


class WaitUse(Struct, frozen=True, kw_only=True):
    """What sessions waited for, or `CPU`, over the whole run."""

    event: str
    sessions: float
    """At a time, on average over the seconds in which the database could be seen."""
    share_ratio: float
    """Of all active sessions."""
    highest: float
    """The most at a time, in any span of the run."""
    highest_s: int
    """When that was."""


class StatementUse(Struct, frozen=True, kw_only=True):
    """What one statement came to over the run, as far as it was among the dearest at the time."""

    text: str
    user: str
    database: str
    calls_per_s: float
    calls_per_request: float | None
    """Over all endpoints; `None`: there were no requests."""
    mean_ms: float
    sessions: float
    """Busy with it at a time: its time in all, by the time in which it was looked at."""
    share_ratio: float
    """Of the time of all statements that were seen."""
    rows_per_call: float
    hit_ratio: float | None
    """Of its blocks, found in PostgreSQL's own cache; `None`: it asked for none."""
    is_new: bool


class DatabaseUse(Struct, frozen=True, kw_only=True):
    """One database over a run."""

    name: str
    """Empty: the first, which needs no name."""
    seen_s: float
    waits: tuple[WaitUse, ...]
    """Most first."""
    statements: tuple[StatementUse, ...]
    """Those that took most time first."""
    statements_s: float
    """For how long statements were looked at; 0: never."""
    remark: str
    """Why there are no statements, and what to do."""


class DatabaseLog:
    """Takes a run's readings, in their order, and adds up what databases were busy with."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def add(self, reading: Reading) -> None:
        """Take in a reading, of one second or of several."""
        first = {} if reading.postgres is None else {"": reading.postgres}
        for name, postgres in (first | reading.postgres_more).items():
            self._uses.setdefault(name, _Use()).add(
                reading, postgres, _up_s(name, reading, postgres)
            )

    def uses(self) -> tuple[DatabaseUse, ...]:
        """Return what each database was busy with, the first one first."""
        return tuple(use.result(name) for name, use in self._uses.items() if use.seen_s)


def _up_s(name: str, reading: Reading, postgres: PostgresReading) -> float:
    if not reading.extents:
        return float(reading.span_s) if postgres.state is PostgresState.UP else 0.0
    extent = reading.extents.get(f"postgres_more.{name}.up" if name else "postgres.up")
    return 0.0 if extent is None else extent.total


@dataclass(slots=True)
class _Sum:
    """One statement, added up over windows that do not overlap."""

    newest: StatementFigures
    calls: int = 0
    total_ms: float = 0.0
    rows: int = 0
    hits: int = 0
    blocks: int = 0

    def add(self, it: StatementFigures) -> None:
        self.newest = it
        self.calls += it.calls
        self.total_ms += it.total_ms
        self.rows += it.rows
        self.hits += it.hits
        self.blocks += it.hits + it.reads


@dataclass(slots=True)
class _Use:
    """One database, as far as the readings go."""

    seen_s: float = 0.0
    sessions_s: dict[str, float] = field(default_factory=dict)
    highest: dict[str, tuple[float, int]] = field(default_factory=dict)
    statements: dict[tuple[str, str, str], _Sum] = field(default_factory=dict)
    statements_s: float = 0.0
    requests: float = 0.0
    """Within the windows in which statements were looked at, as near as readings say."""
    remark: str = ""
    _taken_s: float = 0.0
    _since_s: float = 0.0
    _since_requests: int = 0

    def add(self, reading: Reading, postgres: PostgresReading, up_s: float) -> None:
        self._since_s += reading.span_s
        self._since_requests += sum(tally.requests for tally in reading.tallies.values())
        if up_s:
            self.seen_s += up_s
            for event, sessions in (postgres.active_by_event or {}).items():
                self.sessions_s[event] = self.sessions_s.get(event, 0.0) + sessions * up_s
                highest = self.highest.get(event, (0.0, 0))[0]
                if sessions > highest:
                    self.highest[event] = (sessions, reading.second)
        self._look(reading, postgres)

    def _look(self, reading: Reading, postgres: PostgresReading) -> None:
        """
        Add up the newest window of statements, when it has nothing of the last one in it.

        Windows are of ten seconds or so and are shown again and again while they move on.
        """
        end_s, span_s = reading.second + reading.span_s, postgres.statements_span_s
        self.remark = postgres.statements_remark
        if not span_s or end_s - self._taken_s < span_s:
            return
        for it in postgres.statements:
            key = (it.id, it.user, it.database)
            self.statements.setdefault(key, _Sum(it)).add(it)
        self.requests += self._since_requests / self._since_s * span_s
        self.statements_s += span_s
        self._taken_s, self._since_s, self._since_requests = end_s, 0.0, 0

    def result(self, name: str) -> DatabaseUse:
        return DatabaseUse(
            name=name,
            seen_s=self.seen_s,
            waits=tuple(self._waits())[:MOST_WAITS],
            statements=tuple(self._statements())[:MOST_STATEMENTS],
            statements_s=self.statements_s,
            remark=self.remark,
        )

    def _waits(self) -> Iterator[WaitUse]:
        total = sum(self.sessions_s.values())
        for event, sessions_s in sorted(self.sessions_s.items(), key=lambda it: -it[1]):
            sessions = sessions_s / self.seen_s
            if sessions >= _LEAST_SESSIONS:
                highest, highest_s = self.highest[event]
                yield WaitUse(
                    event=event,
                    sessions=sessions,
                    share_ratio=sessions_s / total,
                    highest=highest,
                    highest_s=highest_s,
                )

    def _statements(self) -> Iterator[StatementUse]:
        total_ms = sum(it.total_ms for it in self.statements.values())
        for it in sorted(self.statements.values(), key=lambda it: -it.total_ms):
            if it.total_ms < _LEAST_SHARE * total_ms:
                return
            yield StatementUse(
                text=it.newest.text,
                user=it.newest.user,
                database=it.newest.database,
                calls_per_s=it.calls / self.statements_s,
                calls_per_request=it.calls / self.requests if self.requests else None,
                mean_ms=it.total_ms / it.calls,
                sessions=it.total_ms / 1000 / self.statements_s,
                share_ratio=it.total_ms / total_ms if total_ms else 0.0,
                rows_per_call=it.rows / it.calls,
                hit_ratio=it.hits / it.blocks if it.blocks else None,
                is_new=it.newest.is_new,
            )
