"""`--baseline`, `--against` and `--budget`: what is compared, and how much worse it may be."""

from collections.abc import Sequence

from msgspec.structs import replace

from vumeter.cli.planning import duration_s
from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.targets import url_problem, without_fragment
from vumeter.profiles.variants import divided, united, variants_of
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
    if plan.baseline and plan.variants is not None:
        raise UsageError("A run is compared with a baseline or has two targets, and not both.")
    if plan.budgets and not plan.baseline and plan.variants is None:
        raise UsageError(
            "There is a budget, and nothing that the run is compared with.",
            hint="Name a baseline: --baseline NAME, or a second target: --against URL.",
        )
    if not plan.baseline:
        return plan
    # The store's reader is the price of a baseline, and of nothing else.
    from vumeter.link import baselines

    path = baselines.find(plan.baseline)
    # The run process stands elsewhere: a file is named as a whole.
    is_file = plan.baseline.endswith(path.suffix)
    return replace(plan, baseline=str(path)) if is_file else plan


def against(plan: Plan, url: str | None, alternate: str | None) -> Plan:
    """
    Return *plan* with a second target, where the flags name one.

    Raises:
        UsageError: It cannot be run against two.
    """
    if url is None and alternate is None:
        return plan
    plan = united(plan)
    known = plan.variants
    if url is None and known is None:
        raise UsageError("--alternate is for two targets.", hint="Name the other: --against URL.")
    other = known.against if url is None and known is not None else _url(url or "")
    block_s = 0.0 if known is None else known.block_s
    if alternate is not None:
        block_s = duration_s("--alternate", alternate)
    try:
        return divided(replace(plan, variants=variants_of(other, block_s)))
    except UsageError as error:
        raise UsageError(f"--against: {error.message}", hint=error.hint) from error


def _url(text: str) -> str:
    if (wrong := url_problem(text)) is not None:
        raise UsageError(f"--against: {wrong[0]}", hint=wrong[1])
    return without_fragment(text)
