"""What the server does by itself: checkpoints, WAL, autovacuum, and who follows it."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from vumeter.clock import NANOSECONDS_PER_S, NsClock
from vumeter.model.database import Replica
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import Questions, Row
from vumeter.probes.sessions import NAME_LIMIT

_INTERVAL_S = 5.0
_CHECKPOINTER_FROM = 170000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    at_ns: int
    timed: int
    requested: int
    reset: float
    wal_bytes: int | None


class BackgroundWatch:
    """Asks every five seconds: nothing of it changes fast."""

    def __init__(self, questions: Questions, *, server_number: int, clock: NsClock) -> None:
        self._questions = questions
        self._clock = clock
        self._due_ns = clock()
        is_split = server_number >= _CHECKPOINTER_FROM
        self._query = "background_17" if is_split else "background"
        self._before: _Look | None = None
        self._timed = 0
        self._requested = 0
        self.figures: dict[str, Any] = {}
        """Fields of a reading."""

    async def prepare(self) -> None:
        """Make the questions ready."""
        await self._questions.prepare((self._query, "replicas"))

    async def look(self) -> None:
        """Ask if it is time to; where the server has no such thing its figures are missing."""
        now_ns = self._clock()
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + round(_INTERVAL_S * NANOSECONDS_PER_S)
        try:
            row = (await self._questions.rows(self._query))[0]
            followers = await self._questions.rows("replicas") if row["followers"] else []
        except (asyncpg.QueryCanceledError, asyncpg.ObjectNotInPrerequisiteStateError):
            # The state changes while a replica is promoted.
            self.figures, self._before = {}, None
            return
        look = _Look(
            at_ns=now_ns,
            timed=row["timed"],
            requested=row["requested"],
            reset=row["reset"],
            wal_bytes=row["wal_bytes"],
        )
        before, self._before = self._before, look
        if before is not None and before.reset == look.reset:
            self._timed += max(0, look.timed - before.timed)
            self._requested += max(0, look.requested - before.requested)
        replicas = tuple(map(_replica, followers))
        lags = [replica.lag_s for replica in replicas if replica.lag_s is not None]
        behind = [replica.lag_bytes for replica in replicas if replica.lag_bytes is not None]
        self.figures = {
            "wal_bytes_per_s": _wal_bytes_per_s(before, look),
            "checkpoints_timed": self._timed,
            "checkpoints_requested": self._requested,
            "autovacuum_workers": row["autovacuum_workers"],
            "replicas": replicas,
            "replication_lag_bytes": max(behind, default=None),
            "replication_lag_s": max(lags, default=row["lag_s"]),
        }


def _wal_bytes_per_s(before: _Look | None, now: _Look) -> float | None:
    if before is None or before.wal_bytes is None or now.wal_bytes is None:
        return None
    seconds = (now.at_ns - before.at_ns) / NANOSECONDS_PER_S
    return max(0, now.wal_bytes - before.wal_bytes) / seconds if seconds > 0 else None


def _replica(row: Row) -> Replica:
    return Replica(
        name=plain_text(row["name"], limit=NAME_LIMIT),
        client=plain_text(row["client"], limit=NAME_LIMIT),
        state=plain_text(row["state"], limit=NAME_LIMIT),
        lag_bytes=row["lag_bytes"],
        lag_s=row["lag_s"],
    )
