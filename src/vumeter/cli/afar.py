"""The cockpit on a run that is reached by its address. Imports Textual."""

from typing import TYPE_CHECKING

from vumeter.cli.viewer import viewer_name
from vumeter.errors import ExitCode, VumeterError
from vumeter.link.door import Door
from vumeter.model.summary import Summary
from vumeter.tui.app import Cockpit
from vumeter.tui.feed import Departure, Feed
from vumeter.tui.preferences import default_path

if TYPE_CHECKING:
    from vumeter.link.client import Link


def watch(door: Door, *, watches_only: bool = False) -> ExitCode:
    """
    Open the cockpit on the run behind *door*; when it has closed, say how things stand.

    Of a run that has ended that is its summary, as on its own machine.

    Raises:
        VumeterError: The run does not answer, or has gone.
    """
    viewer = viewer_name()
    newest: Link | None = None

    async def dial() -> Feed:
        from vumeter.link.client import Link

        nonlocal newest
        newest = await Link.open(door, viewer=viewer, watch=watches_only, wants_summary=True)
        return newest

    cockpit = Cockpit(dial, viewer=viewer, watches=watches_only, path=default_path())
    departure = cockpit.run() or Departure.DETACHED
    if cockpit.refusal is not None:
        raise cockpit.refusal
    return _farewell(departure, door, None if newest is None else newest.summary)


def _farewell(departure: Departure, door: Door, summary: Summary | None) -> ExitCode:
    match departure:
        case Departure.LOST:
            raise VumeterError(f"The run at {door.url} no longer answers.")
        case Departure.DETACHED | Departure.TERMINATED:
            print(f"The run goes on: vumeter attach {door.url}")
        case Departure.ENDED | Departure.STOPPED if summary is not None:
            from vumeter.cli.ending import exit_code, print_summary

            print_summary(summary)
            return exit_code(summary)
        case Departure.ENDED | Departure.STOPPED:
            print(f"The run at {door.url} has ended, or is about to; its machine has the summary.")
        case Departure.HUNG_UP:
            pass
    return ExitCode.INTERRUPTED if departure is Departure.TERMINATED else ExitCode.OK
