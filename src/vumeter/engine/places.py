"""The places of a scenario's VUs: 0, 1, 2 … over all workers, each with one VU at a time."""

import heapq
from collections.abc import Iterable

from vumeter.model.messages import Share
from vumeter.schedule.shares import first_owned


class Places:
    """
    Gives out the lowest free one of the places that are this worker's.

    So the VUs of a run, however they come and go, sit on the lowest places, and a row of a
    feeder that belongs to a place belongs to one VU.
    """

    def __init__(self, portion: Share, elsewhere: Iterable[int] = ()) -> None:
        self._portion = portion
        self.elsewhere = set(elsewhere)
        """Its own, on which another worker's VUs still are."""
        self._free: list[int] = []
        """A heap of those that were taken once; all of them lie before `_next`."""
        self._next = portion.index

    def owns(self, place: int) -> bool:
        """Whether *place* is this worker's."""
        return place % self._portion.count == self._portion.index

    def take(self) -> int:
        """Return a place, which is taken from now on."""
        if self._free:
            return heapq.heappop(self._free)
        while self._next in self.elsewhere:
            self._next += self._portion.count
        place = self._next
        self._next += self._portion.count
        return place

    def give_back(self, place: int) -> None:
        """Let *place* be free again."""
        heapq.heappush(self._free, place)

    def vacate(self, place: int) -> None:
        """Take over *place*, which another worker's VU has left."""
        self.elsewhere.discard(place)
        if place < self._next:
            heapq.heappush(self._free, place)

    def deal(self, own: Share) -> None:
        """Keep the places of *own* only, which is a part of what there was."""
        self._portion = own
        self._free = [place for place in self._free if self.owns(place)]
        heapq.heapify(self._free)
        self._next = first_owned(self._next, own.index, own.count)
