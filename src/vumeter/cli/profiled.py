"""From a profile and the flags beside it to a plan."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from vumeter.cli.connecting import check_connections
from vumeter.cli.planning import (
    Wishes,
    count,
    duration_s,
    rate_per_s,
    run_name,
    vus_count,
    within_workers,
)
from vumeter.engine.feeders import feeds_of
from vumeter.engine.generator import given_by
from vumeter.engine.procedure import Ending, script_of
from vumeter.engine.script import Script
from vumeter.engine.values import Expressions
from vumeter.errors import ProbeError, ProfileError, UsageError
from vumeter.model.frame import Phase
from vumeter.model.messages import Share
from vumeter.model.plan import AUTO, Feeder, Limits, Load, Plan, Scenario
from vumeter.probes.dsn import validate_dsn
from vumeter.probes.watched import check_clients
from vumeter.profiles.loading import load
from vumeter.profiles.peaks import peak_rate_per_s, peak_vus, pool_for
from vumeter.profiles.variants import divided, united

_OF_REQUESTS = {
    "method": "--method",
    "header": "--header",
    "body": "--body",
    "body_file": "--body-file",
    "content_type": "--content-type",
    "accept": "--accept",
    "auth": "--auth",
    "timeout": "--timeout",
    "redirects": "--redirects",
}
"""Flags that say what one request is like, which a profile says of each of its own."""

_OF_ONE_LOAD = {"vus": "--vus", "rate": "--rate", "iterations": "--iterations"}


def variables_of(given: list[str]) -> dict[str, str]:
    """
    Return the variables in the values of `-e`.

    Raises:
        UsageError: One is not KEY=VALUE.
    """
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise UsageError(f'-e: "{name}{equals}…" is not KEY=VALUE.', hint="Write -e USERS=500.")
    return {name: value for name, _, value in pairs}


def time_scale_of(text: str) -> float:
    """
    Return the factor in *text*, above 0.

    Raises:
        UsageError: It is not one.
    """
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise UsageError(
            f'--time-scale: "{text}" is not a number above 0.',
            hint="Write 0.01 to run the schedule a hundred times faster.",
        )
    return factor


def profile_plan(
    path: Path, *, variables: Mapping[str, str], environment: Mapping[str, str], time_scale: float
) -> Plan:
    """
    Return the plan of the profile at *path*, checked with what is known above profiles.

    Raises:
        ProfileError: It cannot be run.
    """
    plan = load(
        path,
        variables=variables,
        environment=environment,
        variables_in=variables_in,
        time_scale=time_scale,
    )
    first = () if plan.postgres_dsn is None else (("postgres", plan.postgres_dsn),)
    more = ((f"postgres_more.{name}", dsn) for name, dsn in plan.postgres_more)
    for key, dsn in (*first, *more):
        try:
            validate_dsn(dsn)
        except ProbeError as error:
            raise ProfileError(
                f"{path}: monitors.{key}: {error.message}", hint=error.hint
            ) from None
    try:
        check_clients(plan.monitors)
    except UsageError as error:
        raise ProfileError(f"{path}: {error.message}", hint=error.hint) from None
    _check_scripts(plan, path)
    try:
        check_connections(plan)
    except UsageError as error:
        raise ProfileError(f"{path}: http: {error.message}", hint=error.hint) from None
    return plan


def variables_in(expression: str, feeders: Mapping[str, Feeder]) -> set[str]:
    """
    Return the variables that *expression* looks at.

    Raises:
        UsageError: It is no expression.
    """
    expressions = Expressions(feeders)
    expressions.compiled(expression)
    return expressions.variables


def _check_scripts(plan: Plan, path: Path) -> None:
    """Compile every scenario once: what a worker would refuse must not be found out by one."""
    for scenario in plan.scenarios:
        try:
            feeds = feeds_of(plan.feeders, Share(index=0, count=1))
            Script(
                scenario,
                {},
                keep_alive=plan.keep_alive,
                seed=0,
                feeders=plan.feeders,
                feeds=feeds,
                given=given_by(plan.setup),
            )
        except UsageError as error:
            raise ProfileError(
                f"{path}: scenarios.{scenario.name}: {error.message}", hint=error.hint
            ) from None
    for phase in Phase:
        if getattr(plan, phase) is None:
            continue
        try:
            script_of(plan, phase, {}, Ending())
        except UsageError as error:
            raise ProfileError(f"{path}: {phase}: {error.message}", hint=error.hint) from None


def overridden(plan: Plan, wishes: Wishes, *, given: frozenset[str]) -> Plan:
    """
    Return *plan* with what the flags say instead.

    Args:
        plan: Of a profile.
        wishes: Every flag's value.
        given: The parameters that were typed; all others leave the profile as it is.

    Raises:
        UsageError: A flag makes no sense with this profile.
    """
    for parameter, flag in _OF_REQUESTS.items():
        if parameter in given:
            raise UsageError(
                f"{flag}: each request of a profile says that for itself.",
                hint=f"Change the profile, or run a URL with {flag}.",
            )
    plan = _with_loads(united(plan), wishes, given)
    plan = replace(
        plan,
        name=run_name(wishes.name) if wishes.name is not None else plan.name,
        workers=within_workers(wishes.workers) if "workers" in given else plan.workers,
        adds_workers=wishes.workers == AUTO if "workers" in given else plan.adds_workers,
        pins_workers=plan.pins_workers or wishes.pin_workers,
        keep_alive=plan.keep_alive and not wishes.disable_keepalive,
        verify_tls=plan.verify_tls and not wishes.insecure,
        cookies=plan.cookies and not wishes.no_cookies,
        graceful_stop_s=duration_s("--graceful-stop", wishes.graceful_stop, zero_is_fine=True)
        if "graceful_stop" in given
        else plan.graceful_stop_s,
        dead_man_s=duration_s("--dead-man", wishes.dead_man)
        if "dead_man" in given
        else plan.dead_man_s,
        on_viewer_lost=wishes.on_viewer_lost if "on_viewer_lost" in given else plan.on_viewer_lost,
        limits=_limits(plan.limits, wishes),
        postgres_dsn=_dsn(plan, wishes, is_typed="pg" in given),
    )
    _check_limits(plan)
    return divided(plan)


def _with_loads(plan: Plan, wishes: Wishes, given: frozenset[str]) -> Plan:
    flags = [flag for parameter, flag in _OF_ONE_LOAD.items() if parameter in given]
    if flags and len(plan.scenarios) > 1:
        names = ", ".join(scenario.name for scenario in plan.scenarios)
        raise UsageError(
            f"{flags[0]}: the profile has {len(plan.scenarios)} scenarios ({names}), and the flag"
            " does not say which.",
            hint="Change the profile, or steer them mid-run.",
        )
    return replace(
        plan,
        scenarios=tuple(
            replace(scenario, load=_steered(scenario.load, wishes)) for scenario in plan.scenarios
        ),
    )


def _steered(load: Load, wishes: Wishes) -> Load:
    """Return *load* as the flags want it: one that is set by hand goes through no stages."""
    length_s = None if load.end_s is None else load.end_s - load.start_s
    if wishes.rate is not None:
        rate = rate_per_s("--rate", wishes.rate)
        pool = max(load.vus, pool_for(rate)) if load.rate_per_s is not None else pool_for(rate)
        load = replace(
            load,
            rate_per_s=rate,
            vus=pool,
            stages=(),
            duration_s=length_s,
            per_vu=False,
            pacing_s=0.0,
        )
    if wishes.vus is not None:
        load = replace(load, vus=vus_count("--vus", wishes.vus))
        if load.rate_per_s is None:
            load = replace(load, stages=(), duration_s=length_s)
    if wishes.iterations is not None:
        load = replace(load, iterations=count("--iterations", wishes.iterations))
        if load.rate_per_s is None:
            load = replace(load, stages=(), duration_s=length_s)
    if wishes.duration is not None:
        load = replace(load, duration_s=duration_s("--duration", wishes.duration))
    return load


def _limits(limits: Limits, wishes: Wishes) -> Limits:
    max_vus = limits.max_vus if wishes.max_vus is None else vus_count("--max-vus", wishes.max_vus)
    max_rate = limits.max_rate_per_s
    if wishes.max_rate is not None:
        max_rate = rate_per_s("--max-rate", wishes.max_rate)
    return replace(
        limits,
        max_vus=max_vus,
        max_rate_per_s=max_rate,
        floor_vus=min(limits.floor_vus, max_vus),
        floor_rate_per_s=min(limits.floor_rate_per_s, max_rate),
        allow_hosts=(*limits.allow_hosts, *wishes.allow_hosts),
    )


def _check_limits(plan: Plan) -> None:
    for scenario in plan.scenarios:
        _check_limit(scenario, plan.limits)


def _check_limit(scenario: Scenario, limits: Limits) -> None:
    vus, rate = peak_vus(scenario), peak_rate_per_s(scenario)
    if vus > limits.max_vus:
        raise UsageError(
            f'Scenario "{scenario.name}" asks for {vus} VUs, above the limit of {limits.max_vus}.',
            hint=f"Raise it: --max-vus {vus}",
        )
    if rate > limits.max_rate_per_s:
        raise UsageError(
            f'Scenario "{scenario.name}" asks for {rate:g}/s, above the limit of'
            f" {limits.max_rate_per_s:g}/s.",
            hint=f"Raise it: --max-rate {rate:g}",
        )


def _dsn(plan: Plan, wishes: Wishes, *, is_typed: bool) -> str | None:
    # A flag that was typed wins; the environment's only fills in what the profile leaves open.
    dsn = wishes.postgres if is_typed or plan.postgres_dsn is None else plan.postgres_dsn
    if dsn is not None:
        validate_dsn(dsn)
    return dsn
