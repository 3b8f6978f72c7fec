"""What pg_stat_statements counted from one look to another. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vumeter.clock import NANOSECONDS_PER_S

WINDOW_S = 10.0
"""As long as a screen's own window, so that calls can be set against requests."""


class StatementKey(NamedTuple):
    """What pg_stat_statements tells statements apart by."""

    user: int
    database: int
    query: int
    toplevel: bool


class Counters(NamedTuple):
    """Of one statement, since its entry was made."""

    calls: int
    total_ms: float
    rows: int
    hits: int
    reads: int
    temporary: int
    io_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a statement came to in the window."""

    key: StatementKey
    counters: Counters
    calls_per_s: float
    """From the look before the newest one on."""
    is_new: bool
    """Whether it was not there when the log began."""


class StatementLog:
    """
    Looks at all statements, and what changed within the newest `WINDOW_S`.

    Outlives connections: what is new is so since the run began.
    """

    def __init__(self) -> None:
        self._looks: deque[tuple[int, Mapping[StatementKey, Counters]]] = deque()
        self._first: frozenset[StatementKey] | None = None

    def forget(self) -> None:
        """Begin anew: what comes next is another server's."""
        self._looks.clear()
        self._first = None

    def add(self, at_ns: int, counters: Mapping[StatementKey, Counters]) -> None:
        """Take in a look, later than those before it."""
        if self._first is None:
            self._first = frozenset(counters)
        self._looks.append((at_ns, counters))
        # At least two looks, however far apart they are.
        oldest_ns = at_ns - WINDOW_S * NANOSECONDS_PER_S
        while len(self._looks) > 2 and self._looks[0][0] < oldest_ns:
            self._looks.popleft()

    @property
    def span_s(self) -> float | None:
        """What the changes are of; `None`: there are none before a second look."""
        if len(self._looks) < 2:
            return None
        return (self._looks[-1][0] - self._looks[0][0]) / NANOSECONDS_PER_S

    def changes(self) -> list[Change]:
        """
        Return the statements that were called, those that took most time first.

        An entry that counts less than before was reset: what it came to cannot be told.
        """
        if self._first is None or len(self._looks) < 2:
            return []
        before, now = self._looks[0][1], self._looks[-1][1]
        last_ns, last = self._looks[-2]
        since_s = (self._looks[-1][0] - last_ns) / NANOSECONDS_PER_S
        found = []
        for key, counters in now.items():
            change = _difference(before.get(key), counters)
            if change is not None:
                newest = _difference(last.get(key), counters)
                found.append(
                    Change(
                        key=key,
                        counters=change,
                        calls_per_s=newest.calls / since_s if newest else 0.0,
                        is_new=key not in self._first,
                    )
                )
        return sorted(found, key=lambda change: -change.counters.total_ms)


def _difference(before: Counters | None, now: Counters) -> Counters | None:
    if before is None:
        return now if now.calls else None
    if now.calls <= before.calls or now.total_ms < before.total_ms:
        return None
    return Counters._make(after - earlier for after, earlier in zip(now, before, strict=True))
