"""What others are told of an alert: in the log, in a command's environment, and as JSON."""

import os
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from vumeter.model.alert import AlertChange, AlertLevel
from vumeter.model.frame import EventLevel
from vumeter.model.verdict import AlertState
from vumeter.run.alarm import News
from vumeter.run.words import span
from vumeter.stats.plaintext import plain
from vumeter.thresholds.amounts import amount_text
from vumeter.thresholds.watch import Change

SCHEMA_VERSION = 1
"""Raised when a field of a notice goes or changes its meaning."""

_PREFIX = "VUMETER_"
_LEVELS = {
    AlertLevel.INFO: EventLevel.INFO,
    AlertLevel.WARNING: EventLevel.WARNING,
    AlertLevel.CRITICAL: EventLevel.ERROR,
}


class Notice(Struct, frozen=True, kw_only=True):
    """One change of one alert: docs/alerts.md has it field by field."""

    schema_version: int = SCHEMA_VERSION
    event: AlertChange
    alert: str
    level: AlertLevel
    text: str
    """All of it as a sentence."""
    run: str
    target: str
    metric: str
    expression: str
    observed: float | None
    limit: float
    unit: str
    at_s: float
    """Run time."""
    at_unix_ms: int
    firings: int
    """How often it has fired, this time included."""
    firing_s: float
    """How long it has fired, all in all."""
    suppressed: int = 0
    """How many changes before this one nobody was told of."""


def news_of(change: Change) -> News:
    """Return *change* for the event log and the charts."""
    state = change.state
    if change.what is AlertChange.FIRED:
        return News(sentence(change), _LEVELS[state.level], state.name)
    label = f"{state.name} ok" if change.what is AlertChange.CLEARED else ""
    return News(sentence(change), EventLevel.INFO, label)


def sentence(change: Change) -> str:
    """Return *change* in words."""
    state = change.state
    rule = f"{state.metric}: {state.expression}"
    now = "without data" if state.observed is None else amount_text(state.observed, state.unit)
    lasted = span(change.at_s - (state.fired_s or 0.0))
    match change.what:
        case AlertChange.FIRED:
            return f"{state.name} fires ({state.level.value}): {rule} is {now}"
        case AlertChange.CLEARED:
            return f"{state.name} cleared after {lasted}: {rule} is {now}"
        case AlertChange.ENDED:
            return f"{state.name} fired to the end of the run, {lasted}: {rule} was {now}"


def notice_of(change: Change, *, run: str, target: str, started_unix_ms: int) -> Notice:
    """Return *change* for programs."""
    state: AlertState = change.state
    return Notice(
        event=change.what,
        alert=plain(state.name),
        level=state.level,
        text=plain(sentence(change)),
        run=run,
        target=target,
        metric=plain(state.metric),
        expression=plain(state.expression),
        observed=state.observed,
        limit=state.limit,
        unit=state.unit.value,
        at_s=round(change.at_s, 3),
        at_unix_ms=started_unix_ms + round(change.at_s * 1000),
        firings=state.firings,
        firing_s=round(state.firing_s, 3),
    )


def environment_of(
    notice: Notice, secrets: Iterable[str], inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """
    Return a command's environment: what is *inherited*, and each field of *notice*.

    None of the plan's *secrets* is in it, nor what vumeter itself was configured by.
    """
    hidden = tuple(filter(None, secrets))
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(_PREFIX) and not any(secret in value for secret in hidden)
    }
    fields = {
        f"{_PREFIX}{name.upper()}": "" if value is None else str(value)
        for name, value in asdict(notice).items()
    }
    return kept | fields
