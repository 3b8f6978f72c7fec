"""
The watch: readings in, changes of alerts out. Pure.

Alerts are looked at every second. One fires when its rule has held for as long as it says,
and clears when its clearing rule has held for as long as that says: between the two it stays
as it is, and does not flap.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from vumeter.model.alert import AlertChange
from vumeter.model.measure import Reading
from vumeter.model.verdict import AlertState
from vumeter.thresholds.alerts import AlertRule
from vumeter.thresholds.spans import Spans


class Change(NamedTuple):
    """Something became of an alert at run time *at_s*."""

    what: AlertChange
    state: AlertState
    at_s: float


class Watch:
    """Holds every reading of a run, in order, against alerts; memory is bounded by windows."""

    def __init__(self, rules: Iterable[AlertRule]) -> None:
        self._posts = [_Post(rule) for rule in rules]
        self._spans = Spans(
            rule for post in self._posts for rule in (post.rule.fires, post.rule.clears)
        )
        self._now_s = 0.0

    def add(self, reading: Reading) -> list[Change]:
        """Take *reading*, newer than all before it, into account; return what changes by it."""
        self._spans.add(reading)
        self._now_s = float(reading.second + reading.span_s)
        return [
            Change(what, post.state(self._now_s), self._now_s)
            for post in self._posts
            if (what := post.look(self._spans, self._now_s)) is not None
        ]

    def acknowledge(self, name: str) -> bool:
        """Keep the alert of that *name* quiet until it clears; return whether it was not yet."""
        fresh = [
            post
            for post in self._posts
            if post.rule.alert.name == name and post.is_firing and not post.is_acknowledged
        ]
        for post in fresh:
            post.is_acknowledged = True
        return bool(fresh)

    def conclude(self, duration_s: float) -> list[Change]:
        """The run has ended: return those that fire to the last."""
        self._now_s = duration_s
        return [
            Change(AlertChange.ENDED, post.state(duration_s), duration_s)
            for post in self._posts
            if post.is_firing
        ]

    def states(self) -> tuple[AlertState, ...]:
        """Return how each alert stands, in their order."""
        return tuple(post.state(self._now_s) for post in self._posts)


@dataclass(slots=True)
class _Post:
    """What is known of one alert."""

    rule: AlertRule
    is_firing: bool = field(default=False, init=False)
    is_acknowledged: bool = field(default=False, init=False)
    _turning_since_s: float | None = field(default=None, init=False)
    """Since when it has a reason to change: to fire while it is quiet, to clear while it fires."""
    _observed: float | None = field(default=None, init=False)
    _worst: float | None = field(default=None, init=False)
    _firings: int = field(default=0, init=False)
    _past_s: float = field(default=0.0, init=False)
    """How long all firings took that are over."""
    _first_fired_s: float | None = field(default=None, init=False)
    _fired_s: float | None = field(default=None, init=False)

    def look(self, spans: Spans, at_s: float) -> AlertChange | None:
        """Look at run time *at_s*, and return whether it fires or clears now."""
        fires = spans.of(self.rule.fires)
        self._observed = fires.figure(self.rule.fires, at_s) if fires.is_full else None
        self._note_worst()
        wanted = self.rule.clears if self.is_firing else self.rule.fires
        span = spans.of(wanted)
        figure = span.figure(wanted, at_s) if span.is_full else None
        if figure is None:
            # Where nothing was measured, it is neither worse nor better.
            return None
        if not wanted.holds(figure):
            self._turning_since_s = None
            return None
        if self._turning_since_s is None:
            self._turning_since_s = at_s
        lasting_s = self.rule.alert.clear_after_s if self.is_firing else wanted.for_s
        if at_s - self._turning_since_s < lasting_s:
            return None
        return self._clear(at_s) if self.is_firing else self._fire(at_s)

    def _fire(self, at_s: float) -> AlertChange:
        self.is_firing = True
        self._turning_since_s = None
        self._firings += 1
        self._fired_s = at_s
        if self._first_fired_s is None:
            self._first_fired_s = at_s
        self._note_worst()
        return AlertChange.FIRED

    def _clear(self, at_s: float) -> AlertChange:
        self._past_s += self._present_s(at_s)
        self.is_firing = self.is_acknowledged = False
        self._turning_since_s = None
        return AlertChange.CLEARED

    def _note_worst(self) -> None:
        if not self.is_firing or self._observed is None:
            return
        both = (self._observed, self._observed if self._worst is None else self._worst)
        match self.rule.fires.relation:
            case ">" | ">=":
                self._worst = max(both)
            case "<" | "<=":
                self._worst = min(both)

    def _present_s(self, at_s: float) -> float:
        return at_s - self._fired_s if self.is_firing and self._fired_s is not None else 0.0

    def state(self, at_s: float) -> AlertState:
        """Return how it stands at run time *at_s*."""
        alert, fires = self.rule.alert, self.rule.fires
        return AlertState(
            name=alert.name,
            level=alert.level,
            metric=alert.metric,
            expression=alert.expression,
            bell=alert.bell,
            is_firing=self.is_firing,
            is_acknowledged=self.is_acknowledged,
            observed=self._observed,
            limit=fires.limit,
            unit=fires.unit,
            firings=self._firings,
            firing_s=self._past_s + self._present_s(at_s),
            first_fired_s=self._first_fired_s,
            fired_s=self._fired_s,
            worst=self._worst,
        )
