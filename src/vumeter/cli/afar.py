"""The cockpit on a run that is reached by its address. Imports Textual."""

from vumeter.cli.viewer import viewer_name
from vumeter.errors import ExitCode, VumeterError
from vumeter.link.door import Door
from vumeter.tui.app import Cockpit
from vumeter.tui.feed import Departure, Feed
from vumeter.tui.preferences import default_path


def watch(door: Door, *, watches_only: bool = False) -> ExitCode:
    """
    Open the cockpit on the run behind *door*; when it has closed, say how to come back.

    How the run came out is its own machine's to say: the summary and the exit code are there.

    Raises:
        VumeterError: The run does not answer, or has gone.
    """
    viewer = viewer_name()

    async def dial() -> Feed:
        from vumeter.link.client import Link

        return await Link.open(door, viewer=viewer, watch=watches_only)

    cockpit = Cockpit(dial, viewer=viewer, watches=watches_only, path=default_path())
    departure = cockpit.run() or Departure.DETACHED
    if cockpit.refusal is not None:
        raise cockpit.refusal
    match departure:
        case Departure.LOST:
            raise VumeterError(f"The run at {door.url} no longer answers.")
        case Departure.DETACHED | Departure.TERMINATED:
            print(f"The run goes on: vumeter attach {door.url}")
        case Departure.ENDED | Departure.STOPPED:
            print(f"The run at {door.url} has ended, or is about to.")
        case Departure.HUNG_UP:
            pass
    return ExitCode.INTERRUPTED if departure is Departure.TERMINATED else ExitCode.OK
