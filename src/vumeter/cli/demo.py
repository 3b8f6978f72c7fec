"""`vumeter demo`: a small real shop with real bottlenecks, to fly the cockpit on."""

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from vumeter.cli.run import has_terminal
from vumeter.demo.bottlenecks import STORIES, Bottleneck
from vumeter.errors import ExitCode, LinkError, UsageError, VumeterError
from vumeter.units import parse_count, parse_duration_s

if TYPE_CHECKING:
    from vumeter.cli.detached import Starting
    from vumeter.cli.order import Order
    from vumeter.demo.backdoor import ShopStatus
    from vumeter.demo.shop import DemoShop
    from vumeter.link.folders import RunFolder

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_HEADLESS_DURATION = "20s"
_GONE_LIMIT_S = 10.0
_FIX = "vumeter demo fix " + "|".join(Bottleneck)

_Port = Annotated[
    int | None, typer.Option("--port", help="Of which shop, where several are running.")
]
_Bottlenecks = Annotated[list[Bottleneck], typer.Argument(help="One or more of them.")]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    vus: Annotated[str, typer.Option("-c", "--vus", help="Virtual users to begin with.")] = "10",
    duration: Annotated[
        str | None,
        typer.Option("-z", "--duration", help="End after 30s, 5m. [no end; headless: 20s]"),
    ] = None,
    port: Annotated[int, typer.Option("--port", help="The shop's on 127.0.0.1. [a free one]")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve", help="Only the shop: you bring the load.")
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="No cockpit: progress on stderr, summary on stdout.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the report as JSON at the end.")
    ] = None,
) -> None:
    """
    Open a demo shop with its own PostgreSQL, put load on it, and watch it bend.

    It is slow in five ways, and each can be mended while it runs, from another terminal. It
    lives in a temporary folder, and nothing of it is left at the end. Where stdout is no
    terminal, as --headless.
    """
    if context.invoked_subcommand is not None:
        return
    from vumeter.cli.ending import checked_report_path
    from vumeter.demo.shop import DemoShop

    headless = headless or not has_terminal()
    if headless and duration is None:
        duration = _HEADLESS_DURATION
    wishes = _Wishes(vus=vus, duration=duration, report=checked_report_path(output))
    flies = not serve and not headless
    with DemoShop.open(port=port, tell=_tell, meanwhile=_importer(screen=flies)) as shop:
        if serve:
            _serve(shop)
            return
        order = wishes.order(shop)
        code = _fly(order, shop) if flies else _run_headless(order)
    raise typer.Exit(code)


@app.command()
def fix(bottlenecks: _Bottlenecks, port: _Port = None) -> None:
    """Mend bottlenecks of the running shop."""
    _switch(bottlenecks, port=port, broken=False)


@app.command("break")
def break_(bottlenecks: _Bottlenecks, port: _Port = None) -> None:
    """Put bottlenecks back into the running shop."""
    _switch(bottlenecks, port=port, broken=True)


@app.command()
def status(port: _Port = None) -> None:
    """Say how the running shop does, and what of it is fixed."""
    from vumeter.demo.backdoor import shop_at

    print(_status_text(shop_at(port).status()))


class _Wishes:
    """What the demo's load should be, checked before anything is started."""

    def __init__(self, *, vus: str, duration: str | None, report: Path | None) -> None:
        self._vus = parse_count(vus)
        if self._vus < 1:
            raise UsageError(f"--vus {vus}: at least 1.")
        self._duration_s = None if duration is None else parse_duration_s(duration)
        if self._duration_s == 0:
            raise UsageError(f"--duration {duration}: above 0.")
        self._report = report

    def order(self, shop: "DemoShop") -> "Order":
        from vumeter.cli.order import Order
        from vumeter.demo.plan import shop_plan

        status = shop.door.status()
        plan = shop_plan(status.url, dsn=status.dsn, vus=self._vus, duration_s=self._duration_s)
        return Order(plan=plan, report=None if self._report is None else str(self._report))


def _importer(*, screen: bool) -> Callable[[], object]:
    """Return what imports the parts that are needed when the shop is open."""
    name = "vumeter.cli.cockpit" if screen else "vumeter.cli.headless"
    return lambda: importlib.import_module(name)


