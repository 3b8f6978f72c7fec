"""The probes that a plan asks for, loaded only where it does."""

from typing import TYPE_CHECKING

from vumeter.model.plan import Plan

if TYPE_CHECKING:
    from vumeter.probes.observing import WatchProbe
    from vumeter.probes.postgres import PostgresProbe


def postgres_probe(plan: Plan) -> "PostgresProbe | None":
    """Return what watches the database of *plan*; `None`, with no asyncpg loaded: it has none."""
    if plan.postgres_dsn is None:
        return None
    from vumeter.probes.postgres import PostgresProbe  # noqa: PLC0415 - 3 MB and 30 ms

    return PostgresProbe(plan.postgres_dsn)


def watch_probes(plan: Plan) -> "tuple[WatchProbe, ...]":
    """Return what watches each monitor of *plan*, in its order."""
    if not plan.monitors:
        return ()
    from vumeter.probes.observing import WatchProbe  # noqa: PLC0415 - only where it is asked for
    from vumeter.probes.process import ProcessObserver  # noqa: PLC0415

    return tuple(WatchProbe(monitor, ProcessObserver(monitor)) for monitor in plan.monitors)
