"""`vumeter attach [RUN]`: back to a run that goes on, here or on another machine."""

from typing import Annotated

import typer

from vumeter.errors import UsageError


def attach(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[[USER@]HOST:][RUN]", help="Its name, and where it is. [here; the newest]"
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Only watch: no key moves anything.")
    ] = False,
    program: Annotated[
        str, typer.Option("--program", metavar="PATH", help="vumeter's on HOST.")
    ] = "vumeter",
) -> None:
    """
    Open the cockpit on a run that goes on; leaving it again changes nothing.

    `vumeter attach user@host:RUN` runs the vumeter of that machine through ssh.
    """
    # Imported here: no other command pays for the screen.
    from vumeter.cli.remote import attach_through_ssh, remote_of
    from vumeter.cli.run import has_terminal
    from vumeter.link import folders

    remote = None if run is None else remote_of(run)
    folder = folders.find(run) if remote is None else None
    if not has_terminal():
        name = "RUN" if folder is None else folder.name
        raise UsageError(
            "The cockpit needs a terminal to draw on and to read keys from.",
            hint=f"For scripts: vumeter ps, vumeter ctl {name} …, docs/control-api.md",
        )
    if remote is not None:
        raise typer.Exit(attach_through_ssh(remote, watch=watch, program=program))
    assert folder is not None, "a run that is not remote was found here"
    from vumeter.cli import cockpit

    raise typer.Exit(cockpit.watch(cockpit.Known(folder), watches_only=watch))
