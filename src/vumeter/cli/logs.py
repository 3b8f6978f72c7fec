"""`vumeter logs [RUN]`: what a run has logged, line by line."""

import os
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.stats.plaintext import plain

_POLL_S = 0.2


def logs(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Its name, of one that has ended too. [the newest]"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on until the run ends.")
    ] = False,
) -> None:
    """Print a run's log: every event, every command, and what its process complained of."""
    folder = _meant(run)
    try:
        for line in _lines(folder, follow=follow):
            print(plain(line), flush=follow)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # The reader has enough (`| head`); what is left must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _meant(name: str | None) -> RunFolder:
    """Return the newest run of that name, whether it goes on or has ended."""
    runs = [run for run in folders.newest_first() if name in (None, run.name, run.id)]
    if not runs:
        raise LinkError(
            "There has been no run." if name is None else f'There has been no run "{plain(name)}".',
            hint="Start one: vumeter run URL",
        )
    return runs[0]


def _lines(folder: RunFolder, *, follow: bool) -> Iterator[str]:
    """Yield what is in the log, and with *follow* what comes until the run has ended."""
    try:
        log = folder.log.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise LinkError(
            f"The log of {folder.name} cannot be read: {folder.log}: {error.strerror}."
        ) from error
    begun = ""
    with log:
        while True:
            # Asked before reading: what is written until then is read.
            goes_on = follow and folders.is_live(folder)
            *whole, begun = (begun + log.read()).split("\n")
            yield from whole
            if not goes_on:
                break
            time.sleep(_POLL_S)
    if begun:
        yield begun
