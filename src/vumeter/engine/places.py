"""The places of a scenario's VUs: 0, 1, 2 … over all workers, each with one VU at a time."""

import heapq

from vumeter.model.messages import Share
from vumeter.schedule.shares import Deals


class Places:
    """
    Gives out the lowest free one of the places that are this worker's.

    So the VUs of a run, however they come and go, sit on the lowest places, and a row of a
    feeder that belongs to a place belongs to one VU.
    """

    def __init__(self, portion: Share) -> None:
        self._deals = Deals(portion)
        self._free: list[int] = []
        """A heap of those that were taken once; all of them lie before `_next`."""
        self._next = self._deals.owned(0)

    def take(self) -> int:
        """Return a place, which is taken from now on."""
        if self._free:
            return heapq.heappop(self._free)
        place, self._next = self._next, self._deals.owned(self._next + 1)
        return place

    def give_back(self, place: int) -> None:
        """Let *place* be free again."""
        heapq.heappush(self._free, place)
