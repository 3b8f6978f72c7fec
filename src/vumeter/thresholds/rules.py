"""The rules and the alerts of a plan, held against what the plan can answer."""

from collections.abc import Iterable

from vumeter.errors import ProfileError
from vumeter.model.flow import names_of
from vumeter.model.plan import Plan, Scenario
from vumeter.thresholds.alerts import AlertRule, alert_rule
from vumeter.thresholds.custom import known_metrics
from vumeter.thresholds.grammar import near, parse
from vumeter.thresholds.rule import Rule

_MOST_LISTED = 12


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """
    Return a rule for each threshold of *plan*, in their order.

    Raises:
        ProfileError: One of them stands for none, or asks for what this plan will not have.
    """
    metrics = known_metrics(plan.metrics)
    rules = tuple(parse(threshold, metrics) for threshold in plan.thresholds)
    for rule in rules:
        _refuse_unanswerable(rule, plan)
    return rules


def alert_rules_of(plan: Plan) -> tuple[AlertRule, ...]:
    """
    Return a rule for each alert of *plan*, in their order.

    Raises:
        ProfileError: One of them stands for none, or looks at what this plan will not have.
    """
    metrics = known_metrics(plan.metrics)
    rules = tuple(alert_rule(alert, metrics) for alert in plan.alerts)
    for each in rules:
        _refuse_unanswerable(each.fires, plan)
    return rules


def _refuse_unanswerable(rule: Rule, plan: Plan) -> None:
    """Refuse a rule of which it is known now that nothing will ever be measured for it."""
    metric, chosen = rule.threshold.metric, rule.selection
    if rule.metric.needs_database and plan.postgres_dsn is None:
        raise ProfileError(
            f'"{metric}": no database is watched.', hint="Name one, on the command line by --pg."
        )
    checks = [
        check.name
        for scenario in plan.scenarios
        for request in scenario.requests
        for check in request.checks
    ]
    # What a script calls its requests and checks is known when it runs.
    is_open = any(scenario.script for scenario in plan.scenarios)
    if rule.metric.name == "checks" and not checks and not is_open:
        raise ProfileError(
            f'"{metric}": no request has a check.', hint="Checks are written in a profile."
        )
    scenarios = [scenario.name for scenario in plan.scenarios]
    _refuse_unknown(metric, "scenario", chosen.scenario, scenarios)
    if is_open:
        return
    names = [name for scenario in plan.scenarios for name in _names(scenario)]
    _refuse_unknown(metric, "request", chosen.name, names)
    _refuse_unknown(metric, "check", chosen.check, checks)


def _names(scenario: Scenario) -> Iterable[str]:
    return names_of((*scenario.on_start, *scenario.steps, *scenario.on_stop))


def _refuse_unknown(metric: str, what: str, wanted: str | None, known: Iterable[str]) -> None:
    names = list(dict.fromkeys(known))
    if wanted is None or wanted in names:
        return
    listed = ", ".join(f'"{name}"' for name in names[:_MOST_LISTED])
    more = ", …" if len(names) > _MOST_LISTED else ""
    raise ProfileError(
        f'"{metric}": there is no {what} "{wanted}".',
        hint=near(wanted, names) or f"There is: {listed}{more}.",
    )
