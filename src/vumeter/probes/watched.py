"""The probes that a plan asks for, loaded only where it does."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.model.watched import (
    AgentMonitor,
    Monitor,
    PgBouncerMonitor,
    ProcessMonitor,
    PrometheusMonitor,
    RedisMonitor,
)

if TYPE_CHECKING:
    from vumeter.probes.observing import Observer, WatchProbe
    from vumeter.probes.postgres import PostgresProbe


def postgres_probes(plan: Plan) -> "dict[str, PostgresProbe]":
    """
    Return what watches each database of *plan*, by name; the first has none.

    Without one asyncpg is not loaded.
    """
    first = () if plan.postgres_dsn is None else (("", plan.postgres_dsn),)
    dsns = (*first, *plan.postgres_more)
    if not dsns:
        return {}
    from vumeter.probes.postgres import PostgresProbe  # noqa: PLC0415 - 3 MB and 30 ms

    return {name: PostgresProbe(dsn) for name, dsn in dsns}


def watch_probes(monitors: Sequence[Monitor]) -> "tuple[WatchProbe, ...]":
    """Return what watches each of *monitors*, in their order."""
    if not monitors:
        return ()
    from vumeter.probes.observing import WatchProbe  # noqa: PLC0415 - only where it is asked for

    return tuple(WatchProbe(monitor, _observer(monitor)) for monitor in monitors)


def check_clients(monitors: Iterable[Monitor]) -> None:
    """
    Return when there is a client for each of *monitors*.

    Raises:
        UsageError: One is in an extra that is not installed.
    """
    for monitor in monitors:
        module, server, extra = _CLIENTS.get(type(monitor), ("", "", ""))
        if module and find_spec(module) is None:
            raise UsageError(
                f'monitors.{monitor.kind} "{monitor.name}": the client for {server} is not'
                " installed.",
                hint=f"Install it: pip install 'vumeter[{extra}]'.",
            )


_CLIENTS: dict[type, tuple[str, str, str]] = {
    RedisMonitor: ("redis", "Redis", "redis"),
    PgBouncerMonitor: ("psycopg", "PgBouncer's console", "pgbouncer"),
}
"""Of what is watched through an extra: the module, what it is for, and the extra."""


def _observer(monitor: Monitor) -> "Observer":
    # Each brings a library of its own, which only those pay for who watch such a thing.
    match monitor:
        case ProcessMonitor():
            from vumeter.probes.process import ProcessObserver  # noqa: PLC0415

            return ProcessObserver(monitor)
        case RedisMonitor():
            from vumeter.probes.redis import RedisObserver  # noqa: PLC0415

            return RedisObserver(monitor)
        case PgBouncerMonitor():
            from vumeter.probes.pgbouncer import PgBouncerObserver  # noqa: PLC0415

            return PgBouncerObserver(monitor)
        case PrometheusMonitor():
            from vumeter.probes.prometheus import PrometheusObserver  # noqa: PLC0415

            return PrometheusObserver(monitor)
        case AgentMonitor():
            from vumeter.probes.agent import AgentObserver  # noqa: PLC0415

            return AgentObserver(monitor)
