"""The rules and the alerts of a plan, held against what the plan can answer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from vumeter.errors import ProfileError
from vumeter.model.flow import Request, named_requests
from vumeter.model.plan import Plan
from vumeter.thresholds.alerts import AlertRule, alert_rule
from vumeter.thresholds.custom import known_metrics
from vumeter.thresholds.grammar import near, parse
from vumeter.thresholds.metrics import Metric
from vumeter.thresholds.rule import Rule

_MOST_LISTED = 12


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """
    Return a rule for each threshold of *plan*, in their order.

    Raises:
        ProfileError: One of them stands for none, or asks for what this plan will not have.
    """
    metrics = metrics_of(plan)
    return tuple(_answerable(parse(threshold, metrics), plan) for threshold in plan.thresholds)


def alert_rules_of(plan: Plan) -> tuple[AlertRule, ...]:
    """
    Return a rule for each alert of *plan*, in their order.

    Raises:
        ProfileError: One of them stands for none, or looks at what this plan will not have.
    """
    metrics = metrics_of(plan)
    return tuple(
        replace(rule, fires=_answerable(rule.fires, plan), clears=_answerable(rule.clears, plan))
        for rule in (alert_rule(alert, metrics) for alert in plan.alerts)
    )


def metrics_of(plan: Plan) -> dict[str, Metric[Any]]:
    """Return what rules of *plan* may look at: those of requests by its tags, too."""
    tags = dict.fromkeys(key for _, _, request in _requests(plan) for key, _ in request.tags)
    return {
        name: metric._replace(filters=(*metric.filters, *tags)) if metric.is_of_requests else metric
        for name, metric in known_metrics(plan.metrics).items()
    }


def _answerable(rule: Rule, plan: Plan) -> Rule:
    """Return *rule* with the requests that it means; refuse one that nothing can answer."""
    _refuse_unanswerable(rule, plan)
    chosen = rule.selection
    if not rule.metric.is_of_requests or (chosen.scenario is None and not chosen.tags):
        return rule
    meant: set[str] = set()
    others: set[str] = set()
    for scenario, name, request in _requests(plan):
        is_meant = (
            chosen.scenario in (None, scenario)
            and chosen.name in (None, name)
            and set(chosen.tags) <= set(request.tags)
        )
        (meant if is_meant else others).add(name)
    metric = rule.threshold.metric
    if not meant:
        raise ProfileError(f'"{metric}": no request is so.', hint="Its filters leave none.")
    if shared := sorted(meant & others):
        raise ProfileError(
            f'"{metric}": there are other requests that count as "{shared[0]}" as well.',
            hint='Give them a name of their own: name = "…".',
        )
    return replace(rule, selection=chosen._replace(names=frozenset(meant)))


def _requests(plan: Plan) -> Iterator[tuple[str, str, Request]]:
    """Yield the requests that are written in *plan*, with their scenario's name and their own."""
    for scenario in plan.scenarios:
        steps = (*scenario.on_start, *scenario.steps, *scenario.on_stop)
        for name, request in named_requests(steps):
            yield scenario.name, name, request


def _refuse_unanswerable(rule: Rule, plan: Plan) -> None:
    """Refuse a rule of which it is known now that nothing will ever be measured for it."""
    metric, chosen = rule.threshold.metric, rule.selection
    if rule.metric.needs_database and plan.postgres_dsn is None:
        raise ProfileError(
            f'"{metric}": no database is watched.', hint="Name one, on the command line by --pg."
        )
    prefix, _, rest = rule.metric.name.partition(".")
    if prefix == "watched":
        known = [monitor.name for monitor in plan.monitors]
        _refuse_unknown(metric, "monitor", rest.partition(".")[0], known)
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
        if rule.metric.is_of_requests and chosen.scenario is not None:
            raise ProfileError(
                f'"{metric}": what requests a script sends is known when it runs.',
                hint="Choose them by name: {name:…}.",
            )
        return
    names = [name for _, name, _ in _requests(plan)]
    _refuse_unknown(metric, "request", chosen.name, names)
    _refuse_unknown(metric, "check", chosen.check, checks)


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
