"""Alerts as lights: those that fire, the most urgent first; one word where none does."""

from collections.abc import Sequence

from vumeter.model.alert import AlertLevel
from vumeter.model.verdict import AlertState
from vumeter.thresholds.amounts import amount_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, Part, cropped

_LONGEST_NAME = 20
_WORDS = {
    AlertLevel.INFO: ("INFO", Ink.STRONG),
    AlertLevel.WARNING: ("WARN", Ink.WARN),
    AlertLevel.CRITICAL: ("CRIT", Ink.ALARM),
}
_URGENCY = tuple(AlertLevel)


def alert_lights(alerts: Sequence[AlertState], look: Look) -> list[Part]:
    """
    Return a light for each alert that fires, the first of which is never left out.

    Its word says how urgent it is, as its colour does; "seen" is one that was acknowledged.
    """
    firing = sorted((alert for alert in alerts if alert.is_firing), key=_rank)
    if not alerts:
        return []
    if not firing:
        return [(5, Line(look).add("ALERT ", Ink.DIM).add(look.glyphs.good, Ink.GOOD))]
    head = Line(look).add("ALERT ", Ink.DIM).add(f"{len(firing)} " if len(firing) > 1 else "")
    first, *others = (_light(alert, look) for alert in firing)
    return [(0, head.extend(first)), *((3, other) for other in others)]


def _rank(alert: AlertState) -> tuple[bool, int, float]:
    """What was not seen yet comes first, then what is urgent, then what is new."""
    return alert.is_acknowledged, -_URGENCY.index(alert.level), -(alert.fired_s or 0.0)


def _light(alert: AlertState, look: Look) -> Line:
    word, ink = ("seen", Ink.DIM) if alert.is_acknowledged else _WORDS[alert.level]
    sign = look.glyphs.bad if alert.level is AlertLevel.CRITICAL else look.glyphs.warn
    observed = "" if alert.observed is None else amount_text(alert.observed, alert.unit)
    name = cropped(alert.name, _LONGEST_NAME, look)
    # The filled ink of an alarm is the word's alone: a whole line of it would drown the row.
    line = Line(look).add(f"{sign} {word}", ink).add(f" {name}", Ink.STRONG)
    return line.add(f" {observed}" if observed else "", Ink.VALUE)
