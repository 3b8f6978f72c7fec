"""`--threshold` and `--alert`: rules from the command line, beside those of a profile."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.plan import Plan, Threshold
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.metrics import Metric
from vumeter.thresholds.objectives import OBJECTIVES
from vumeter.thresholds.presets import alerts_in
from vumeter.thresholds.rules import alert_rules_of, metrics_of, rules_of


def with_thresholds(plan: Plan, texts: Sequence[str]) -> Plan:
    """
    Return *plan* with the thresholds that *texts* stand for, all of them known to be sound.

    Raises:
        ProfileError: One cannot be meant, or asks for what this plan will not have.
    """
    metrics = metrics_of(plan)
    rules = (rule for text in texts for rule in OBJECTIVES.get(text.strip(), (text,)))
    added = (_threshold(rule, metrics) for rule in rules)
    plan = replace(plan, thresholds=(*plan.thresholds, *added))
    rules_of(plan)
    return plan


def with_alerts(plan: Plan, texts: Sequence[str]) -> Plan:
    """
    Return *plan* with the alerts that *texts* stand for, all of them known to be sound.

    Raises:
        ProfileError: One cannot be meant, or asks for what this plan will not have.
    """
    try:
        for alert in (alert for text in texts for alert in alerts_in(text)):
            if any(alert.name == known.name for known in plan.alerts):
                raise ProfileError(f'there is an alert "{alert.name}" already.')
            plan = replace(plan, alerts=(*plan.alerts, alert))
        alert_rules_of(plan)
    except ProfileError as error:
        raise ProfileError(f"--alert: {error.message}", hint=error.hint) from error
    return plan


def _threshold(text: str, metrics: Mapping[str, Metric[Any]]) -> Threshold:
    try:
        threshold = written(text)
        parse(threshold, metrics)
    except ProfileError as error:
        raise ProfileError(f"--threshold: {error.message}", hint=error.hint) from error
    return threshold
