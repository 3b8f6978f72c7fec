"""`vumeter stop [RUN]`: end a run, and wait until it has ended."""

import asyncio
import time
from typing import Annotated

import typer
from msgspec.structs import replace

from vumeter.errors import UsageError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.units import duration_text

_POLL_S = 0.05


def stop(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Its name. [the only one]")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="At once: what is in flight is cut off.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the journal and the report.")
    ] = "",
) -> None:
    """
    Ask a run to end, and wait until it has.

    What is in flight has the run's graceful time to end. ctrl+c leaves the run to it.
    """
    folder = _meant(run)
    try:
        print(_asked(folder, now=now, reason=reason), flush=True)
        _tell_end(folder)
    except KeyboardInterrupt:
        print(
            f"The run {folder.name} is left to its end. At once: vumeter stop {folder.name} --now"
        )


def _meant(name: str | None) -> RunFolder:
    """Return the run to stop: of several, nobody guesses which."""
    runs = folders.live()
    if name is None and len(runs) > 1:
        names = ", ".join(run.name for run in runs)
        raise UsageError(
            f"{len(runs)} runs are going on: {names}",
            hint=f"Say which: vumeter stop {runs[0].name}",
        )
    return folders.find(name)


def _asked(folder: RunFolder, *, now: bool, reason: str) -> str:
    """Return what the run answered."""
    from vumeter.cli.viewer import viewer_name
    from vumeter.link.client import send  # the price of aiohttp, where there is a run
    from vumeter.model.throttle import Command, CommandKind

    kind = CommandKind.ABORT if now else CommandKind.STOP
    command = replace(Command(kind=kind, author=viewer_name()), note=reason)
    outcome = asyncio.run(send(folder.socket, command))
    # It refuses nothing but when it has ended, which is what was wanted.
    return outcome.message


def _tell_end(folder: RunFolder) -> None:
    from vumeter.cli.waiting import summary_of

    summary = summary_of(folder, waits=True)
    # The last viewers are still being told; the name is free when the process has gone.
    while folders.is_live(folder):
        time.sleep(_POLL_S)
    total = summary.total
    print(
        f"{folder.name} has ended after {duration_text(round(summary.duration_s, 1))}:"
        f" {total.requests} requests, {total.errors} errors."
    )
