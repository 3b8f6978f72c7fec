"""
The extremes of a run, kept second by second: the generator's, the host's, the database's.

Each is a struct, so that a store can put it away and go on from there.
"""

import re
from typing import Any, NamedTuple

from msgspec import Struct

from vumeter.model.measure import Reading
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.summary import GeneratorSummary, HostSummary, PostgresSummary

_HOST_HIGHEST = (
    "cpu_percent",
    "memory_used_bytes",
    "swap_used_bytes",
    "load_1m",
    "network_received_bytes_per_s",
    "network_sent_bytes_per_s",
)
_POSTGRES_HIGHEST = (
    "connections_used",
    "blocked_sessions",
    "transactions_per_s",
    "longest_transaction_s",
    "deadlocks",
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class _Reason(NamedTuple):
    """Reasons that differ in their numbers only, for which the first one stands."""

    example: str
    second: int
    seconds: int

    @property
    def text(self) -> str:
        more = f", and {self.seconds - 1} more like it" if self.seconds > 1 else ""
        return f"{self.example} (second {self.second}{more})"


class GeneratorExtremes(Struct):
    """What the generator said about itself."""

    _seconds: int = 0
    _seconds_heard: int = 0
    _limited_seconds: int = 0
    _cpu_percent_sum: float = 0.0
    _cpu_percent_max: float = 0.0
    _tick_lag_p99_us: int = 0
    _tick_lag_max_us: int = 0
    _starts: int = 0
    _late_starts: float = 0.0
    _rss_bytes_max: int = 0
    _reasons: dict[str, _Reason] = {}

    def add(self, reading: Reading) -> None:
        """Take one second's testimony."""
        it = reading.generator
        self._seconds += 1
        self._limited_seconds += it.limited
        self._note_reasons(reading)
        if not reading.workers_heard:
            return
        self._seconds_heard += 1
        self._cpu_percent_sum += it.cpu_percent
        self._cpu_percent_max = max(self._cpu_percent_max, it.cpu_percent)
        self._tick_lag_p99_us = max(self._tick_lag_p99_us, it.tick_lag_p99_us)
        self._tick_lag_max_us = max(self._tick_lag_max_us, it.tick_lag_max_us)
        self._rss_bytes_max = max(self._rss_bytes_max, it.rss_bytes)
        self._starts += it.starts
        self._late_starts += it.late_start_ratio * it.starts

    def summary(self) -> GeneratorSummary:
        """Return the whole run's testimony; `tick_lag_p99_us` is the worst second's."""
        return GeneratorSummary(
            seconds=self._seconds,
            limited_seconds=self._limited_seconds,
            cpu_percent_mean=self._cpu_percent_sum / max(1, self._seconds_heard),
            cpu_percent_max=self._cpu_percent_max,
            tick_lag_p99_us=self._tick_lag_p99_us,
            tick_lag_max_us=self._tick_lag_max_us,
            late_start_ratio=self._late_starts / self._starts if self._starts else 0.0,
            rss_bytes_max=self._rss_bytes_max,
            reasons=tuple(reason.text for reason in self._reasons.values()),
        )

    def _note_reasons(self, reading: Reading) -> None:
        alike = {_NUMBER.sub("#", reason): reason for reason in reversed(reading.generator.reasons)}
        for shape, reason in alike.items():
            known = self._reasons.get(shape, _Reason(reason, reading.second, 0))
            self._reasons[shape] = known._replace(seconds=known.seconds + 1)


class HostExtremes(Struct):
    """What the host went through."""

    _seconds: int = 0
    _cpu_percent_sum: float = 0.0
    _memory_total_bytes: int = 0
    _highest: dict[str, Any] = {}

    def add(self, reading: HostReading | None) -> None:
        """Take one second; `None` means that the host was not watched in it."""
        if reading is None:
            return
        self._seconds += 1
        self._cpu_percent_sum += reading.cpu_percent
        self._memory_total_bytes = reading.memory_total_bytes
        for field in _HOST_HIGHEST:
            _raise_to(self._highest, field, getattr(reading, field))

    def summary(self) -> HostSummary | None:
        """Return the extremes; `None` when the host was never watched."""
        if not self._seconds:
            return None
        return HostSummary(
            cpu_percent_mean=self._cpu_percent_sum / self._seconds,
            memory_total_bytes=self._memory_total_bytes,
            **{f"{field}_max": self._highest[field] for field in _HOST_HIGHEST},
        )


class PostgresExtremes(Struct):
    """What the database went through, as far as it could be seen."""

    _seconds_watched: int = 0
    _seconds_up: int = 0
    _highest: dict[str, Any] = {}
    _cache_hit_ratio_min: float | None = None
    _server_version: str = ""
    _connections_max: int | None = None
    _complaint: str = ""
    _limitation: str = ""

    def add(self, reading: PostgresReading | None) -> None:
        """Take one second; `None` means that no database is watched."""
        if reading is None:
            return
        self._seconds_watched += 1
        self._server_version = reading.server_version or self._server_version
        if reading.state is not PostgresState.UP:
            self._complaint = reading.remark or self._complaint
            return
        self._seconds_up += 1
        self._limitation = reading.remark or self._limitation
        self._connections_max = _known(reading.connections_max, self._connections_max)
        self._cache_hit_ratio_min = _lower(self._cache_hit_ratio_min, reading.cache_hit_ratio)
        for field in _POSTGRES_HIGHEST:
            _raise_to(self._highest, field, getattr(reading, field))
        if reading.active_by_wait is not None:
            _raise_to(self._highest, "active_sessions", sum(reading.active_by_wait.values()))

    def summary(self) -> PostgresSummary | None:
        """Return the extremes; `None` when no database was watched."""
        if not self._seconds_watched:
            return None
        return PostgresSummary(
            server_version=self._server_version,
            seconds_watched=self._seconds_watched,
            seconds_up=self._seconds_up,
            connections_used_max=self._highest.get("connections_used"),
            connections_max=self._connections_max,
            active_sessions_max=self._highest.get("active_sessions"),
            blocked_sessions_max=self._highest.get("blocked_sessions"),
            transactions_per_s_max=self._highest.get("transactions_per_s"),
            cache_hit_ratio_min=self._cache_hit_ratio_min,
            longest_transaction_s_max=self._highest.get("longest_transaction_s"),
            deadlocks=self._highest.get("deadlocks"),
            remark=self._complaint or self._limitation,
        )


def _raise_to(highest: dict[str, Any], field: str, value: float | None) -> None:
    if value is not None:
        highest[field] = max(highest.get(field, value), value)


def _lower(first: float | None, second: float | None) -> float | None:
    known = [value for value in (first, second) if value is not None]
    return min(known, default=None)


def _known(newer: int | None, older: int | None) -> int | None:
    return older if newer is None else newer
