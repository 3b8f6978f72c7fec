"""Who waits for a lock, and for whom: asked for only while somebody does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vumeter.model.database import Blocker, Waiter
from vumeter.probes.blocking import root_blockers
from vumeter.probes.questions import Questions, Row
from vumeter.probes.sessions import blocker_of, waiter_of

WAITERS_MAX = 100
"""
Waiters whose blockers are asked for in one look: what that costs the server grows with their
square, 0.1 % of a core for 100 (docs/postgres.md).
"""

_BLOCKERS_SHOWN = 10
_WAITERS_SHOWN = 20

_CROWD = 30
"""From so many waiters on every other look takes over what the one before it found."""

_WAIT_STARTS_KNOWN_FROM = 140000


@dataclass(frozen=True, slots=True, kw_only=True)
class Jam:
    """Who waits for a lock, and who is at the root of it."""

    total: int = 0
    """All who wait."""
    asked: int = 0
    """Of how many it was asked for whom they wait."""
    blockers: tuple[Blocker, ...] = ()
    waiters: tuple[Waiter, ...] = ()


class LockWatch:
    """One connection's questions about locks."""

    def __init__(self, questions: Questions, *, server_number: int) -> None:
        self._questions = questions
        self._locks = "locks_14" if server_number >= _WAIT_STARTS_KNOWN_FROM else "locks"
        self._jam = Jam()
        self._is_fresh = False

    async def prepare(self) -> None:
        """Make the questions ready."""
        await self._questions.prepare(("waiters", "waiters_hidden", "blockers", self._locks))

    async def look(self, *, waiting: int, hidden: bool) -> Jam:
        """
        Return the present jam; *waiting* sessions are in it, as far as the probe may see.

        Args:
            waiting: 0 also when the probe must not see what sessions wait for.
            hidden: Whether that is so.
        """
        if not (waiting or hidden):
            self._jam, self._is_fresh = Jam(), False
        elif self._is_fresh and waiting >= _CROWD and self._jam.total >= _CROWD:
            self._is_fresh = False
        else:
            self._jam, self._is_fresh = await self._asked(hidden=hidden), True
        return self._jam

    async def _asked(self, *, hidden: bool) -> Jam:
        query = "waiters_hidden" if hidden else "waiters"
        rows = await self._questions.rows(query, WAITERS_MAX, _WAITERS_SHOWN)
        waits_for: dict[int, list[int]] = {row["pid"]: row["blockers"] for row in rows}
        if not waits_for:
            return Jam()
        return Jam(
            total=rows[0]["total"],
            asked=len(rows),
            blockers=await self._blockers(root_blockers(waits_for)),
            waiters=await self._waiters(rows[:_WAITERS_SHOWN]),
        )

    async def _blockers(self, blocked: Mapping[int, int]) -> tuple[Blocker, ...]:
        """Return those that hold up most; one that has ended meanwhile blocks nobody."""
        worst = sorted(blocked, key=lambda pid: -blocked[pid])[:_BLOCKERS_SHOWN]
        if not worst:
            return ()
        rows = {row["pid"]: row for row in await self._questions.rows("blockers", worst)}
        return tuple(blocker_of(rows[pid], blocked[pid]) for pid in worst if pid in rows)

    async def _waiters(self, rows: Sequence[Row]) -> tuple[Waiter, ...]:
        """Return those of *rows* who still wait, with what for."""
        locks = await self._questions.rows(self._locks, [row["pid"] for row in rows])
        wanted = {lock["pid"]: lock for lock in locks}
        return tuple(waiter_of(row, wanted[row["pid"]]) for row in rows if row["pid"] in wanted)
