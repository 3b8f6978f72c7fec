"""
Alerts in the grammar of thresholds: what each fires at, and what must be true to clear it.

A threshold is what must be, an alert is what must not: `p(95) > 400ms over 10s` fires while
that is true.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from vumeter.errors import ProfileError
from vumeter.model.alert import Alert
from vumeter.model.metric import Unit
from vumeter.model.plan import Plan, Threshold
from vumeter.thresholds import grammar
from vumeter.thresholds.amounts import amount_text
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.metrics import METRICS, Metric
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.sums import Aggregate
from vumeter.thresholds.words import short_text
from vumeter.units import duration_text

LONGEST_NAME = 40

_OPPOSITES = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "===": "!=", "!=": "=="}
_BETTER_LOW = frozenset(
    {
        "http_req_duration",
        "http_req_service",
        "http_req_failed",
        "dropped_iterations",
        "host.cpu",
        "host.memory",
        "postgres.connections.used",
        "postgres.blocked",
        "generator.limited",
        "generator.cpu",
        "generator.lag",
    }
)
_BETTER_HIGH = frozenset({"checks", "host.memory.free", "postgres.cache_hit"})
_HIGHEST = {Unit.RATIO: 1.0, Unit.PERCENT: 100.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """What is made of an alert."""

    alert: Alert
    fires: Rule
    """Holds while the alert has a reason to fire."""
    clears: Rule
    """Holds while it has a reason to clear."""


def alert_rule(alert: Alert, metrics: Mapping[str, Metric[Any]] = METRICS) -> AlertRule:
    """
    Return what *alert*, on one of *metrics*, stands for.

    Raises:
        ProfileError: It stands for nothing, or would never clear; the message says why.
    """
    fires = parse(Threshold(metric=alert.metric, expression=alert.expression), metrics)
    _refuse_without_window(fires)
    if alert.until is None:
        return AlertRule(alert=alert, fires=fires, clears=_opposite(fires, alert.margin_ratio))
    clears = parse(Threshold(metric=alert.metric, expression=alert.until), metrics)
    _refuse_without_window(clears)
    _refuse_until(alert, fires, clears)
    return AlertRule(alert=alert, fires=fires, clears=clears)


def alert_of(text: str) -> Alert:
    """
    Return the alert in *text*, as one writes it on the command line, named after its rule.

    >>> alert_of("host.cpu: > 80% for 10s").name
    'host.cpu>80%'

    Raises:
        ProfileError: It does not begin with a metric, or wants to end the run.
    """
    threshold = written(text)
    if threshold.abort_on_fail:
        raise ProfileError(
            f'"{text}": an alert ends no run.', hint="A threshold does, with abort_on_fail."
        )
    return Alert(
        name=short_text(threshold)[:LONGEST_NAME],
        metric=threshold.metric,
        expression=threshold.expression,
    )


def scaled(alert: Alert, factor: float) -> Alert:
    """
    Return *alert* with each of its times multiplied by *factor*, as those of thresholds are.

    >>> scaled(alert_of("host.cpu: avg > 80% over 50s for 20s"), 0.1).expression
    'avg > 80% over 5s for 2s'
    """

    def shorter(expression: str) -> str:
        threshold = Threshold(metric=alert.metric, expression=expression)
        return grammar.scaled(threshold, factor).expression

    return structs.replace(
        alert,
        expression=shorter(alert.expression),
        until=None if alert.until is None else shorter(alert.until),
        clear_after_s=alert.clear_after_s * factor,
    )


def clearing_text(rule: AlertRule) -> str:
    """
    Return what must be true, and for how long, before the alert clears.

    >>> clearing_text(alert_rule(alert_of("http_req_duration: p(95) > 400ms over 10s")))
    'p(95) <= 400ms over 10s, for 5s'
    """
    alert, clears = rule.alert, rule.clears
    text = alert.until
    if text is None:
        percent = f"({clears.percent:g})" if clears.aggregate is Aggregate.PERCENTILE else ""
        over = "" if clears.over_s is None else f" over {duration_text(clears.over_s)}"
        limit = amount_text(clears.limit, clears.unit)
        text = f"{clears.aggregate.value}{percent} {clears.relation} {limit}{over}"
    lasting = f", for {duration_text(alert.clear_after_s)}" if alert.clear_after_s else ""
    return " ".join(text.split()) + lasting


def doubts(plan: Plan, rules: tuple[AlertRule, ...]) -> Iterator[str]:
    """Yield a sentence for each alert that reads as if a threshold had been meant."""
    thresholds = {(each.metric, "".join(each.expression.split())) for each in plan.thresholds}
    for rule in rules:
        alert = rule.alert
        if (alert.metric, "".join(alert.expression.split())) in thresholds:
            yield (
                f'alert "{alert.name}" is written exactly like a threshold: it fires while the'
                " threshold holds."
            )
        elif _is_backwards(rule.fires):
            yield (
                f'alert "{alert.name}" fires while {alert.metric} is as it should be'
                f" ({alert.expression}): an alert says what must not be."
            )


def _is_backwards(rule: Rule) -> bool:
    """Whether the rule holds when all is well, by what its metric means."""
    fires_low, fires_high = rule.relation in ("<", "<="), rule.relation in (">", ">=")
    return (rule.metric.name in _BETTER_LOW and fires_low) or (
        rule.metric.name in _BETTER_HIGH and fires_high
    )


def _opposite(fires: Rule, margin_ratio: float) -> Rule:
    """Return what clears an alert that says nothing else: the opposite, better by the margin."""
    limit = fires.limit
    if margin_ratio and fires.relation in ("==", "===", "!="):
        raise _error(
            fires,
            f'"{fires.relation}" has no margin.',
            'Say what clears it by "until", or nothing.',
        )
    if margin_ratio:
        limit *= 1 - margin_ratio if fires.relation in (">", ">=") else 1 + margin_ratio
        # 80 % less 10 % is 72 %, not 72.00000000000001 %.
        limit = round(limit, 9)
    if limit > _HIGHEST.get(fires.unit, limit):
        raise _error(
            fires,
            f"with its margin it clears at {amount_text(limit, fires.unit)}, which is never.",
            'A smaller margin, or "until", lets it clear.',
        )
    return replace(fires, relation=_OPPOSITES[fires.relation], limit=limit, for_s=0.0)


def _refuse_without_window(rule: Rule) -> None:
    if rule.aggregate is not Aggregate.VALUE and rule.over_s is None:
        raise _error(
            rule,
            "an alert is about now, and this is about everything since the start.",
            f'Write for example "{rule.threshold.expression.strip()} over 10s".',
        )


def _refuse_until(alert: Alert, fires: Rule, clears: Rule) -> None:
    if alert.margin_ratio:
        raise _error(
            clears, '"until" says all, there is no margin to it.', "Leave one of them out."
        )
    if clears.for_s:
        raise _error(
            clears,
            'how long it must be so is said by "clear_after".',
            'Leave "for" out of "until".',
        )
    looks_alike = (fires.aggregate, fires.percent) == (clears.aggregate, clears.percent)
    if not looks_alike:
        return
    low, high = sorted((fires.limit, clears.limit))
    # Below, at, between, at and above the limits: two relations can overlap nowhere else.
    for value in (low - 1, low, (low + high) / 2, high, high + 1):
        if fires.holds(value) and clears.holds(value):
            shown = amount_text(value, fires.unit)
            raise _error(
                clears,
                f"it would clear while it fires, at {shown} for example.",
                '"until" is what is true when all is well again.',
            )


def _error(rule: Rule, message: str, hint: str) -> ProfileError:
    threshold = rule.threshold
    return ProfileError(f'"{threshold.metric}: {threshold.expression}": {message}', hint=hint)
