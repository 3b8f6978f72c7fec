"""`vumeter probe URL|PROFILE|SCRIPT`: find out how much load a target can take."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from vumeter.cli.flags import (
    AllowedHosts,
    Body,
    ContentType,
    Detach,
    Headers,
    Headless,
    Insecure,
    Method,
    Name,
    NoStore,
    Output,
    Postgres,
    PostgresWait,
    ScriptTarget,
    Text,
    Timeout,
    Variables,
)
from vumeter.errors import ProfileError, UsageError
from vumeter.model.plan import Arrivals, Load, Plan, Probe, Scenario
from vumeter.units import parse_count, parse_duration_s, parse_rate_per_s

if TYPE_CHECKING:
    from vumeter.cli.planning import Wishes

START_PER_S = 20.0
"""Iterations per second that a search begins with where nothing else says: harmless to most."""
SHORTEST_S = 60.0


def probe(  # noqa: PLR0917 - one parameter per flag
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="URL|PROFILE|SCRIPT", help="What is to be probed.")
    ],
    script_target: ScriptTarget = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            "--slo",
            metavar="RULE",
            help="What has to hold: 'p95 < 300ms', 'errors < 1%'; repeats. [the profile's]",
        ),
    ] = None,
    start: Annotated[
        Text, typer.Option("--start", metavar="LOAD", help="Begin with it. [20/s, or 1 VU]")
    ] = None,
    vus_lever: Annotated[
        bool, typer.Option("--by-vus", help="Raise VUs, a closed model, and not the rate.")
    ] = False,
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="Be done by then.")
    ] = "3m",
    scenario: Annotated[
        Text,
        typer.Option("--scenario", metavar="NAME", help="Whose load is raised. [the only one's]"),
    ] = None,
    method: Method = None,
    header: Headers = None,
    body: Body = None,
    content_type: ContentType = None,
    timeout: Timeout = "10s",
    insecure: Insecure = False,
    workers: Annotated[
        str, typer.Option("--workers", metavar="N", help='Processes that make the load, or "auto".')
    ] = "1",
    max_vus: Annotated[
        Text, typer.Option("--max-vus", metavar="N", help="A guard rail. [1000]")
    ] = None,
    max_rate: Annotated[
        Text, typer.Option("--max-rate", metavar="RATE", help="A guard rail. [100k]")
    ] = None,
    allow_host: AllowedHosts = None,
    pg: Postgres = None,
    pg_wait: PostgresWait = False,
    name: Name = None,
    headless: Headless = False,
    detach: Detach = False,
    no_store: NoStore = False,
    output: Output = None,
    variable: Variables = None,
) -> None:
    """
    Find the highest load that the target holds, confirm it, and see that the target recovers.

    Arrivals at a rate come independently of each other (Poisson) where no profile says otherwise.
    Exit 0: there is an answer; 99: not even the lowest load was held, or the target did not
    recover; 103: somebody else took the throttle.
    """
    from vumeter.cli import run
    from vumeter.cli.ending import checked_report_path
    from vumeter.cli.order import Order
    from vumeter.cli.planning import Wishes, is_script

    wishes = Wishes(
        url=target,
        method=method,
        headers=tuple(header or ()),
        body=body,
        content_type=content_type,
        timeout=timeout,
        insecure=insecure,
        workers=workers,
        max_vus=max_vus,
        max_rate=max_rate,
        allow_hosts=tuple(allow_host or ()),
        postgres=pg,
        name=name,
    )
    report = checked_report_path(output)
    typed = run.typed(context)
    if is_script(target):
        from vumeter.cli.scripted import script_plan

        plan = script_plan(Path(target), wishes, url=script_target, given=typed)
    elif script_target is not None:
        raise UsageError(f"{target} is no script, which alone takes a second URL.")
    else:
        plan = _plan(wishes, typed, variable or [])
    order = Order(
        plan=probed(
            plan,
            slos=tuple(slo or ()),
            start=start,
            by_vus=vus_lever,
            within=within,
            scenario=scenario,
        ),
        report=None if report is None else str(report),
        waits_for_postgres=pg_wait,
        is_stored=not no_store,
        is_named=name is not None,
    )
    raise typer.Exit(run.begin(order, headless=headless, detach=detach))


def probed(
    plan: Plan,
    *,
    slos: tuple[str, ...],
    start: str | None = None,
    by_vus: bool = False,
    within: str = "3m",
    scenario: str | None = None,
) -> Plan:
    """
    Return *plan* as a search for its capacity: its one scenario without an end, from *start* on.

    Raises:
        UsageError: A flag cannot be meant.
        ProfileError: An SLO cannot be judged.
    """
    from vumeter.pilot.slo import slo, slo_rules, slos_of

    driven = _scenario(plan, scenario)
    within_s = parse_duration_s(within)
    if within_s < SHORTEST_S:
        raise UsageError(
            f"--within {within}: a search takes at least {SHORTEST_S:g} s.",
            hint="Three minutes are usual.",
        )
    try:
        thresholds = tuple(map(slo, slos)) or slos_of(plan)
        slo_rules(thresholds, plan)
    except ProfileError as error:
        raise ProfileError(f"--slo: {error.message}", hint=error.hint) from error
    load = _by_vus(driven, start, plan) if by_vus else _by_rate(driven, start, plan)
    return replace(
        plan,
        # What has to hold is the search's now: it goes beyond it, and the run has not failed.
        thresholds=(),
        scenarios=tuple(
            replace(each, load=load) if each is driven else each for each in plan.scenarios
        ),
        probe=Probe(scenario=driven.name, slos=thresholds, within_s=within_s),
    )


def _scenario(plan: Plan, name: str | None) -> Scenario:
    names = [each.name for each in plan.scenarios]
    if name is None and len(names) > 1:
        raise UsageError(
            f"The profile has {len(names)} scenarios, and the load of one is raised.",
            hint=f"Name it: --scenario {' or '.join(names)}.",
        )
    found = next((each for each in plan.scenarios if name in (None, each.name)), None)
    if found is None:
        raise UsageError(f'--scenario: there is no "{name}".', hint=f"There is {', '.join(names)}.")
    return found


def _by_rate(scenario: Scenario, start: str | None, plan: Plan) -> Load:
    own = scenario.load.rate_per_s
    rate_per_s = parse_rate_per_s(start) if start is not None else own or START_PER_S
    if not 0 < rate_per_s <= plan.limits.max_rate_per_s:
        raise UsageError(f"--start {rate_per_s:g}/s: above 0, and not above --max-rate.")
    return Load(
        vus=plan.limits.max_vus,
        rate_per_s=rate_per_s,
        arrivals=Arrivals.POISSON if own is None else scenario.load.arrivals,
    )


def _by_vus(scenario: Scenario, start: str | None, plan: Plan) -> Load:
    vus = parse_count(start) if start is not None else 1
    if not 1 <= vus <= plan.limits.max_vus:
        raise UsageError(f"--start {vus}: at least 1 VU, and not above --max-vus.")
    return Load(vus=vus, pacing_s=scenario.load.pacing_s)


def _plan(wishes: "Wishes", typed: frozenset[str], variables: list[str]) -> Plan:
    from vumeter.cli import planning

    if not planning.is_profile(wishes.url):
        if "variable" in typed:
            raise UsageError(f"-e is for profiles, and {wishes.url} is a URL.")
        return planning.plan(wishes)
    from vumeter.cli import profiled
    from vumeter.profiles.variants import united

    plan = profiled.profile_plan(
        Path(wishes.url),
        variables=profiled.variables_of(variables),
        environment=os.environ,
        time_scale=1.0,
    )
    # A search is for what one target can take, and is compared with nothing.
    alone = replace(united(plan), variants=None, baseline="", budgets=())
    return profiled.overridden(alone, wishes, given=typed)
