"""
Redis, through what INFO says: memory, hits, clients, commands, evictions.

One connection and one INFO a second, which reads counters that Redis has at hand. Rates are
over the time between two looks.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MaxConnectionsError,
    NoPermissionError,
    RedisError,
)

from vumeter.clock import NsClock, monotonic_ns
from vumeter.model.watched import RedisMonitor
from vumeter.probes.observing import LOOK_INTERVAL_S, LOOK_LIMIT_S, Look, UnseenError
from vumeter.probes.rates import Rates

_MS_PER_NS = 1e-6

_AS_THEY_ARE = {
    "used_memory": "memory_bytes",
    "used_memory_rss": "rss_bytes",
    "mem_fragmentation_ratio": "fragmentation_ratio",
    "connected_clients": "clients",
    "maxclients": "client_limit",
    "blocked_clients": "blocked_clients",
    "connected_slaves": "replicas",
}
_RATES = {
    "total_commands_processed": "commands_per_s",
    "total_connections_received": "connections_per_s",
    "rejected_connections": "rejections_per_s",
    "evicted_keys": "evictions_per_s",
    "expired_keys": "expirations_per_s",
    "total_net_input_bytes": "received_bytes_per_s",
    "total_net_output_bytes": "sent_bytes_per_s",
}
_OTHER_COUNTERS = ("keyspace_hits", "keyspace_misses", "used_cpu_sys", "used_cpu_user")

_Info = Mapping[str, Any]


class RedisObserver:
    """Looks at the Redis of *monitor*."""

    def __init__(self, monitor: RedisMonitor, *, clock: NsClock = monotonic_ns) -> None:
        self.every_s = LOOK_INTERVAL_S
        self._name = monitor.name
        self._clock = clock
        self._rates = Rates()
        self._run_id = ""
        self._client = redis.asyncio.Redis.from_url(
            monitor.url,
            client_name="vumeter",
            socket_timeout=LOOK_LIMIT_S,
            socket_connect_timeout=LOOK_LIMIT_S,
            # The probe itself asks again, and says meanwhile what is wrong.
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
            decode_responses=True,
            encoding_errors="replace",
        )

    async def look(self) -> Look:
        """
        Return what INFO says.

        Raises:
            UnseenError: It cannot be reached, or does not let the probe in.
        """
        began_ns = self._clock()
        try:
            info: _Info = await self._client.info()
        except (RedisError, OSError, ValueError) as error:
            await self._client.aclose()
            raise _unseen(error) from error
        now_ns = self._clock()
        series = dict(_series(info))
        series["answer_ms"] = (now_ns - began_ns) * _MS_PER_NS
        notices = self._mind_restart(info)
        series |= self._since_last(info, now_ns)
        return Look(series=series, title=_title(info), remark=_remark(info), notices=notices)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    def _mind_restart(self, info: _Info) -> tuple[str, ...]:
        before, self._run_id = self._run_id, str(info.get("run_id", ""))
        if before in ("", self._run_id):
            return ()
        self._rates.forget()
        return (f"{self._name} was restarted, or another one answers in its place",)

    def _since_last(self, info: _Info, at_ns: int) -> dict[str, float]:
        counters = {
            name: float(info[name])
            for name in (*_RATES, *_OTHER_COUNTERS)
            if isinstance(info.get(name), int | float)
        }
        grown, span_s = self._rates.progress(counters, at_ns=at_ns)
        found = {_RATES[name]: value / span_s for name, value in grown.items() if name in _RATES}
        asked = grown.get("keyspace_hits", 0.0) + grown.get("keyspace_misses", 0.0)
        if asked:
            found["hit_ratio"] = grown["keyspace_hits"] / asked
        if "used_cpu_sys" in grown and "used_cpu_user" in grown:
            found["cpu_percent"] = 100 * (grown["used_cpu_sys"] + grown["used_cpu_user"]) / span_s
        return found


def _series(info: _Info) -> Iterator[tuple[str, float]]:
    for name, ours in _AS_THEY_ARE.items():
        value = info.get(name)
        if isinstance(value, int | float):
            yield ours, float(value)
    if info.get("maxmemory"):
        yield "memory_limit_bytes", float(info["maxmemory"])
        yield "memory_of_limit_bytes", float(info.get("used_memory", 0))
    databases = [
        each for name, each in info.items() if name.startswith("db") and name[2:].isdigit()
    ]
    yield "keys", float(sum(each.get("keys", 0) for each in databases if isinstance(each, dict)))


def _title(info: _Info) -> str:
    return f"{info.get('redis_version', '')} {info.get('role', '')}".strip()


def _remark(info: _Info) -> str:
    remarks = []
    if info.get("loading"):
        remarks.append("it is still loading its data")
    if info.get("master_link_status", "up") != "up":
        remarks.append("the link to its primary is down: what it answers is old")
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        remarks.append("its last save has failed → see its log, and whether the disk is full")
    return "; ".join(remarks)


def _unseen(error: Exception) -> UnseenError:
    match error:
        case AuthenticationError():
            return UnseenError(
                f"it refuses the login: {error}", "check user and password in the URL"
            )
        case NoPermissionError():
            return UnseenError(
                f"its user may not ask for INFO: {error}", "ACL SETUSER <user> +info +client"
            )
        case BusyLoadingError():
            return UnseenError("it is loading its data", "the probe comes back with it")
        case MaxConnectionsError() | RedisError() if "max number of clients" in str(error):
            return UnseenError("no connection left: maxclients is reached", "raise maxclients")
        case _:
            return UnseenError(f"no answer: {error}", "check that it runs, and the URL")
