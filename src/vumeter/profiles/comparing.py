"""What a profile is compared with, and by how much it may be worse."""

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.profiles.models import Profile
from vumeter.profiles.problems import Problems
from vumeter.thresholds.budgets import budget_of


def check_budgets(profile: Profile, problems: Problems) -> None:
    """Note budgets that are none."""
    for index, text in enumerate(profile.budgets):
        try:
            budget_of(text)
        except UsageError as error:
            problems.add(
                ("budgets", index), error.message.removeprefix("--budget: "), hint=error.hint
            )


def comparing_written(plan: Plan) -> dict[str, object]:
    """Return what *plan* is compared with as a profile has it; nothing where it is not."""
    written: dict[str, object] = {"baseline": plan.baseline} if plan.baseline else {}
    return written | ({"budgets": list(plan.budgets)} if plan.budgets else {})
