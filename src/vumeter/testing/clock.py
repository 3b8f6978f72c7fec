"""A clock that only moves when it is told to."""

from vumeter.clock import NANOSECONDS_PER_S


class ManualClock:
    """
    Stands where `clock.monotonic_ns` stands in production, and waits for `advance_s`.

    >>> clock = ManualClock()
    >>> clock.advance_s(1.5)
    >>> clock()
    1500000000
    """

    def __init__(self, *, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def __call__(self) -> int:
        """Return the present in nanoseconds."""
        return self._now_ns

    def advance_s(self, seconds: float) -> None:
        """
        Move on by *seconds*.

        Raises:
            ValueError: *seconds* is negative; a monotonic clock never goes back.
        """
        self.advance_ns(round(seconds * NANOSECONDS_PER_S))

    def advance_ns(self, nanoseconds: int) -> None:
        """Move on by *nanoseconds*, under the same rule."""
        if nanoseconds < 0:
            raise ValueError(f"a monotonic clock cannot go back by {-nanoseconds} ns")
        self._now_ns += nanoseconds
