"""Which seconds "current" means: the last ten, or those of the newest reading where it has more."""

from vumeter.model.frame import WINDOW_S


class LookBack:
    """
    A window that goes by the number of the second, and by how many a reading is of.

    Live readings are of a second each. Of a stored run the old ones may be of ten or sixty:
    a window of less than that cannot be had any more. Where readings become finer, it begins
    anew, since what came before cannot be cut.
    """

    def __init__(self) -> None:
        self.newest_second = -1
        self._length_s = WINDOW_S
        self._span_s = 1
        self._since_second = 0

    def take(self, second: int, *, span_s: int = 1) -> None:
        """Look back from the end of a reading of *span_s* seconds from *second* on."""
        if span_s != self._span_s:
            self._span_s, self._since_second = span_s, second
            self._length_s = max(WINDOW_S, span_s)
        self.newest_second = second + span_s - 1

    @property
    def first_second(self) -> int:
        """The first second that is in the window."""
        return max(self._since_second, self.previous_second + 1)

    @property
    def previous_second(self) -> int:
        """The newest second of the window before this one; below 0 there was none."""
        return self.newest_second - self._length_s

    @property
    def seconds(self) -> int:
        """How many seconds the window is of; fewer at the start."""
        return min(self._length_s, self.newest_second + 1 - self._since_second)
