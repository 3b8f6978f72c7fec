"""`vumeter export-profile`: a run as it was driven, as a profile that drives it again."""

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from msgspec.structs import replace

from vumeter.errors import LinkError
from vumeter.model.flow import with_requests
from vumeter.stats.redaction import REDACTED

if TYPE_CHECKING:
    from vumeter.link.folders import RunFolder
    from vumeter.model.alert import Alert
    from vumeter.model.flow import Request
    from vumeter.model.plan import Plan, Procedure
    from vumeter.model.throttle import JournalEntry
    from vumeter.model.watched import Monitor

_MARK = "VUMETER-HIDDEN-"


class Flown(NamedTuple):
    """What is known of a run."""

    plan: "Plan"
    journal: "tuple[JournalEntry, ...]"
    end_s: float


def export_profile(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its name, going on or ended.")],
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", metavar="FILE", help="What it was started from: requests with secrets."
        ),
    ] = None,
    variable: Annotated[
        list[str] | None,
        typer.Option("-e", metavar="KEY=VALUE", help="As it was started with; repeats."),
    ] = None,
) -> None:
    """
    Print a run as it was driven as a profile: every hand on the throttle becomes a stage.

    A run keeps no secrets. Without --profile, header values and values of queries that it hid
    are asked for as variables, and bodies are missing.
    """
    from vumeter.profiles.writing import written
    from vumeter.run.driven import driven

    flown = _flown(run)
    plan = driven(flown.plan, flown.journal, end_s=flown.end_s)
    if profile is not None:
        from vumeter.cli.profiled import profile_plan, variables_of

        started = profile_plan(
            profile, variables=variables_of(variable or []), environment=os.environ, time_scale=1.0
        )
        print(written(_with_steps(plan, started)), end="")
        return
    text, names = _asked_for(written(_marked(plan)))
    print(f"# The run {run}, as it was driven.")
    print("# A run keeps no secrets and no bodies: --profile takes them from its profile.")
    for name in names:
        print(f"# Give it by -e {name}=… or in the environment.")
    print(text, end="")


def _flown(name: str) -> Flown:
    from vumeter.link import folders

    if any(run.name == name for run in folders.live()):
        return asyncio.run(_asked(folders.find(name)))
    ended = [run for run in folders.newest_first(name) if run.summary.is_file()]
    if not ended:
        raise LinkError(
            f'There is no run "{name}", going on or ended.',
            hint="vumeter ps lists those that are going on.",
        )
    import msgspec

    from vumeter.model.summary import Summary

    try:
        summary = msgspec.msgpack.decode(ended[0].summary.read_bytes(), type=Summary)
    except (OSError, msgspec.MsgspecError) as error:
        raise LinkError(f'The summary of "{name}" cannot be read: {error}.') from error
    return Flown(summary.plan, summary.journal, summary.duration_s)


async def _asked(folder: "RunFolder") -> Flown:
    from vumeter.cli.viewer import viewer_name
    from vumeter.link.client import Link

    async with await Link.open(folder.socket, viewer=viewer_name(), watch=True) as link:
        return Flown(link.hello.plan, await link.journal(), link.hello.frame.elapsed_s)


def _with_steps(plan: "Plan", started: "Plan") -> "Plan":
    """Return *plan* with the requests, rows and secrets of the plan that it was *started* from."""
    from msgspec.structs import replace

    from vumeter.errors import UsageError

    known = {scenario.name: scenario for scenario in started.scenarios}
    scenarios = []
    for scenario in plan.scenarios:
        # A scenario that was opened mid-run has its parts numbered.
        source = known.get(scenario.name) or known.get(re.sub(r"-\d+$", "", scenario.name))
        if source is None:
            raise UsageError(
                f'--profile: it has no scenario "{scenario.name}", and the run has.',
                hint="Name the profile that the run was started from.",
            )
        scenarios.append(replace(source, name=scenario.name, load=scenario.load))
    return replace(started, name=plan.name, scenarios=tuple(scenarios), limits=plan.limits)


def _marked(plan: "Plan") -> "Plan":
    """Return *plan* with a mark in place of each value that was hidden."""
    transport = plan.transport
    if transport.proxy is not None and transport.proxy.password == REDACTED:
        hidden = replace(transport.proxy, password=_mark("proxy password"))
        transport = replace(transport, proxy=hidden)
    return replace(
        plan,
        transport=transport,
        postgres_dsn=_mark("postgres") if plan.postgres_dsn == REDACTED else plan.postgres_dsn,
        postgres_more=tuple(
            (name, _mark(f"postgres {name}") if dsn == REDACTED else dsn)
            for name, dsn in plan.postgres_more
        ),
        monitors=tuple(map(_marked_monitor, plan.monitors)),
        feeders=(),
        alerts=tuple(map(_marked_alert, plan.alerts)),
        scenarios=tuple(
            replace(
                scenario,
                steps=with_requests(scenario.steps, _marked_request),
                on_start=with_requests(scenario.on_start, _marked_request),
                on_stop=with_requests(scenario.on_stop, _marked_request),
            )
            for scenario in plan.scenarios
        ),
        setup=_marked_procedure(plan.setup),
        teardown=_marked_procedure(plan.teardown),
    )


def _marked_request(request: "Request") -> "Request":
    headers = tuple(
        (name, _mark(name) if value == REDACTED else value) for name, value in request.headers
    )
    url = re.sub(
        rf"([^?&=]+)={re.escape(REDACTED)}",
        lambda match: f"{match[1]}={_mark(match[1])}",
        request.url,
    )
    return replace(request, headers=headers, url=url)


def _marked_procedure(procedure: "Procedure | None") -> "Procedure | None":
    if procedure is None:
        return None
    return replace(procedure, steps=with_requests(procedure.steps, _marked_request))


def _marked_alert(alert: "Alert") -> "Alert":
    command = tuple(
        _mark(f"command {alert.name} {place}") if REDACTED in word else word
        for place, word in enumerate(alert.command)
    )
    webhook = None if alert.webhook is None else _mark(f"webhook {alert.name}")
    return replace(alert, command=command, webhook=webhook)


def _marked_monitor(monitor: "Monitor") -> "Monitor":
    hidden = {
        field: _mark(f"{monitor.name} {field}")
        for field in ("url", "token")
        if REDACTED in (getattr(monitor, field, None) or "")
    }
    return replace(monitor, **hidden)


def _mark(name: str) -> str:
    return _MARK + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _asked_for(text: str) -> tuple[str, list[str]]:
    """Return *text* with references in place of the marks, and the names that they ask for."""
    names = list(dict.fromkeys(re.findall(rf"{_MARK}([A-Z0-9_]+)", text)))
    return re.sub(rf"{_MARK}([A-Z0-9_]+)", r"${\1}", text), names
