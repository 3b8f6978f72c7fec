"""What a profile is compared with, and by how much it may be worse."""

from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.models import Profile
from vumeter.profiles.problems import Problems
from vumeter.profiles.targets import url_problem
from vumeter.profiles.variants import divided, variants_of
from vumeter.thresholds.budgets import budget_of
from vumeter.units import duration_text


def check_budgets(profile: Profile, problems: Problems) -> None:
    """Note budgets that are none."""
    for index, text in enumerate(profile.budgets):
        try:
            budget_of(text)
        except UsageError as error:
            problems.add(
                ("budgets", index), error.message.removeprefix("--budget: "), hint=error.hint
            )


def with_variants(plan: Plan, profile: Profile, problems: Problems) -> Plan:
    """Return *plan* divided for the two targets of *profile*, if it has two."""
    table = profile.against
    if table is None:
        return plan
    if (wrong := url_problem(table.target)) is not None:
        problems.add(("against", "target"), wrong[0], hint=wrong[1])
        return plan
    variants = variants_of(table.target, table.alternate, table.warm_up)
    try:
        return divided(replace(plan, variants=variants))
    except UsageError as error:
        problems.add(("against",), error.message, hint=error.hint)
        return plan


def comparing_written(plan: Plan) -> dict[str, object]:
    """Return what *plan* is compared with as a profile has it; nothing where it is not."""
    written: dict[str, object] = {"baseline": plan.baseline} if plan.baseline else {}
    if plan.variants is not None:
        against = {"target": plan.variants.against}
        if plan.variants.block_s:
            against["alternate"] = duration_text(plan.variants.block_s)
            against["warm_up"] = duration_text(plan.variants.warm_up_s)
        written["against"] = against
    return written | ({"budgets": list(plan.budgets)} if plan.budgets else {})
