"""A frame: everything that a screen shows, put together."""

from collections.abc import Mapping

from vumeter.model.comparison import Comparison
from vumeter.model.frame import Event, Frame, PhaseState
from vumeter.model.pilot import PilotState
from vumeter.model.plan import Plan
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.verdict import AlertState, Verdict
from vumeter.model.watched import Watched
from vumeter.run.control import Control
from vumeter.run.life import Life
from vumeter.run.throttles import Throttles
from vumeter.run.views import View


def new_frame(
    *,
    plan: Plan,
    at_s: float,
    started_unix_ms: int,
    life: Life,
    throttles: Throttles,
    view: View,
    host: HostReading | None,
    outage_s: float,
    postgres: PostgresReading | None,
    postgres_more: Mapping[str, PostgresReading],
    watched: tuple[Watched, ...],
    events: tuple[Event, ...],
    control: Control,
    verdicts: tuple[Verdict, ...],
    alerts: tuple[AlertState, ...],
    setup: PhaseState | None,
    teardown: PhaseState | None,
    pilot: PilotState | None = None,
    comparison: Comparison | None = None,
) -> Frame:
    """Return the frame of run time *at_s*, of a *plan* that has no secrets any more."""
    reading = view.reading
    return Frame(
        run=plan.name,
        target=plan.target,
        state=life.state(is_paused=throttles.paused),
        stop_cause=life.cause,
        second=view.second,
        # From the start, not from the wall clock of today, which may have been set since.
        at_unix_ms=started_unix_ms + round(at_s * 1000),
        started_unix_ms=started_unix_ms,
        elapsed_s=at_s,
        duration_s=throttles.end_s,
        throttles=throttles.states(at_s, view.counts),
        window=view.window,
        total=view.total,
        in_flight=view.in_flight,
        dropped=view.dropped,
        points=view.points,
        endpoints=view.endpoints,
        errors=view.errors,
        generator=None if reading is None else reading.generator,
        host=host,
        postgres=postgres,
        postgres_more=dict(postgres_more),
        watched=watched,
        events=events,
        undo=throttles.undo,
        redo=throttles.redo,
        workers_heard=0 if reading is None else reading.workers_heard,
        workers_expected=plan.workers if reading is None else reading.workers_expected,
        viewers=control.viewers,
        control=control.holder,
        verdicts=verdicts,
        driven=throttles.track.words,
        metrics=view.metrics,
        outage_s=outage_s,
        alerts=alerts,
        setup=setup,
        teardown=teardown,
        pilot=pilot,
        comparison=comparison,
    )
