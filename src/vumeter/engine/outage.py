"""For how long attempts failed, and nobody was answered."""

from vumeter.model.measure import AFTER_ANSWER, ErrorKind

SHORTEST_NS = 100_000_000
"""What is over sooner is a failure, and no outage."""

NO_SIGN_OF_IT = frozenset(
    (*AFTER_ANSWER, ErrorKind.INTERRUPTED, ErrorKind.DESCRIPTORS, ErrorKind.PORTS)
)
"""Kinds that say nothing of whether the target is there."""


class Outage:
    """The time from the first failure without an answer after it, up to the next answer."""

    def __init__(self) -> None:
        self._begun_ns: int | None = None
        self._is_long = False
        self._lasted_ns = 0

    def fail(self, since_ns: int) -> None:
        """Note that attempts since *since_ns* have failed."""
        if self._begun_ns is None:
            self._begun_ns = since_ns

    def end(self, at_ns: int) -> None:
        """Note that somebody was answered."""
        self._add_up(at_ns)
        self._begun_ns = None
        self._is_long = False

    def take_us(self, now_ns: int) -> int:
        """Return for how long there was an outage since the last call, up to now."""
        self._add_up(now_ns)
        lasted_us, self._lasted_ns = self._lasted_ns // 1000, 0
        return lasted_us

    def _add_up(self, to_ns: int) -> None:
        if self._begun_ns is None:
            return
        self._is_long = self._is_long or to_ns - self._begun_ns >= SHORTEST_NS
        if self._is_long:
            self._lasted_ns += to_ns - self._begun_ns
            self._begun_ns = to_ns
