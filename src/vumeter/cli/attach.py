"""`vumeter attach [RUN]`: back to a run that goes on, here or on another machine."""

from typing import Annotated

import typer

from vumeter.cli.flags import Authorities, TokenFile
from vumeter.errors import UsageError


def attach(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[[USER@]HOST:][RUN]|URL",
            help="Its name, and where it is, or its address. [here; the newest]",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Only watch: no key moves anything.")
    ] = False,
    program: Annotated[
        str, typer.Option("--program", metavar="PATH", help="vumeter's on HOST.")
    ] = "vumeter",
    token_file: TokenFile = None,
    cacert: Authorities = None,
) -> None:
    """
    Open the cockpit on a run that goes on; leaving it again changes nothing.

    `vumeter attach user@host:RUN` runs the vumeter of that machine through ssh, and
    `vumeter attach https://host:port` goes to a run that was started with --listen.
    """
    # Imported here: no other command pays for the screen.
    from vumeter.cli.doors import door_to
    from vumeter.cli.remote import attach_through_ssh, remote_of
    from vumeter.cli.run import has_terminal
    from vumeter.link import folders

    door = door_to(run, token_file=token_file, authorities=cacert)
    if door is not None:
        _check_terminal(has_terminal(), door.url)
        from vumeter.cli import afar

        raise typer.Exit(afar.watch(door, watches_only=watch))
    remote = None if run is None else remote_of(run)
    folder = folders.find(run) if remote is None else None
    _check_terminal(has_terminal(), "RUN" if folder is None else folder.name)
    if remote is not None:
        raise typer.Exit(attach_through_ssh(remote, watch=watch, program=program))
    assert folder is not None, "a run that is not remote was found here"
    from vumeter.cli import cockpit

    raise typer.Exit(cockpit.watch(cockpit.Known(folder), watches_only=watch))


def _check_terminal(is_there: bool, run: str) -> None:
    if not is_there:
        raise UsageError(
            "The cockpit needs a terminal to draw on and to read keys from.",
            hint=f"For scripts: vumeter ps, vumeter ctl {run} …, docs/control-api.md",
        )
