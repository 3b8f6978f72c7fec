"""`vumeter check`: whether a profile can be run, and what it would do."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import Variables

if TYPE_CHECKING:
    from vumeter.model.flow import Request
    from vumeter.model.plan import Load, Plan, Procedure, Scenario


def check(
    profile: Annotated[
        Path, typer.Argument(metavar="PROFILE|SCRIPT", help="A TOML or a Python file.")
    ],
    variable: Variables = None,
    time_scale: Annotated[
        str, typer.Option("--time-scale", metavar="FACTOR", help="As of vumeter run.")
    ] = "1",
) -> None:
    """
    Read a profile or a script, and show what it would do. Nothing is sent.

    Everything that is wrong with it is said at once, each with its line; then the exit code
    is 104.
    """
    from vumeter.cli.planning import Wishes, is_script
    from vumeter.cli.profiled import profile_plan, time_scale_of, variables_of
    from vumeter.cli.scripted import script_plan
    from vumeter.stats.redaction import Redactor

    if is_script(str(profile)):
        typed = {"variable": bool(variable), "time_scale": time_scale != "1"}
        given = frozenset(name for name, is_typed in typed.items() if is_typed)
        plan = script_plan(profile, Wishes(url=str(profile)), url=None, given=given)
    else:
        plan = profile_plan(
            profile,
            variables=variables_of(variable or []),
            environment=os.environ,
            time_scale=time_scale_of(time_scale),
        )
    print(preview(Redactor(plan).plan))


def preview(plan: "Plan") -> str:
    """Return what *plan* would do, for people; *plan* is without its secrets."""
    from vumeter.stats.plaintext import plain

    lines = [
        f"target      {plan.target}",
        f"duration    {_duration(plan)}",
        f"workers     {'auto' if plan.adds_workers else plan.workers}"
        f"{', each on one core' if plan.pins_workers else ''}",
        f"connections {_connections(plan)}",
        f"limits      {plan.limits.max_vus} VUs, {plan.limits.max_rate_per_s:g}/s",
        *_totals(plan),
    ]
    for scenario in plan.scenarios:
        lines += ["", *_scenario(scenario)]
    for name, procedure in (("setup", plan.setup), ("teardown", plan.teardown)):
        if procedure is not None:
            lines += ["", *_procedure(name, procedure, provides=name == "setup")]
    if plan.metrics:
        lines += ["", "metrics"]
        lines += [
            f"  {metric.name}: {metric.kind.value}, {metric.unit.value}" for metric in plan.metrics
        ]
    if plan.feeders:
        lines += ["", "feeders"]
        lines += [
            f"  {feeder.name}: {', '.join(feeder.columns)} · {feeder.order.value}"
            for feeder in plan.feeders
        ]
    if plan.thresholds:
        lines += ["", "thresholds"]
        lines += [
            f"  {each.metric}: {each.expression}" + (" · aborts" if each.abort_on_fail else "")
            for each in plan.thresholds
        ]
    lines += _alerts(plan)
    warnings = list(_warnings(plan))
    if warnings:
        lines += ["", "warnings", *(f"  {warning}" for warning in warnings)]
    return "\n".join(map(plain, lines))


def _alerts(plan: "Plan") -> Iterator[str]:
    """Yield what each alert fires at, in words that nobody takes for a threshold's."""
    from vumeter.thresholds.alerts import clearing_text
    from vumeter.thresholds.rules import alert_rules_of

    if not plan.alerts:
        return
    yield ""
    yield "alerts: what must not be (thresholds: what must be)"
    for rule in alert_rules_of(plan):
        alert = rule.alert
        yield f"  {alert.name} · {alert.level.value}{' · bell' if alert.bell else ''}"
        yield f"    fires at     {alert.metric}: {alert.expression}"
        yield f"    clears at    {clearing_text(rule)}"
        if alert.command:
            yield f"    runs         {shlex.join(alert.command)}"
        if alert.webhook is not None:
            yield f"    posts to     {alert.webhook}"


def _duration(plan: "Plan") -> str:
    from vumeter.units import duration_text

    if plan.duration_s is not None:
        return (
            f"{duration_text(plan.duration_s)} at most"
            if _counts(plan)
            else (duration_text(plan.duration_s))
        )
    return "until its iterations are done" if plan.has_end else "no end"


def _connections(plan: "Plan") -> str:
    """Return how connections are made, where that is not for TLS alone."""
    from vumeter.model.plan import IpFamily
    from vumeter.profiles.proxies import url_of

    transport = plan.transport
    words = [f"HTTP/{transport.http_version.value}"]
    words.append("kept alive" if plan.keep_alive else "a new one for each request")
    if transport.proxy is not None:
        direct = ", ".join(transport.proxy.direct_hosts)
        words.append(
            f"by way of {url_of(transport.proxy)}" + (f" (but not to {direct})" if direct else "")
        )
    if transport.ip_family is not IpFamily.ANY:
        words.append(f"only over IPv{transport.ip_family.value[-1]}")
    if transport.local_addresses:
        words.append(f"from {', '.join(transport.local_addresses)}")
    return " · ".join(words)


def _counts(plan: "Plan") -> bool:
    return any(scenario.load.iterations is not None for scenario in plan.scenarios)


