"""The dead man's switch: a run without an end does not outlive everyone's interest. Pure."""

NOTICE_S = 5.0
"""After so long without anyone it is worth a line in the event log."""


class DeadMan:
    """
    Trips when nobody has watched or commanded a run for *limit_s*.

    Only a run without an end has one that is armed: a run with an end goes on to it, unless
    somebody holds its plan.
    """

    def __init__(self, *, limit_s: float, is_armed: bool) -> None:
        self._limit_s = limit_s
        self._is_armed = is_armed
        self._seen_s = 0.0
        self._is_noticed = False

    def arm(self, is_armed: bool) -> None:
        """Trip from now on, or do not."""
        self._is_armed = is_armed

    def sign_of_life(self, at_s: float) -> None:
        """Someone took a frame, or gave a command."""
        self._seen_s = at_s
        self._is_noticed = False

    def has_been_left(self, at_s: float) -> bool:
        """Whether the run has become unwatched: true once each time that it has."""
        if not self._is_armed or self._is_noticed or at_s - self._seen_s < NOTICE_S:
            return False
        self._is_noticed = True
        return True

    def has_tripped(self, at_s: float) -> bool:
        """Whether it is time to stop."""
        return self._is_armed and at_s - self._seen_s >= self._limit_s
