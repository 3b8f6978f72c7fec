"""`vumeter replay [RUN]`: a stored run in the cockpit."""

from typing import Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import ExitCode, UsageError

_FASTEST = 1_000.0


def replay(
    run: RunName = None,
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", help="Run seconds per second, 1 to 1000.")
    ] = 1.0,
    start: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Where to begin: 90, 1:20:00, end.")
    ] = "start",
) -> None:
    """
    Play a stored run in the cockpit: the screens and numbers that were seen live.

    Keys change the speed, stand still and go to any moment; ? lists them. Where a run is so old
    that only tens of seconds or minutes are left of it, these are what is played.
    """
    from vumeter.cli.run import has_terminal
    from vumeter.link import archive

    if not 1 <= speed <= _FASTEST:
        raise UsageError(f"--speed: {speed:g} is not from 1 to {_FASTEST:g}.")
    folder = archive.find(run)
    if not has_terminal():
        raise UsageError(
            "The cockpit needs a terminal to draw on and to read keys from.",
            hint=f"For scripts: vumeter show {folder.id}, vumeter export {folder.id}",
        )
    from vumeter.cli import playing

    playing.play(folder, speed=speed, start=start)
    raise typer.Exit(ExitCode.OK)
