"""From a profile that pydantic has understood to a plan; every problem on the way is noted."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.alert import Alert
from vumeter.model.flow import Request, Step, requests_of
from vumeter.model.plan import MOST_VUS, Limits, Plan, Procedure, Scenario, Threshold
from vumeter.profiles.alerts import alerts_of
from vumeter.profiles.comparing import check_budgets, with_variants
from vumeter.profiles.connections import listen_from, transport_of
from vumeter.profiles.feeders import feeder_of
from vumeter.profiles.flows import Surroundings, steps_of
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.loads import load_of
from vumeter.profiles.models import LimitsTable, Profile, SetupTable, TeardownTable
from vumeter.profiles.monitors import monitors_of
from vumeter.profiles.peaks import peak_rate_per_s, peak_vus
from vumeter.profiles.personas import scenarios_of
from vumeter.profiles.prices import prices_from
from vumeter.profiles.problems import Problems
from vumeter.profiles.storing import retention_from
from vumeter.profiles.targets import url_problem
from vumeter.profiles.templates import VariablesIn, check_expressions
from vumeter.thresholds.rules import alert_rules_of, rules_of

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NOT_IN_RUN_NAMES = re.compile(r"[^0-9A-Za-z_.-]+")
_LONGEST_RUN_NAME = 40


def plan_of(
    profile: Profile,
    *,
    path: Path,
    secrets: Mapping[str, str],
    variables_in: VariablesIn,
    problems: Problems,
) -> Plan | None:
    """Return the plan that *profile* describes; `None` when nothing in it could run."""
    target = _target(profile, problems)
    feeders = tuple(
        feeder_of(name, table, ("feeders", name), folder=path.parent, problems=problems)
        for name, table in profile.feeders.items()
    )
    around = Surroundings(
        folder=path.parent, target=target, defaults=profile.defaults, problems=problems
    )
    setup = _procedure(profile.setup, ("setup",), around)
    teardown = _procedure(profile.teardown, ("teardown",), around)
    scenarios = _scenarios(profile, around)
    for at, requests in _parts(profile, scenarios, setup, teardown):
        if problems.is_whole(at):
            uses = [use for use in around.uses if use[0][: len(at)] == at]
            check_expressions(
                uses,
                requests=requests,
                feeders=feeders,
                variables_in=variables_in,
                problems=problems,
            )
    _check_names(profile, problems)
    check_budgets(profile, problems)
    if not scenarios:
        _complain_of_nothing(problems)
        return None
    limits = _limits(profile.limits, scenarios)
    _check_limits(scenarios, limits, problems)
    thresholds = list(_thresholds(profile))
    alerts = alerts_of(profile.alerts, folder=path.parent, problems=problems)
    plan = Plan(
        name=profile.name or _run_name(path),
        scenarios=scenarios,
        limits=limits,
        thresholds=tuple(threshold for _, threshold in thresholds),
        alerts=tuple(alert for _, alert in alerts),
        feeders=feeders,
        setup=setup,
        teardown=teardown,
        workers=profile.workers or 1,
        adds_workers=profile.workers is None,
        pins_workers=profile.pin_workers,
        keep_alive=profile.http.keep_alive,
        verify_tls=profile.http.verify_tls,
        cookies=profile.http.cookies,
        transport=transport_of(profile.http, folder=path.parent, problems=problems),
        listen=None
        if profile.listen is None
        else listen_from(profile.listen, folder=path.parent, problems=problems),
        graceful_stop_s=profile.graceful_stop,
        dead_man_s=profile.dead_man,
        on_viewer_lost=profile.on_viewer_lost,
        postgres_dsn=profile.monitors.postgres,
        postgres_more=tuple(profile.monitors.postgres_more.items()),
        monitors=monitors_of(profile.monitors, folder=path.parent, problems=problems),
        baseline=profile.baseline,
        budgets=tuple(profile.budgets),
        retention=retention_from(profile.store, problems=problems),
        prices=prices_from(profile.prices, problems=problems),
        secrets=tuple(secrets.values()),
    )
    plan = with_variants(plan, profile, problems)
    _check_thresholds(plan, thresholds, problems)
    _check_alerts(plan, alerts, problems)
    return plan


def _complain_of_nothing(problems: Problems) -> None:
    """Say that nothing is to be done, unless it is only what is wrong that was left out."""
    if problems.is_whole(("scenarios",)) and problems.is_whole(("personas",)):
        problems.add(
            (),
            "there is nothing to do in it.",
            hint='Write a scenario: [scenarios.main] with steps = ["/"].',
        )


def _target(profile: Profile, problems: Problems) -> str | None:
    if profile.target is None:
        return None
    wrong = url_problem(profile.target)
    if wrong is None and re.search(r"[?#]|\{\{", profile.target):
        wrong = f'"{profile.target}" has more than scheme, host and path.', "Leave away the rest."
    if wrong is None:
        return profile.target
    problems.add(("target",), wrong[0], hint=wrong[1])
    problems.leave_out([("target",)])
    return None


def _parts(
    profile: Profile,
    scenarios: tuple[Scenario, ...],
    setup: Procedure | None,
    teardown: Procedure | None,
) -> Iterator[tuple[KeyPath, list[Request]]]:
    """Return the parts of the profile that know of variables, and who extracts those for them."""
    of_all = [] if setup is None else list(requests_of(setup.steps))
    for scenario in scenarios:
        yield _at(scenario, profile), [*of_all, *scenario.requests]
    for at, procedure in ((("setup",), setup), (("teardown",), teardown)):
        if procedure is not None:
            yield at, [*of_all, *requests_of(procedure.steps)]


def _at(scenario: Scenario, profile: Profile) -> KeyPath:
    is_written = scenario.name in profile.scenarios
    return ("scenarios", scenario.name) if is_written else ("personas", "types", scenario.name)


def _scenarios(profile: Profile, around: Surroundings) -> tuple[Scenario, ...]:
    problems = around.problems
    made: list[Scenario] = []
    for name, table in profile.scenarios.items():
        at: KeyPath = ("scenarios", name)
        made.append(
            Scenario(
                name=name,
                steps=steps_of(table.steps, (*at, "steps"), around),
                on_start=steps_of(table.on_start, (*at, "on_start"), around),
                on_stop=steps_of(table.on_stop, (*at, "on_stop"), around),
                load=load_of(table, at, problems),
            )
        )
    if profile.personas is not None:
        made += scenarios_of(profile.personas, around)
    for scenario in made:
        _check_requests(scenario.steps, _at(scenario, profile), problems)
    return tuple(made)


def _procedure(
    table: SetupTable | TeardownTable | None, at: KeyPath, around: Surroundings
) -> Procedure | None:
    if table is None:
        return None
    before = len(around.requests)
    steps = steps_of(table.steps, (*at, "steps"), around)
    _check_requests(steps, at, around.problems)
    places = tuple(around.problems.place(each) for each in around.requests[before:])
    return Procedure(steps=steps, timeout_s=table.timeout, places=places)


def _check_requests(steps: Sequence[Step], at: KeyPath, problems: Problems) -> None:
    if next(requests_of(steps), None) is None:
        problems.add(
            (*at, "steps"), "sends no request.", hint='Write one: "/", or { path = "/orders" }.'
        )


def _check_names(profile: Profile, problems: Problems) -> None:
    personas: Iterable[str] = profile.personas.types if profile.personas else ()
    tables = {
        ("scenarios",): profile.scenarios,
        ("personas", "types"): personas,
        ("feeders",): profile.feeders,
    }
    for at, names in tables.items():
        for name in names:
            if not _NAME.fullmatch(name):
                problems.add(
                    (*at, name),
                    f'"{name}" cannot be a name.',
                    hint='Letters, digits, "_" and "-".',
                )
    for name in personas:
        if name in profile.scenarios:
            problems.add(
                ("personas", "types", name),
                "there is a scenario of the same name.",
                hint="Each persona becomes a scenario: give one of them another name.",
            )


def _limits(table: LimitsTable, scenarios: tuple[Scenario, ...]) -> Limits:
    """Return the limits; those that were not written leave room for what the scenarios ask."""
    defaults = Limits()
    max_vus = max([defaults.max_vus, *map(peak_vus, scenarios)])
    max_rate = max([defaults.max_rate_per_s, *map(peak_rate_per_s, scenarios)])
    max_vus = max_vus if table.max_vus is None else table.max_vus
    max_rate = max_rate if table.max_rate is None else table.max_rate
    return Limits(
        max_vus=max_vus,
        max_rate_per_s=max_rate,
        floor_vus=min(table.floor_vus, max_vus),
        floor_rate_per_s=min(table.floor_rate, max_rate),
        allow_hosts=tuple(table.allow_hosts),
        end_backends=table.end_backends,
    )


def _check_limits(scenarios: tuple[Scenario, ...], limits: Limits, problems: Problems) -> None:
    for scenario in scenarios:
        at: KeyPath = ("scenarios", scenario.name)
        vus, rate = peak_vus(scenario), peak_rate_per_s(scenario)
        if vus > MOST_VUS:
            problems.add(at, f"it asks for {vus} VUs, and a run has {MOST_VUS} at most.")
        elif vus > limits.max_vus:
            problems.add(
                at,
                f"it asks for {vus} VUs, and limits.max_vus is {limits.max_vus}.",
                hint="Raise the limit, or ask for less.",
            )
        if rate > limits.max_rate_per_s:
            problems.add(
                at,
                f"it asks for {rate:g}/s, and limits.max_rate is {limits.max_rate_per_s:g}/s.",
                hint="Raise the limit, or ask for less.",
            )


def _thresholds(profile: Profile) -> Iterator[tuple[KeyPath, Threshold]]:
    for metric, tables in profile.thresholds.items():
        for index, each in enumerate(tables):
            yield (
                ("thresholds", metric, index),
                Threshold(
                    metric=metric,
                    expression=each.threshold,
                    abort_on_fail=each.abort_on_fail,
                    delay_abort_s=each.delay_abort_eval,
                ),
            )


def _check_thresholds(
    plan: Plan, thresholds: Iterable[tuple[KeyPath, Threshold]], problems: Problems
) -> None:
    for at, threshold in thresholds:
        try:
            rules_of(replace(plan, thresholds=(threshold,)))
        except ProfileError as error:
            problems.add(at, error.message, hint=error.hint)


def _check_alerts(plan: Plan, alerts: Iterable[tuple[KeyPath, Alert]], problems: Problems) -> None:
    for at, alert in alerts:
        try:
            alert_rules_of(replace(plan, alerts=(alert,)))
        except ProfileError as error:
            problems.add(at, error.message, hint=error.hint)


def _run_name(path: Path) -> str:
    name = _NOT_IN_RUN_NAMES.sub("-", path.stem).strip("-.")
    return name[:_LONGEST_RUN_NAME] or "run"
