"""How Python's garbage collector is kept from holding up a worker."""

import gc

from vumeter.model.measure import Snapshot

_YOUNG = 5_000
_PASSES = (200, 1_000)
"""Of the young before the middle ones are looked at, and of those before the old ones."""
_FEW_VUS = 100
_GROWTH_RATIO = 1.25


class Collector:
    """
    Keeps the collector from looking at everything there is: 28 to 63 ms at 10,000 VUs.

    A VU and its connection are a dozen objects. While VUs are being made, a pass over 50,000
    young ones took 15 ms, and one over 5,000 takes less than 1 ms; when there are more VUs than
    before, and no more are coming, they are taken out of its sight for good. It is never off: a
    script may leave behind what only the collector finds.
    """

    def __init__(self) -> None:
        self._vus = 0
        self._set_aside_vus = 0

    def begin(self) -> None:
        """Take out of sight what was made for the start, which lives as long as the process."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG, *_PASSES)

    def look(self, snapshot: Snapshot) -> None:
        """See from *snapshot* whether VUs have been made that are to stay."""
        before, self._vus = self._vus, sum(c.vus_active for c in snapshot.scenarios.values())
        # By steps of a quarter: what happens to be in flight is set aside as well, and a load
        # that goes up and down for days must not do that for ever.
        most = max(_FEW_VUS, self._set_aside_vus * _GROWTH_RATIO)
        if self._vus == before and self._vus >= most:
            self._set_aside_vus = self._vus
            gc.freeze()
