"""
PgBouncer, through its admin console: who waits for a connection, and for how long.

One connection to the database `pgbouncer`, and three SHOWs a second, which read counters that
PgBouncer has at hand. The console speaks no prepared statements, so this is psycopg's to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from vumeter.clock import NsClock, monotonic_ns
from vumeter.model.watched import PgBouncerMonitor
from vumeter.probes.observing import LOOK_INTERVAL_S, LOOK_LIMIT_S, Look, UnseenError
from vumeter.probes.rates import Rates

_MS_PER_NS = 1e-6
_US_PER_MS = 1e3
_CONSOLE = "pgbouncer"
"""The console's own database, which has a pool and no servers."""

_POOL_SUMS = {
    "cl_active": "clients_active",
    "cl_waiting": "clients_waiting",
    "sv_active": "servers_active",
    "sv_idle": "servers_idle",
    "sv_used": "servers_used",
}
_RATES = {
    "total_query_count": "queries_per_s",
    "total_xact_count": "transactions_per_s",
    "total_received": "received_bytes_per_s",
    "total_sent": "sent_bytes_per_s",
}
_TIMES_US = {
    "total_query_time": ("query_ms", "total_query_count"),
    "total_xact_time": ("transaction_ms", "total_xact_count"),
    "total_wait_time": ("wait_ms", "total_xact_count"),
}
"""Times in µs, and what they are divided by to come to a mean."""

_LONG_WAIT_S = 1.0

_Row = Mapping[str, Any]


class PgBouncerObserver:
    """Looks at the PgBouncer of *monitor*."""

    def __init__(self, monitor: PgBouncerMonitor, *, clock: NsClock = monotonic_ns) -> None:
        self.every_s = LOOK_INTERVAL_S
        self._url = monitor.url
        self._clock = clock
        self._rates = Rates()
        self._console: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self._version = ""

    async def look(self) -> Look:
        """
        Return what SHOW POOLS, STATS and DATABASES say.

        Raises:
            UnseenError: It cannot be reached, or does not let the probe in.
        """
        began_ns = self._clock()
        try:
            console = await self._connected()
            pools = _real(await _shown(console, "POOLS"))
            stats = _real(await _shown(console, "STATS"))
            databases = await _shown(console, "DATABASES")
        except (psycopg.Error, OSError, ValueError) as error:
            await self.close()
            raise _unseen(error) from error
        now_ns = self._clock()
        series = dict(_of_pools(pools, databases))
        series["answer_ms"] = (now_ns - began_ns) * _MS_PER_NS
        series |= self._since_last(stats, now_ns)
        return Look(series=series, title=self._version, remark=_remark(pools, databases))

    async def close(self) -> None:
        """Let go of the connection."""
        console, self._console = self._console, None
        self._rates.forget()
        if console is not None:
            await console.close()

    async def _connected(self) -> "psycopg.AsyncConnection[dict[str, Any]]":
        if self._console is None:
            self._console = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
                connect_timeout=int(LOOK_LIMIT_S),
                application_name="vumeter",
            )
            version = await _shown(self._console, "VERSION")
            self._version = str(version[0]["version"]) if version else _CONSOLE
        return self._console

    def _since_last(self, stats: Sequence[_Row], at_ns: int) -> dict[str, float]:
        names = (*_RATES, *_TIMES_US)
        counters = {name: float(sum(row.get(name) or 0 for row in stats)) for name in names}
        grown, span_s = self._rates.progress(counters, at_ns=at_ns)
        found = {_RATES[name]: value / span_s for name, value in grown.items() if name in _RATES}
        for name, (ours, by) in _TIMES_US.items():
            if grown.get(by):
                found[ours] = grown[name] / grown[by] / _US_PER_MS
        return found


async def _shown(console: "psycopg.AsyncConnection[dict[str, Any]]", what: str) -> list[_Row]:
    # Of the fixed words above, never of anything from outside.
    cursor = await console.execute(f"SHOW {what}".encode())
    return list(await cursor.fetchall())


def _real(rows: Sequence[_Row]) -> list[_Row]:
    return [row for row in rows if row.get("database") != _CONSOLE]


def _of_pools(pools: Sequence[_Row], databases: Sequence[_Row]) -> Iterator[tuple[str, float]]:
    for name, ours in _POOL_SUMS.items():
        yield ours, float(sum(pool.get(name) or 0 for pool in pools))
    yield "max_wait_s", max(map(_wait_s, pools), default=0.0)
    yield "pools", float(len(pools))
    sizes = _sizes(databases)
    yield "server_limit", float(sum(sizes.get(str(pool["database"]), 0) for pool in pools))


def _wait_s(pool: _Row) -> float:
    return float(pool.get("maxwait") or 0) + float(pool.get("maxwait_us") or 0) / 1e6


def _sizes(databases: Sequence[_Row]) -> dict[str, int]:
    """Return the size of a pool of each database, by name."""
    return {str(row["name"]): int(row.get("pool_size") or 0) for row in databases}


def _remark(pools: Sequence[_Row], databases: Sequence[_Row]) -> str:
    worst = max(pools, key=_wait_s, default=None)
    if worst is None or _wait_s(worst) < _LONG_WAIT_S:
        return ""
    size = _sizes(databases).get(str(worst["database"]), 0)
    return (
        f"{worst['cl_waiting']} clients wait for a connection to {worst['database']} as"
        f" {worst['user']}, the first for {_wait_s(worst):.1f} s: the pool has {size}"
    )


def _unseen(error: Exception) -> UnseenError:
    text = str(error).strip().rpartition("\n")[2] or type(error).__name__
    if "not allowed" in text or "authentication" in text or "password" in text:
        return UnseenError(
            f"it refuses the login: {text}",
            "check user and password, and that stats_users or admin_users names the user",
        )
    if "syntax" in text or "unrecognized configuration parameter" in text:
        return UnseenError(
            "what answers is not PgBouncer's console",
            'let the URL end in "/pgbouncer", on the port of PgBouncer',
        )
    return UnseenError(f"no answer: {text}", "check that it runs, and the URL")
