"""`vumeter show [RUN]`: the summary of a stored run, as it was printed at its end."""

from typing import Annotated

import typer


def show(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="As vumeter runs lists it, or its name. [the newest]"),
    ] = None,
) -> None:
    """Print what a run came to: one that has ended, one that goes on, one that died."""
    from vumeter.cli.ending import print_summary
    from vumeter.link import archive

    print_summary(archive.summary(archive.find(run)))
