"""The plan's alerts while a run lasts: looked at each second, told, and carried out."""

from collections.abc import Iterable

from msgspec.structs import replace

from vumeter.model.frame import EventLevel
from vumeter.model.measure import Reading
from vumeter.model.plan import Plan
from vumeter.model.verdict import AlertState
from vumeter.run.couriers import Couriers
from vumeter.run.events import EventLog
from vumeter.run.notices import news_of, notice_of
from vumeter.run.timeline import Timeline
from vumeter.stats.redaction import Redactor
from vumeter.thresholds.rules import alert_rules_of
from vumeter.thresholds.watch import Change, Watch

AUTHOR = "alert"
"""Who writes of alerts into the event log."""


class Siren:
    """
    Has the watch look at each second, writes what changes into *events*, and tells who asked.

    Raises:
        ProfileError: An alert of *plan* is none.
    """

    def __init__(
        self, plan: Plan, *, events: EventLog, timeline: Timeline, redactor: Redactor
    ) -> None:
        self._watch = Watch(alert_rules_of(plan))
        self._events = events
        self._timeline = timeline
        self._redactor = redactor
        self._shown = {
            alert.name: (redactor.text(alert.name), redactor.text(alert.metric))
            for alert in plan.alerts
        }
        self._couriers = Couriers(plan.alerts, secrets=plan.secrets, tell=self._tell)

    @property
    def states(self) -> tuple[AlertState, ...]:
        """How each alert stands, without any secret in its names."""
        return tuple(map(self._shown_state, self._watch.states()))

    def hear(self, readings: Iterable[Reading]) -> None:
        """Take *readings*, in their order, into account."""
        for reading in readings:
            self._sound(self._watch.add(reading))

    def conclude(self, duration_s: float) -> None:
        """The run has ended: say what fires to the last, and let nobody dawdle any more."""
        self._sound(self._watch.conclude(duration_s))
        self._couriers.hurry()

    def acknowledge(self, name: str | None) -> tuple[str, ...]:
        """Keep alerts of that *name*, `None`: all, quiet until they clear; return which."""
        return tuple(
            shown
            for own, (shown, _) in self._shown.items()
            if name in (None, shown) and self._watch.acknowledge(own)
        )

    @property
    def is_busy(self) -> bool:
        """Whether somebody is still to be told something."""
        return self._couriers.is_busy

    async def close(self) -> None:
        """Leave nothing behind: no program, no connection."""
        await self._couriers.close()

    def _sound(self, changes: Iterable[Change]) -> None:
        for change in changes:
            shown = change._replace(state=self._shown_state(change.state))
            text, level, label = news_of(shown)
            self._tell(text, level, label)
            notice = notice_of(
                shown,
                run=self._redactor.plan.name,
                target=self._redactor.plan.target,
                started_unix_ms=self._timeline.started_unix_ms,
            )
            self._couriers.send(change.state.name, notice)

    def _shown_state(self, state: AlertState) -> AlertState:
        name, metric = self._shown[state.name]
        return replace(state, name=name, metric=metric)

    def _tell(self, text: str, level: EventLevel, label: str = "") -> None:
        self._events.add(self._redactor.text(text), level=level, author=AUTHOR, label=label)
