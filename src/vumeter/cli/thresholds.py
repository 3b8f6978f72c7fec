"""`--threshold`: rules from the command line, beside those of a profile."""

from collections.abc import Sequence

from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.plan import Plan, Threshold
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.rules import rules_of


def with_thresholds(plan: Plan, texts: Sequence[str]) -> Plan:
    """
    Return *plan* with a threshold more for each of *texts*, all of them known to be sound.

    Raises:
        ProfileError: One cannot be meant, or asks for what this plan will not have.
    """
    plan = replace(plan, thresholds=(*plan.thresholds, *map(_threshold, texts)))
    rules_of(plan)
    return plan


def _threshold(text: str) -> Threshold:
    try:
        threshold = written(text)
        parse(threshold)
    except ProfileError as error:
        raise ProfileError(f"--threshold: {error.message}", hint=error.hint) from error
    return threshold
