"""The dead-man switch: a run without an end does not outlive everyone's interest. Pure."""


class DeadMan:
    """
    Trips when nobody has watched or commanded a run for *limit_s*.

    Only a run without an end has one that is armed: a run with an end goes on to it.
    """

    def __init__(self, *, limit_s: float, armed: bool) -> None:
        self._limit_s = limit_s
        self._armed = armed
        self._seen_s: float | None = None
        self._alone = False

    def sign_of_life(self, at_s: float) -> None:
        """Someone watches, or gave a command."""
        self._seen_s = at_s
        self._alone = False

    def is_alone_now(self, at_s: float) -> bool:
        """Whether the run has just become unwatched: once each time, worth an event."""
        self._since(at_s)
        if self._alone or not self._armed or self._seen_s == at_s:
            return False
        self._alone = True
        return True

    def has_tripped(self, at_s: float) -> bool:
        """Whether it is time to stop."""
        return self._armed and at_s - self._since(at_s) >= self._limit_s

    def _since(self, at_s: float) -> float:
        # The count begins with the run, not with the machine.
        if self._seen_s is None:
            self._seen_s = at_s
        return self._seen_s
