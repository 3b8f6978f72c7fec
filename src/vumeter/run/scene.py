"""All that people may see of a run, put together from those who know it, without its secrets."""

from dataclasses import dataclass

from msgspec.structs import replace

from vumeter import __version__
from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.frame import Frame, Phase
from vumeter.model.measure import Reading
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.run.alarm import Alarm
from vumeter.run.audience import Audience
from vumeter.run.autopilot import Autopilot
from vumeter.run.beside import Beside
from vumeter.run.events import EventLog
from vumeter.run.frames import new_frame
from vumeter.run.hand import Hand
from vumeter.run.herald import Herald
from vumeter.run.life import Life
from vumeter.run.lookout import Lookout
from vumeter.run.metrics import families
from vumeter.run.phases import Phases
from vumeter.run.picture import Picture
from vumeter.run.profiler import Profiler
from vumeter.run.siren import Siren
from vumeter.run.staff import Staff
from vumeter.run.timeline import Timeline
from vumeter.stats.exposition import Family
from vumeter.stats.redaction import Redactor
from vumeter.stats.summary import by_shown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everybody who knows something of one run; each method asks them for how it stands now."""

    plan: Plan
    """With its secrets."""
    redactor: Redactor
    timeline: Timeline
    life: Life
    audience: Audience
    hand: Hand
    staff: Staff
    picture: Picture
    lookout: Lookout
    phases: Phases
    alarm: Alarm
    siren: Siren
    autopilot: Autopilot
    profiler: Profiler
    beside: Beside
    events: EventLog
    herald: Herald

    def frame(self) -> Frame:
        """Return the frame of this moment."""
        at_s = self.timeline.elapsed_s
        return new_frame(
            plan=self.redactor.plan,
            at_s=at_s,
            started_unix_ms=self.timeline.started_unix_ms,
            life=self.life,
            throttles=self.hand.throttles,
            view=self.picture.view,
            host=self.picture.host,
            outage_s=self.picture.summary.outage_s,
            postgres=self.lookout.databases.first,
            postgres_more=self.lookout.databases.more,
            watched=self.lookout.monitors.seen,
            events=self.events.newest,
            control=self.audience.control,
            verdicts=self.alarm.verdicts,
            alerts=self.siren.states,
            setup=self.phases.state(Phase.SETUP),
            teardown=self.phases.state(Phase.TEARDOWN),
            pilot=self.autopilot.state(at_s),
            comparison=self.beside.comparison,
        )

    def hello(self, frame: Frame) -> Hello:
        """Return all that a new viewer has missed, up to *frame*."""
        return Hello(
            schema=SCHEMA,
            version=__version__,
            plan=self.redactor.plan,
            frame=replace(frame, events=self.events.all),
            points=self.picture.overview,
        )

    def reading(self) -> Reading | None:
        """Return the newest second with all that was measured in it; `None`: there is none."""
        reading = self.picture.view.reading
        if reading is None:
            return None
        shown = self.redactor.text
        return replace(
            reading,
            tallies=by_shown_name(reading.tallies, shown),
            slowest={shown(name): slow for name, slow in reading.slowest.items()},
        )

    def families(self, frame: Frame) -> list[Family]:
        """Return the run up to *frame*, for Prometheus."""
        return families(
            frame,
            totals=by_shown_name(self.picture.totals, self.redactor.text),
            scenario_totals=self.picture.scenario_totals,
        )

    def summary(self, ended_s: float) -> Summary:
        """Return the run as its summary is when it ends at *ended_s*."""
        return self.picture.summary.build(
            plan=self.plan,
            started_unix_ms=self.timeline.started_unix_ms,
            duration_s=ended_s,
            stop=None if self.life.ended_s is None else self.life.cause,
            totals=self.picture.totals,
            scenario_totals=self.picture.scenario_totals,
            journal=self.hand.journal,
            remarks=self.herald.remarks,
            setup=self.phases.state(Phase.SETUP),
            teardown=self.phases.state(Phase.TEARDOWN),
            verdicts=self.alarm.verdicts,
            metric_totals=self.picture.metric_totals,
            stalls=self.picture.stalls,
            alerts=self.siren.states,
            findings=self.autopilot.findings,
            comparison=self.beside.comparison,
        )
