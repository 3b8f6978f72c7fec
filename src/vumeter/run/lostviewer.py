"""What becomes of a run whose last viewer that could steer it is lost, not left. Pure."""

from vumeter.clock import NANOSECONDS_PER_S
from vumeter.model.plan import ViewerLost
from vumeter.model.throttle import Command, CommandKind

PATIENCE_S = 2.0
"""A viewer that is back by then was not lost: a cockpit calls again at once."""

AUTHOR = "on-viewer-lost"

_KINDS = {ViewerLost.STOP: CommandKind.STOP, ViewerLost.PAUSE: CommandKind.PAUSE}
_WORDS = {
    ViewerLost.CONTINUE: "the run goes on",
    ViewerLost.STOP: f"the run stops in {PATIENCE_S:g} s unless somebody comes",
    ViewerLost.PAUSE: f"the load pauses in {PATIENCE_S:g} s unless somebody comes",
}


class LostViewer:
    """Remembers who was lost, until somebody comes or the run has done what it does then."""

    def __init__(self, policy: ViewerLost) -> None:
        self._policy = policy
        self._name = ""
        self._lost_ns = 0

    def lose(self, name: str, *, at_ns: int) -> str:
        """Nobody who could steer is left since *name* was lost; return what follows, in words."""
        self._name, self._lost_ns = name, at_ns
        return f"was lost, and nobody is left to steer: {_WORDS[self._policy]}"

    def settle(self) -> None:
        """Somebody has come, or it was done."""
        self._name = ""

    def command(self, at_ns: int) -> Command | None:
        """Return what is to be done now, until it is settled; `None`: nothing, or not yet."""
        kind = _KINDS.get(self._policy)
        if kind is None or not self._name or at_ns - self._lost_ns < PATIENCE_S * NANOSECONDS_PER_S:
            return None
        return Command(
            kind=kind, author=AUTHOR, note=f"{self._name} was lost, and nobody is left to steer"
        )
