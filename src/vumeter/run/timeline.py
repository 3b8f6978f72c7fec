"""Run time: seconds since the start that all workers agreed on."""

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns, unix_ms


class Timeline:
    """
    One run's time: 0 until it begins, then going on, and standing still from its end.

    The wall clock is read once, for the start. Everything after it is told from there: a
    clock that is set in mid-run makes no second negative, doubled or lost.
    """

    def __init__(self, clock: NsClock = monotonic_ns) -> None:
        self._clock = clock
        self._made_ns = clock()
        self._start_ns: int | None = None
        self._end_s: float | None = None
        self.started_unix_ms = unix_ms()

    @property
    def has_begun(self) -> bool:
        """Whether the start is known; it may be a moment ahead."""
        return self._start_ns is not None

    def begin(self, start_ns: int) -> None:
        """Let run time 0 be at *start_ns*."""
        self._start_ns = start_ns
        self.started_unix_ms = unix_ms() + (start_ns - self._clock()) // 1_000_000

    def end(self, at_s: float) -> None:
        """Let time stand still from here on."""
        self._end_s = at_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        if self._end_s is not None:
            return self._end_s
        if self._start_ns is None:
            return 0.0
        return max(0.0, (self._clock() - self._start_ns) / NANOSECONDS_PER_S)

    @property
    def now_unix_ms(self) -> int:
        """By the wall clock; it goes on where run time stands still."""
        since_ns = self._made_ns if self._start_ns is None else self._start_ns
        return self.started_unix_ms + (self._clock() - since_ns) // 1_000_000
