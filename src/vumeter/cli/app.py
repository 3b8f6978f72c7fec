"""
The `vumeter` command: its sub-commands, its help and its version.

A command is imported when it is the one that was typed: all of them take 135 ms of CPU longer,
of which a person who waits for the cockpit has nothing.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from vumeter import __version__
from vumeter.errors import EXIT_CODE_MEANINGS

# \b keeps click from making a paragraph of the table.
_CODES = "\n".join(
    [
        "\b",
        "Exit codes:",
        *(f"{code.value:>4}  {text}" for code, text in EXIT_CODE_MEANINGS.items()),
    ]
)

_COMMANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "run": ("run", {"epilog": _CODES}),
    "check": ("check", {}),
    "schema": ("schema", {}),
    "probe": ("probe", {"epilog": _CODES}),
    "replay": ("replay", {}),
    "slo": ("slo", {}),
    "baseline": ("baseline", {}),
    "compare": ("compare", {"epilog": _CODES}),
    "drift": ("drift", {}),
    "forecast": ("forecast", {}),
    "risk": ("risk", {}),
    "roi": ("roi", {}),
    "chart": ("chart", {}),
    "report": ("report", {}),
    "export": ("export", {}),
    "export-profile": ("export_profile", {}),
    "attach": ("attach", {}),
    "serve": ("serve", {}),
    "agent": ("agent", {}),
    "ps": ("ps", {}),
    "logs": ("logs", {}),
    "stop": ("stop", {}),
    "runs": ("runs", {}),
    "show": ("show", {}),
    "why": ("why", {}),
    "rm": ("rm", {}),
    "prune": ("rm", {}),
    "ctl": ("ctl", {"context_settings": {"ignore_unknown_options": True}}),
    "demo": ("demo", {}),
}
"""By name, in the order of the help: where it is, and how typer is to take it."""

_GROUPS = ("baseline", "demo", "slo")
"""Commands with commands of their own."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line, with the command that *arguments* begin with; else with all."""
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
    app.callback()(_vumeter)
    typed = arguments[0] if arguments else ""
    for name in [typed] if typed in _COMMANDS else _COMMANDS:
        place, options = _COMMANDS[name]
        module = import_module(f"vumeter.cli.{place}")
        if name in _GROUPS:
            app.add_typer(module.app, name=name)
        else:
            command: Callable[..., None] = getattr(module, name.replace("-", "_"))
            app.command(name, **options)(command)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"vumeter {__version__}")
        raise typer.Exit


def _vumeter(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """A terminal cockpit for load testing: live, with your hand on the throttle."""
