"""`--baseline` and `--budget`: what a run is held to, and by how much it may be worse."""

from collections.abc import Sequence

from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.link import baselines
from vumeter.model.plan import Plan
from vumeter.thresholds.budgets import budget_of


def comparing(plan: Plan, baseline: str | None, budgets: Sequence[str]) -> Plan:
    """
    Return *plan* with what the flags say, if they say anything; what it is held to is there.

    Raises:
        StoreError: There is no such baseline.
        UsageError: A budget is none, or there is nothing that it could be of.
    """
    plan = replace(
        plan,
        baseline=plan.baseline if baseline is None else baseline,
        budgets=(*plan.budgets, *budgets),
    )
    for budget in plan.budgets:
        budget_of(budget)
    if plan.budgets and not plan.baseline:
        raise UsageError(
            "There is a budget, and nothing that the run is compared with.",
            hint="Name a baseline: --baseline NAME; vumeter baseline list has them.",
        )
    if not plan.baseline:
        return plan
    path = baselines.find(plan.baseline)
    # The run process stands elsewhere: a file is named as a whole.
    is_file = plan.baseline.endswith(path.suffix)
    return replace(plan, baseline=str(path)) if is_file else plan
