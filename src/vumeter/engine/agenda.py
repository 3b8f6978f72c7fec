"""When who goes on: all that waits in a worker, but for answers, waits here."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import Protocol

from vumeter.clock import monotonic_ns
from vumeter.engine.bell import NEVER, Bell, bell

_GRAIN_NS = 250_000
"""
Between two wakings at least, so that many who are due are woken together: 4,000 turns of the
loop a second are 3 % of a core, and of 20,000 that are due in it each waits 0.13 ms.
"""
_FEW = 1000


class Sleeper(Protocol):
    """Waits for one thing at a time."""

    wakes_ns: int
    """When it goes on; 0: it does not wait, or not any more."""

    def wake(self) -> None:
        """Go on: it is time."""


class Agenda:
    """
    Wakes every sleeper when it is due: never early, at most 0.25 ms late while the core is free.

    A heap and one timer for all, where the loop has an object of its own for each timer, and
    a grain of a millisecond.
    """

    def __init__(self, make_bell: Callable[[Callable[[], None]], Bell] = bell) -> None:
        self._heap: list[tuple[int, int, Sleeper]] = []
        # Breaks ties, so that sleepers are never compared.
        self._serial = count()
        self._struck_out = 0
        """How many on the heap do not wait any more."""
        self._bell = make_bell(self._ring)
        self._rings_ns: float = inf
        """What the bell is set to; before everything, while it is ringing."""
        self._rang_ns = 0

    def add(self, sleeper: Sleeper, at_ns: int) -> None:
        """Wake *sleeper*, who waits for nothing else, at *at_ns*."""
        sleeper.wakes_ns = at_ns
        heappush(self._heap, (at_ns, next(self._serial), sleeper))
        if at_ns < self._rings_ns:
            self._set()

    def remove(self, sleeper: Sleeper) -> None:
        """Do not wake *sleeper*, if it waits."""
        if not sleeper.wakes_ns:
            return
        sleeper.wakes_ns = 0
        self._struck_out += 1
        if self._struck_out > max(_FEW, len(self._heap) // 2):
            # They may think for hours; nobody else still needs them.
            self._heap = [each for each in self._heap if each[2].wakes_ns == each[0]]
            heapify(self._heap)
            self._struck_out = 0

    def close(self) -> None:
        """Wake nobody any more."""
        self._bell.close()
        self._heap.clear()

    def _ring(self) -> None:
        now_ns = self._rang_ns = monotonic_ns()
        # What is added meanwhile need not move the bell: it is set once, in the end.
        self._rings_ns = -inf
        due: list[tuple[int, int, Sleeper]] = []
        while self._heap and self._heap[0][0] <= now_ns:
            due.append(heappop(self._heap))
        # Only then woken: who lies down again at once is not due before the next time.
        for at_ns, _, sleeper in due:
            if sleeper.wakes_ns == at_ns:
                sleeper.wakes_ns = 0
                sleeper.wake()
            else:
                self._struck_out -= 1
        self._set()

    def _set(self) -> None:
        if not self._heap:
            self._rings_ns = inf
            self._bell.set(NEVER)
            return
        at_ns = max(self._heap[0][0], self._rang_ns + _GRAIN_NS)
        if at_ns != self._rings_ns:
            self._rings_ns = at_ns
            self._bell.set(at_ns)
