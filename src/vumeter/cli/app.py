"""The `vumeter` command: its sub-commands, its help and its version."""

from typing import Annotated

import typer

from vumeter import __version__
from vumeter.cli import (
    agent,
    attach,
    baseline,
    chart,
    check,
    compare,
    ctl,
    demo,
    drift,
    export,
    export_profile,
    logs,
    ps,
    replay,
    report,
    rm,
    run,
    runs,
    schema,
    serve,
    show,
    stop,
    why,
)
from vumeter.errors import EXIT_CODE_MEANINGS

# \b keeps click from making a paragraph of the table.
_CODES = "\n".join(
    [
        "\b",
        "Exit codes:",
        *(f"{code.value:>4}  {text}" for code, text in EXIT_CODE_MEANINGS.items()),
    ]
)

app = typer.Typer(
    name="vumeter",
    no_args_is_help=True,
    add_completion=True,
    # A bug shows Python's own traceback: values of local variables may be secrets.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_CODES,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"vumeter {__version__}")
        raise typer.Exit


@app.callback()
def _vumeter(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """A terminal cockpit for load testing: live, with your hand on the throttle."""


app.command("run", epilog=_CODES)(run.run)
app.command("check")(check.check)
app.command("schema")(schema.schema)
app.command("replay")(replay.replay)
app.add_typer(baseline.app, name="baseline")
app.command("compare", epilog=_CODES)(compare.compare)
app.command("drift")(drift.drift)
app.command("chart")(chart.chart)
app.command("report")(report.report)
app.command("export")(export.export)
app.command("export-profile")(export_profile.export_profile)
app.command("attach")(attach.attach)
app.command("serve")(serve.serve)
app.command("agent")(agent.agent)
app.command("ps")(ps.ps)
app.command("logs")(logs.logs)
app.command("stop")(stop.stop)
app.command("runs")(runs.runs)
app.command("show")(show.show)
app.command("why")(why.why)
app.command("rm")(rm.rm)
app.command("prune")(rm.prune)
app.command("ctl", context_settings={"ignore_unknown_options": True})(ctl.ctl)
app.add_typer(demo.app, name="demo")