def _tell(text: str) -> None:
    print(f"vumeter: {text} …", file=sys.stderr, flush=True)


def _run_headless(order: "Order") -> ExitCode:
    from vumeter.cli.headless import run_headless

    return run_headless(order)


def _fly(order: "Order", shop: "DemoShop") -> ExitCode:
    from vumeter.cli.cockpit import watch
    from vumeter.cli.detached import start

    _tell(f"starting the load ({_FIX}, from another terminal)")
    with start(replace(order, shop=str(shop.door.socket))) as starting:
        place = _Adopted(starting, shop)
        code = watch(place)
        # Also where the terminal went before the load was on.
        folder = place.folder()
    if folder.summary.exists():
        shop.wait(_GONE_LIMIT_S)
    return code


class _Adopted:
    """The place of a run that is about to begin, and that has the shop live as long as itself."""

    def __init__(self, starting: "Starting", shop: "DemoShop") -> None:
        self._starting = starting
        self._shop = shop

    def folder(self) -> "RunFolder":
        """Return it when the load is on, and the shop the run's."""
        return self._adopted(self._starting.folder())

    async def arrival(self) -> "RunFolder":
        """Do the same without holding up the loop."""
        return self._adopted(await self._starting.arrival())

    def _adopted(self, run: "RunFolder") -> "RunFolder":
        # From here on the shop stays when this terminal goes.
        self._shop.leave()
        return run


def _serve(shop: "DemoShop") -> None:
    status = shop.door.status()
    print(
        f"""\
The shop is open: {status.url}
  GET  /market?segment=technology   energy, finance, health, technology
  GET  /quotes/TEC01                TEC01 to TEC14, and ENE, FIN, HEA alike
  POST /login                       {{"user": "guest", "password": "guest"}} → a token
  GET  /portfolio                   Authorization: Bearer TOKEN
  POST /orders                      {{"symbol": "TEC01", "side": "buy", "quantity": 1}}
Its PostgreSQL {status.postgres_version}: {status.dsn}
Load it:    vumeter run '{status.url}/market' --pg '{status.dsn}'
Mend it:    {_FIX}
Close it:   ctrl+c""",
        flush=True,
    )
    try:
        shop.wait()
    except KeyboardInterrupt:
        return
    raise VumeterError("The demo shop has closed by itself: its database is gone.")


def _switch(bottlenecks: list[Bottleneck], *, port: int | None, broken: bool) -> None:
    from vumeter.demo.backdoor import shop_at

    door = shop_at(port)
    for bottleneck in bottlenecks:
        status = door.switch(bottleneck, broken=broken)
        story = STORIES[bottleneck]
        print(f"{bottleneck}: {story.broken if broken else story.fixed}.")
        print(f"  Watch {story.watch}.")
        _mark(status.run, f"{'break' if broken else 'fix'} {bottleneck}")


def _mark(run: str | None, note: str) -> None:
    """Have the run's charts show when it was; a run that ends just now needs no mark."""
    from vumeter.cli.viewer import viewer_name
    from vumeter.link import folders
    from vumeter.link.client import send
    from vumeter.model.throttle import Command, CommandKind

    if run is None:
        return
    command = Command(kind=CommandKind.MARK, author=viewer_name(), note=note)
    try:
        asyncio.run(send(folders.find(run).socket, command))
    except LinkError as error:
        print(f"vumeter: not marked on the charts: {error.message}", file=sys.stderr)


def _status_text(status: "ShopStatus") -> str:
    run = f"run {status.run}" if status.run else "no run of its own"
    lines = [
        f"{status.url} · PostgreSQL {status.postgres_version} · {run}",
        f"connections {status.connections_in_use} of {status.connections} in use"
        f" · {status.requests_waiting} requests in line for one",
        f"memory {_mebibytes(status.rss_bytes)} · of it leaked {_mebibytes(status.leaked_bytes)}",
    ]
    for bottleneck, story in STORIES.items():
        if bottleneck in status.broken:
            lines.append(f"  ✗ {bottleneck:<8} {story.broken}")
        else:
            lines.append(f"  ✓ {bottleneck:<8} {story.fixed}")
    return "\n".join(lines)


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.0f} MiB"