def _totals(plan: "Plan") -> Iterator[str]:
    from vumeter.profiles.peaks import peak_rate_per_s, peak_vus

    closed = [scenario for scenario in plan.scenarios if scenario.load.rate_per_s is None]
    opened = [scenario for scenario in plan.scenarios if scenario.load.rate_per_s is not None]
    peaks = []
    if closed:
        peaks.append(f"{sum(map(peak_vus, closed))} VUs")
    if opened:
        peaks.append(
            f"{sum(map(peak_rate_per_s, opened)):g}/s from at most {sum(map(peak_vus, opened))} VUs"
        )
    yield f"peaks       {' and '.join(peaks)}"
    due = [_iterations_due(scenario.load) for scenario in opened]
    if due and all(each is not None for each in due):
        yield f"arrivals    {sum(each or 0 for each in due):,.0f} iterations are due"


def _iterations_due(load: "Load") -> float | None:
    """Return how many iterations the schedule asks for; `None` without an end, or any count."""
    from vumeter.model.plan import Shape

    if load.rate_per_s is None or load.end_s is None or load.iterations is not None:
        return None
    left_s = load.end_s - load.start_s
    rate_per_s, due = load.rate_per_s, 0.0
    for stage in load.stages:
        if stage.duration_s > left_s:
            return None
        is_step = stage.shape is Shape.STEP
        mean_per_s = stage.target if is_step else (rate_per_s + stage.target) / 2
        due += mean_per_s * stage.duration_s
        left_s -= stage.duration_s
        rate_per_s = stage.target
    return due + rate_per_s * left_s


def _scenario(scenario: "Scenario") -> Iterator[str]:
    from vumeter.units import duration_text

    load = scenario.load
    yield f"{scenario.name}: {load.executor.value}"
    start = f", from {duration_text(load.start_s)} on" if load.start_s else ""
    yield f"  {_load_words(load)}{start}"
    for stage in load.stages:
        unit = "/s" if load.rate_per_s is not None else " VUs"
        after = f"in {duration_text(stage.duration_s)}" if stage.duration_s else "at once"
        shape = f" ({stage.shape.value})" if stage.shape.value != "linear" else ""
        yield f"    to {stage.target:g}{unit} {after}{shape}"
    if scenario.script is None:
        yield from _requests(list(scenario.requests))
    else:
        yield f"  {scenario.name}() of {scenario.script.path}"


def _procedure(name: str, procedure: "Procedure", *, provides: bool) -> Iterator[str]:
    from vumeter.model.flow import requests_of
    from vumeter.units import duration_text

    yield f"{name}: once, in {duration_text(procedure.timeout_s)} at most"
    if provides and procedure.variables:
        yield f"  variables for all VUs: {', '.join(sorted(procedure.variables))}"
    if procedure.script is None:
        yield from _requests(list(requests_of(procedure.steps)))
    else:
        yield f"  written in {procedure.script.path}"


def _requests(requests: "list[Request]") -> Iterator[str]:
    names = list(dict.fromkeys(request.name for request in requests))
    checks = sum(len(request.checks) for request in requests)
    extracts = sum(len(request.extract) for request in requests)
    yield (
        f"  {_many(len(requests), 'request')}, {_many(checks, 'check')},"
        f" {_many(extracts, 'extraction')}"
    )
    yield from (f"    {name}" for name in names)


def _load_words(load: "Load") -> str:
    from vumeter.units import duration_text

    words = f"{_many(load.vus, 'VU')}"
    if load.rate_per_s is not None:
        words = (
            f"{load.rate_per_s:g}/s, {load.arrivals.value}, from at most {_many(load.vus, 'VU')}"
        )
    if load.iterations is not None:
        each = " each" if load.per_vu else ""
        words += f", {_many(load.iterations, 'iteration')}{each}"
    if load.duration_s is not None:
        words += f", for {duration_text(load.duration_s)}"
    return words


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _warnings(plan: "Plan") -> Iterator[str]:
    from vumeter.thresholds.alerts import doubts
    from vumeter.thresholds.rules import alert_rules_of
    from vumeter.units import duration_text

    if not plan.has_end:
        yield (
            "It has no end: it goes on until it is stopped, or unwatched for"
            f" {duration_text(plan.dead_man_s)}."
        )
    if not plan.thresholds:
        yield "It has no thresholds: whatever the target answers, the exit code is 0."
    if not plan.verify_tls:
        yield "The target's certificate is not verified."
    if not plan.keep_alive:
        yield "Each request opens a connection of its own: local ports may run out."
    for scenario in plan.scenarios:
        yield from _pool_warning(scenario)
    yield from doubts(plan, alert_rules_of(plan))


def _pool_warning(scenario: "Scenario") -> Iterator[str]:
    from vumeter.profiles.peaks import peak_rate_per_s

    rate = peak_rate_per_s(scenario)
    if rate and scenario.load.vus / rate < _SHORT_ITERATION_S:
        yield (
            f"{scenario.name}: {scenario.load.vus} VUs keep up with {rate:g}/s only while an"
            f" iteration takes less than {scenario.load.vus / rate * 1000:.0f} ms."
        )


_SHORT_ITERATION_S = 0.25
