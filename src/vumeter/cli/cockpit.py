"""The cockpit on a live run, and what is said when it has closed. Imports Textual."""

import sys
from dataclasses import dataclass
from typing import Protocol

from vumeter.cli.run import goes_on
from vumeter.cli.viewer import viewer_name
from vumeter.errors import ExitCode
from vumeter.link.folders import RunFolder
from vumeter.tui.app import Cockpit
from vumeter.tui.feed import Departure, Feed
from vumeter.tui.preferences import default_path


class Place(Protocol):
    """Where a run is, or will be in a moment."""

    def folder(self) -> RunFolder:
        """Return it, however long that takes; a VumeterError says why there is none."""

    async def arrival(self) -> RunFolder:
        """Do the same without holding up the loop."""


@dataclass(frozen=True, slots=True)
class Known:
    """The place of a run that is there already."""

    run: RunFolder

    def folder(self) -> RunFolder:
        """Return it at once."""
        return self.run

    async def arrival(self) -> RunFolder:
        """Return it at once."""
        return self.run


def watch(place: Place, *, watches_only: bool = False) -> ExitCode:
    """
    Open the cockpit on the run at *place*; when it has closed, say how things stand.

    Raises:
        VumeterError: The run did not begin, or does not answer.
    """
    viewer = viewer_name()

    async def dial() -> Feed:
        # Takes a quarter of a second to import: after the first paint, not before it.
        from vumeter.link.client import Link

        run = await place.arrival()
        return await Link.open(run.socket, viewer=viewer, watch=watches_only)

    cockpit = Cockpit(dial, viewer=viewer, watches=watches_only, path=default_path())
    departure = cockpit.run() or Departure.DETACHED
    if cockpit.refusal is not None:
        raise cockpit.refusal
    return _farewell(departure, place)


def _farewell(departure: Departure, place: Place) -> ExitCode:
    match departure:
        case Departure.HUNG_UP:
            return ExitCode.OK
        case Departure.TERMINATED | Departure.DETACHED:
            print(goes_on(place.folder().name))
            detached = departure is Departure.DETACHED
            return ExitCode.OK if detached else ExitCode.INTERRUPTED
        case Departure.STOPPED | Departure.ENDED | Departure.LOST:
            return _tell_end(place.folder(), waits=departure is Departure.STOPPED)


def _tell_end(folder: RunFolder, *, waits: bool) -> ExitCode:
    """Print the summary; with *waits*, stay until the run has ended or ctrl+c."""
    # The reports' modules: nobody waits for them before the first paint.
    from vumeter.cli.ending import exit_code, print_summary, print_where
    from vumeter.cli.waiting import summary_of

    if waits and not folder.summary.exists():
        print("Waiting for what is in flight to end; ctrl+c leaves it alone.", file=sys.stderr)
    try:
        summary = summary_of(folder, waits=waits)
    except KeyboardInterrupt:
        print(goes_on(folder.name))
        return ExitCode.OK
    print_summary(summary)
    print_where(folder)
    return exit_code(summary)
