"""
`vumeter run URL|PROFILE|SCRIPT`: put load on a URL, or run a profile or a script.

Over 400 lines: a parameter with its help for each flag, and each named once more where it goes.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from vumeter.errors import UsageError
from vumeter.model.flow import USUAL_REDIRECTS
from vumeter.model.plan import ViewerLost

if TYPE_CHECKING:
    from vumeter.cli.order import Order
    from vumeter.cli.planning import Wishes
    from vumeter.model.plan import Plan


def run(  # noqa: PLR0917 - one parameter per flag
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="URL|PROFILE|SCRIPT", help="http://…, https://…, a TOML or a Python file."
        ),
    ],
    script_target: ScriptTarget = None,
    vus: Annotated[
        Text,
        typer.Option(
            "-c", "--vus", metavar="N", help="Virtual users: 10, or with --rate the pool."
        ),
    ] = None,
    duration: Annotated[
        Text,
        typer.Option(
            "-z", "--duration", metavar="TIME", help="End after 30s, 5m, 1h30m. None: no end."
        ),
    ] = None,
    iterations: Annotated[
        Text,
        typer.Option("-n", "--iterations", metavar="N", help="End after so many, over all VUs."),
    ] = None,
    rate: Annotated[
        Text,
        typer.Option(
            "-q", "--rate", metavar="RATE", help="Arrivals over all VUs, an open model: 500, 90/m."
        ),
    ] = None,
    method: Method = None,
    header: Headers = None,
    body: Body = None,
    body_file: Annotated[
        Path | None,
        typer.Option("-D", "--body-file", metavar="FILE", help="The body, from a file."),
    ] = None,
    content_type: ContentType = None,
    accept: Annotated[
        Text, typer.Option("-A", "--accept", metavar="TYPE", help="The Accept header.")
    ] = None,
    auth: Annotated[
        Text,
        typer.Option(
            "-a", "--auth", metavar="USER:PASS", help="user:password, for basic authentication."
        ),
    ] = None,
    timeout: Timeout = "10s",
    redirects: Annotated[
        int,
        typer.Option(
            "-r", "--redirects", metavar="N", min=0, max=50, help="Follow at most so many."
        ),
    ] = USUAL_REDIRECTS,
    no_cookies: Annotated[
        bool, typer.Option("--no-cookies", help="VUs do not keep what targets set.")
    ] = False,
    insecure: Insecure = False,
    disable_keepalive: Annotated[
        bool, typer.Option("--disable-keepalive", help="A new connection for each request.")
    ] = False,
    cacert: Annotated[
        Path | None,
        typer.Option("--cacert", metavar="FILE", help="PEM: trust these authorities, no others."),
    ] = None,
    cert: Annotated[
        Path | None,
        typer.Option("--cert", metavar="FILE", help="PEM: the certificate to show the target."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="PEM: its key, if not in the same file."),
    ] = None,
    server_name: Annotated[
        Text,
        typer.Option("--sni", metavar="NAME", help="What TLS asks for and verifies. [URL's host]"),
    ] = None,
    tls_minimum: Annotated[
        Text, typer.Option("--tls-min", metavar="VERSION", help="1.2, the default, or 1.3.")
    ] = None,
    resolve: Annotated[
        list[str] | None,
        typer.Option(
            "--resolve", metavar="HOST:PORT:ADDRESS", help="Where a host really is; repeats."
        ),
    ] = None,
    ipv4: Annotated[bool, typer.Option("-4", "--ipv4", help="Only over IPv4.")] = False,
    ipv6: Annotated[bool, typer.Option("-6", "--ipv6", help="Only over IPv6.")] = False,
    local_address: Annotated[
        list[str] | None,
        typer.Option(
            "--local-address", metavar="ADDRESS", help="Connect from it; repeated: in turn."
        ),
    ] = None,
    http_version: Annotated[
        Text,
        typer.Option("--http-version", metavar="VERSION", help="1.1, the default, or 1.0."),
    ] = None,
    proxy: Annotated[
        Text,
        typer.Option(
            "-x",
            "--proxy",
            metavar="URL",
            help="http://[user:pass@]host:port, socks5:// or socks5h://. HTTP_PROXY is ignored.",
        ),
    ] = None,
    no_proxy: Annotated[
        list[str] | None,
        typer.Option("--no-proxy", metavar="HOST", help="Goes without the proxy; repeats."),
    ] = None,
    workers: Annotated[
        str,
        typer.Option(
            "--workers",
            metavar="N",
            help='Processes that make the load; "auto": one, and more while one is the limit.',
        ),
    ] = "1",
    pin_workers: Annotated[
        bool,
        typer.Option("--pin-workers", help="Each worker keeps to one core, in turn (Linux)."),
    ] = False,
    max_vus: Annotated[
        Text,
        typer.Option("--max-vus", metavar="N", help="No command goes above it. [1000, or --vus]"),
    ] = None,
    max_rate: Annotated[
        Text,
        typer.Option(
            "--max-rate", metavar="RATE", help="No command goes above it. [100k, or --rate]"
        ),
    ] = None,
    allow_host: AllowedHosts = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            metavar="RULE",
            help="'http_req_duration: p(95) < 300ms over 30s', or a set (vumeter slo list):"
            " exit 99 if it fails; repeats.",
        ),
    ] = None,
    baseline: Annotated[
        Text,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="Show what has changed since: a baseline (vumeter baseline list), or its file.",
        ),
    ] = None,
    against: Annotated[
        Text,
        typer.Option(
            "--against",
            metavar="URL",
            help="A second target, b, beside the first, a: half of the load each, and compared.",
        ),
    ] = None,
    alternate: Annotated[
        Text,
        typer.Option(
            "--alternate",
            metavar="TIME",
            help="With --against: they take turns of so long under the whole load, a b b a.",
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget",
            metavar="RULE",
            help="'p95 +5%': exit 99 when what is compared is worse by more; repeats.",
        ),
    ] = None,
    alert: Annotated[
        list[str] | None,
        typer.Option(
            "--alert",
            "--alerts",
            metavar="RULE",
            help="'host.cpu: > 80% for 10s': tell when it is so; or the set: usual; repeats.",
        ),
    ] = None,
    pg: Postgres = None,
    pg_wait: PostgresWait = False,
    process: Annotated[
        list[str] | None,
        typer.Option(
            "--process",
            metavar="NAME=HOW",
            help="Watch this process of this host, too: api=port:8000, api=pid:811,"
            " jobs=pattern:celery.",
        ),
    ] = None,
    name: Name = None,
    headless: Headless = False,
    detach: Detach = False,
    graceful_stop: Annotated[
        str,
        typer.Option(
            "--graceful-stop", metavar="TIME", help="What is in flight at the end has so long."
        ),
    ] = "30s",
    dead_man: Annotated[
        str,
        typer.Option(
            "--dead-man", metavar="TIME", help="A run without an end stops when unwatched so long."
        ),
    ] = "5m",
    on_viewer_lost: Annotated[
        ViewerLost,
        typer.Option(
            "--on-viewer-lost", help="When the last cockpit that could steer is lost, not left."
        ),
    ] = ViewerLost.CONTINUE,
    no_store: NoStore = False,
    keep_seconds: Annotated[
        Text,
        typer.Option("--keep-seconds", metavar="TIME", help="Store each second for so long. [1h]"),
    ] = None,
    keep_tens: Annotated[
        Text,
        typer.Option("--keep-tens", metavar="TIME", help="Store tens of seconds for so long. [6h]"),
    ] = None,
    max_store: Annotated[
        Text,
        typer.Option("--max-store", metavar="SIZE", help="Merge the oldest beyond that. [190MB]"),
    ] = None,
    listen: Annotated[
        Text,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help="The control API there, too, for who has the run's token.",
        ),
    ] = None,
    listen_cert: Annotated[
        Path | None,
        typer.Option("--listen-cert", metavar="FILE", help="PEM: for --listen beyond loopback."),
    ] = None,
    listen_key: Annotated[
        Path | None,
        typer.Option("--listen-key", metavar="FILE", help="PEM: its key, if not in that file."),
    ] = None,
    output: Output = None,
    variable: Variables = None,
    time_scale: Annotated[
        str,
        typer.Option(
            "--time-scale", metavar="FACTOR", help="A profile's times times this: 0.01 to rehearse."
        ),
    ] = "1",
    save_profile: Annotated[
        Path | None,
        typer.Option("--save-profile", metavar="FILE", help="Write all this as a profile, too."),
    ] = None,
) -> None:
    """
    Put load on a URL, or run a profile or a script, and watch it from the cockpit.

    A URL without flags: 10 VUs, no end, load at once. The run goes on when the cockpit is left
    with `d`; `vumeter attach` comes back to it. Where stdout is no terminal, as --headless.
    """
    # Imported here, as everywhere in commands: `vumeter --help` needs none of it.
    from vumeter.cli.comparing import against as with_target
    from vumeter.cli.comparing import comparing
    from vumeter.cli.connecting import connected
    from vumeter.cli.ending import checked_report_path
    from vumeter.cli.listening import listening
    from vumeter.cli.order import Order
    from vumeter.cli.planning import Wishes, is_script
    from vumeter.cli.processes import with_processes
    from vumeter.cli.storing import storing
    from vumeter.cli.thresholds import with_alerts, with_thresholds

    wishes = Wishes(
        url=target,
        vus=vus,
        duration=duration,
        iterations=iterations,
        rate=rate,
        method=method,
        headers=tuple(header or ()),
        body=body,
        body_file=body_file,
        content_type=content_type,
        accept=accept,
        auth=auth,
        timeout=timeout,
        redirects=redirects,
        no_cookies=no_cookies,
        insecure=insecure,
        disable_keepalive=disable_keepalive,
        cacert=cacert,
        cert=cert,
        key=key,
        server_name=server_name,
        tls_minimum=tls_minimum,
        resolve=tuple(resolve or ()),
        ipv4=ipv4,
        ipv6=ipv6,
        local_addresses=tuple(local_address or ()),
        http_version=http_version,
        proxy=proxy,
        no_proxy=tuple(no_proxy or ()),
        workers=workers,
        pin_workers=pin_workers,
        max_vus=max_vus,
        max_rate=max_rate,
        allow_hosts=tuple(allow_host or ()),
        postgres=pg,
        name=name,
        graceful_stop=graceful_stop,
        dead_man=dead_man,
        on_viewer_lost=on_viewer_lost,
    )
    report = checked_report_path(output)
    given = typed(context)
    if is_script(target):
        from vumeter.cli.scripted import script_plan

        plan = script_plan(Path(target), wishes, url=script_target, given=given)
    elif script_target is not None:
        raise UsageError(f"{target} is no script, which alone takes a second URL.")
    else:
        plan = _plan(wishes, given, variables=variable or [], time_scale=time_scale)
    plan = listening(connected(plan, wishes), listen, listen_cert, listen_key)
    plan = storing(plan, keep_seconds, keep_tens, max_store)
    plan = with_processes(plan, process or ())
    plan = with_target(plan, against, alternate)
    plan = comparing(plan, baseline, budget or ())
    plan = with_thresholds(plan, threshold or ())
    plan = with_alerts(plan, alert or ())
    if save_profile is not None:
        from vumeter.cli.saving import save

        save(plan, save_profile)
    order = Order(
        plan=plan,
        report=None if report is None else str(report),
        waits_for_postgres=pg_wait,
        is_stored=not no_store,
        is_named=name is not None,
    )
    raise typer.Exit(begin(order, headless=headless, detach=detach))


def typed(context: typer.Context) -> frozenset[str]:
    """Return the parameters that were given on the command line."""
    return frozenset(
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    )


def _plan(
    wishes: "Wishes", typed: frozenset[str], *, variables: list[str], time_scale: str
) -> "Plan":
    from vumeter.cli import planning

    if not planning.is_profile(wishes.url):
        for parameter, flag in {"variable": "-e", "time_scale": "--time-scale"}.items():
            if parameter in typed:
                raise UsageError(f"{flag} is for profiles, and {wishes.url} is a URL.")
        return planning.plan(wishes)
    # pydantic is the price of a profile, and of nothing else.
    from vumeter.cli import profiled

    plan = profiled.profile_plan(
        Path(wishes.url),
        variables=profiled.variables_of(variables),
        environment=os.environ,
        time_scale=profiled.time_scale_of(time_scale),
    )
    return profiled.overridden(plan, wishes, given=typed)


def begin(order: "Order", *, headless: bool = False, detach: bool = False) -> int:
    """
    Run *order* in the way that was asked for and that the terminal allows; return the exit code.

    Raises:
        UsageError: Both were asked for, to stay and to leave.
        VumeterError: It cannot be started.
    """
    if headless and detach:
        raise UsageError("--headless stays in the foreground, and --detach does not.")
    if detach:
        from vumeter.cli.detached import start

        with start(order) as starting:
            folder = starting.folder()
        print(goes_on(folder.name))
        return 0
    if headless or not has_terminal():
        from vumeter.cli.headless import run_headless

        return run_headless(order)
    from vumeter.cli.detached import start

    with start(order) as starting:
        # While the run process comes up, the screen's modules are loaded. What was refused
        # by then is said without a screen flashing by.
        from vumeter.cli.cockpit import watch

        if starting.has_answered():
            starting.folder()
        return watch(starting)


def has_terminal() -> bool:
    """Return whether there is a terminal to draw a cockpit on and to read keys from."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def goes_on(name: str) -> str:
    """Return how to come back to a run that goes on."""
    return f"The run goes on: vumeter attach {name} · vumeter stop {name}"
