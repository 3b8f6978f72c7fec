"""What is watched beside host and database: what a plan asks for, and what was seen of it."""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from vumeter.model.probes import HostReading


class WatchedKind(StrEnum):
    """What a watched thing is. The values are the tables of a profile's `monitors`."""

    PROCESS = "process"
    REDIS = "redis"
    PGBOUNCER = "pgbouncer"
    PROMETHEUS = "prometheus"
    AGENT = "agent"


class WatchedState(StrEnum):
    """How a watched thing answers its probe."""

    WAITING = "waiting"
    """Not looked at yet."""
    UP = "up"
    DOWN = "down"
    """It is not there, refuses, or takes too long; `Watched.remark` says which."""


class Watched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One look at a watched thing: named numbers, with the unit at the end of each name.

    A number that this look could not see is not there; it is never 0 for that.
    """

    name: str
    """The operator's, from the profile."""
    kind: WatchedKind
    state: WatchedState = WatchedState.WAITING
    title: str = ""
    """What it calls itself: "pid 811 uvicorn shop:app"; plain text."""
    remark: str = ""
    """In words what is wrong and what to do, when anything is; plain text."""
    age_s: float = 0.0
    """Since the last look that succeeded; before the first, since the probe began."""
    series: dict[str, float] = {}


class ProcessMonitor(Struct, frozen=True, kw_only=True, tag="process"):
    """A process on this host, with its children: by exactly one of pid, pattern and port."""

    kind: ClassVar[WatchedKind] = WatchedKind.PROCESS
    name: str
    pid: int | None = None
    pattern: str | None = None
    """A regular expression that is found in its command line."""
    port: int | None = None
    """It listens on it, TCP."""
    children: bool = True


class RedisMonitor(Struct, frozen=True, kw_only=True, tag="redis"):
    """A Redis, or what speaks its protocol and answers INFO."""

    kind: ClassVar[WatchedKind] = WatchedKind.REDIS
    name: str
    url: str
    """`redis://`, `rediss://` or `unix://`, with its password: a secret."""


class PgBouncerMonitor(Struct, frozen=True, kw_only=True, tag="pgbouncer"):
    """A PgBouncer, through its admin console."""

    kind: ClassVar[WatchedKind] = WatchedKind.PGBOUNCER
    name: str
    url: str
    """`postgresql://`, of the database `pgbouncer`, with its password: a secret."""


class PrometheusMonitor(Struct, frozen=True, kw_only=True, tag="prometheus"):
    """A page of metrics in Prometheus' text format, and what is to be taken from it."""

    kind: ClassVar[WatchedKind] = WatchedKind.PROMETHEUS
    name: str
    url: str
    series: tuple[tuple[str, str], ...]
    """Name and selector of each; `profiles.selectors` reads these."""
    every_s: float = 5.0
    token: str | None = None
    """Shown to it (Bearer): a secret."""
    authorities: str | None = None
    """PEM file of the authorities that are trusted instead of the system's, an absolute path."""


class AgentMonitor(Struct, frozen=True, kw_only=True, tag="agent"):
    """A `vumeter agent` on another machine."""

    kind: ClassVar[WatchedKind] = WatchedKind.AGENT
    name: str
    url: str
    """Scheme, host and port."""
    token: str
    """A secret."""
    authorities: str | None = None
    """As of `PrometheusMonitor`."""


class AgentReading(Struct, frozen=True, kw_only=True):
    """What an agent answers: its host, and what it watches there."""

    version: str
    """vumeter's, over there."""
    host: HostReading
    watched: tuple[Watched, ...] = ()


Monitor = ProcessMonitor | RedisMonitor | PgBouncerMonitor | PrometheusMonitor | AgentMonitor
"""What a plan wants to be watched; each has a *name*, and a *kind*."""
