"""From the path of a profile to its plan, or to everything that is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from vumeter.model.plan import Plan, Scenario
from vumeter.profiles.building import plan_of
from vumeter.profiles.complaints import checked
from vumeter.profiles.problems import Problems, quoted, suggestion
from vumeter.profiles.reading import Document, read
from vumeter.profiles.templates import VariablesIn
from vumeter.profiles.variables import Variables, replaced
from vumeter.profiles.variants import divided, united, variants_scaled
from vumeter.thresholds import alerts
from vumeter.thresholds import grammar as thresholds


def load(
    path: Path,
    *,
    variables: Mapping[str, str],
    environment: Mapping[str, str],
    variables_in: VariablesIn,
    time_scale: float = 1.0,
) -> Plan:
    """
    Return the plan that the profile at *path* describes.

    Args:
        path: Of a TOML file, see docs/profile.md.
        variables: Values for `${NAME}` that come before all others (`-e`).
        environment: Values for names that nothing else gives.
        variables_in: Reads an expression between `{{` and `}}`.
        time_scale: What every time of the schedule is multiplied by; rates, VUs and think
            times stay as they are.

    Raises:
        ProfileError: It cannot be run; the message has every problem with its line.
    """
    document, lines = read(path)
    problems = Problems(str(path), lines)
    known = Variables(given=variables, written=_written(document), environment=environment)
    document = replaced(document, known, problems)
    secrets = _secrets(document, known, problems)
    problems.hide(secrets.values())
    profile, cut = checked(document, problems)
    problems.leave_out(cut)
    plan = None
    if profile is not None:
        plan = plan_of(
            profile, path=path, secrets=secrets, variables_in=variables_in, problems=problems
        )
    if problems or plan is None:
        raise problems.error()
    return plan if time_scale == 1 else scaled(plan, time_scale)


def scaled(plan: Plan, factor: float) -> Plan:
    """Return *plan* with every time of its schedule multiplied by *factor*."""

    def shorter(scenario: Scenario) -> Scenario:
        load = scenario.load
        return replace(
            scenario,
            load=replace(
                load,
                start_s=load.start_s * factor,
                duration_s=None if load.duration_s is None else load.duration_s * factor,
                stages=tuple(
                    replace(stage, duration_s=stage.duration_s * factor) for stage in load.stages
                ),
            ),
        )

    plan = united(plan)
    return divided(
        replace(
            plan,
            variants=None if plan.variants is None else variants_scaled(plan.variants, factor),
            scenarios=tuple(map(shorter, plan.scenarios)),
            thresholds=tuple(thresholds.scaled(each, factor) for each in plan.thresholds),
            alerts=tuple(alerts.scaled(each, factor) for each in plan.alerts),
        )
    )


def _written(document: Document) -> dict[str, str]:
    """Return what stands under [variables]; what is wrong there is found by the models."""
    table = document.get("variables")
    if not isinstance(table, dict):
        return {}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in table.items()
        if isinstance(value, str | int | float)
    }


def _secrets(document: Document, known: Variables, problems: Problems) -> dict[str, str]:
    """Return the values of the variables that the profile calls secret, by name."""
    names = document.get("secrets")
    found: dict[str, str] = {}
    for index, name in enumerate(names if isinstance(names, list) else []):
        value = known.quiet_value(name) if isinstance(name, str) else None
        if value is not None:
            found[name] = value
        elif isinstance(name, str):
            problems.add(
                ("secrets", index),
                f"{quoted(name)} is not a variable that has a value.",
                hint=suggestion(name, known.names)
                or "secrets has the names of variables, from -e, [variables] or the environment.",
            )
    return found
