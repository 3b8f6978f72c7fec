"""`vumeter attach [RUN]`: back to a run that goes on."""

from typing import Annotated

import typer

from vumeter.errors import UsageError


def attach(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Its name. [the newest]")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Only watch: no key moves anything.")
    ] = False,
) -> None:
    """Open the cockpit on a run that goes on; leaving it again changes nothing."""
    # Imported here: no other command pays for the screen.
    from vumeter.cli.run import has_terminal
    from vumeter.link import folders

    folder = folders.find(run)
    if not has_terminal():
        raise UsageError(
            "The cockpit needs a terminal to draw on and to read keys from.",
            hint=f"For scripts: vumeter ps, vumeter ctl {folder.name} …, docs/control-api.md",
        )
    from vumeter.cli import cockpit

    raise typer.Exit(cockpit.watch(cockpit.Known(folder), watches_only=watch))
