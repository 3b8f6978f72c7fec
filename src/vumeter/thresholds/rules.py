"""The rules of a plan, held against what the plan can answer."""

from vumeter.errors import ProfileError
from vumeter.model.plan import Plan
from vumeter.thresholds.grammar import near, parse
from vumeter.thresholds.rule import Rule


def rules_of(plan: Plan) -> tuple[Rule, ...]:
    """
    Return a rule for each threshold of *plan*, in their order.

    Raises:
        ProfileError: One of them stands for none, or asks for what this plan will not have.
    """
    rules = tuple(map(parse, plan.thresholds))
    for rule in rules:
        _refuse_unanswerable(rule, plan)
    return rules


def _refuse_unanswerable(rule: Rule, plan: Plan) -> None:
    """Refuse a rule of which it is known now that nothing will ever be measured for it."""
    metric = rule.threshold.metric
    if rule.metric.needs_database and plan.postgres_dsn is None:
        raise ProfileError(
            f'"{metric}": no database is watched.', hint="Name one, on the command line by --pg."
        )
    scenarios = [scenario.name for scenario in plan.scenarios]
    if rule.selection.scenario not in (None, *scenarios):
        raise ProfileError(
            f'"{metric}": there is no scenario "{rule.selection.scenario}".',
            hint=near(rule.selection.scenario or "", scenarios)
            or f"There is: {', '.join(scenarios)}.",
        )
