"""How many iterations may still begin, where a scenario has a number of them."""

from collections.abc import Mapping

from vumeter.model.messages import Share
from vumeter.model.plan import Load
from vumeter.schedule.shares import share

NOTHING_BEGUN: Mapping[int, int] = {}


class Allowance:
    """
    One worker's part of a number of iterations, or each of its VUs' own number.

    The part is fixed at the start: workers that shared one pot would have to ask each other
    before every iteration. One that comes later is told what is *left* for it, and how many
    its VUs' places have *begun*.
    """

    def __init__(
        self,
        load: Load,
        portion: Share,
        *,
        left: int | None = None,
        begun: Mapping[int, int] = NOTHING_BEGUN,
    ) -> None:
        self.is_limited = load.iterations is not None
        """Whether there is a number at all."""
        self._each = load.iterations if load.per_vu else None
        self._left = own_part(load, portion) if left is None else left
        self._begun: dict[int, int] = dict(begun)

    @property
    def is_exhausted(self) -> bool:
        """Whether nobody may begin any more, now or ever."""
        return self._left == 0

    def is_spent(self, place: int) -> bool:
        """Whether the VU on *place* has begun its own number of iterations."""
        return self._each is not None and self._begun.get(place, 0) >= self._each

    def claim(self, place: int) -> bool:
        """Return whether the VU on *place* may begin an iteration, and count it if so."""
        if self.is_exhausted or self.is_spent(place):
            return False
        if self._left is not None:
            self._left -= 1
        if self._each is not None:
            self._begun[place] = self._begun.get(place, 0) + 1
        return True

    def halve(self) -> int | None:
        """Give away half of what is left, and return that; `None`: there is no limit."""
        if self._left is None:
            return None
        given = self._left // 2
        self._left -= given
        return given

    def forget(self, place: int) -> None:
        """Let go of the VU on *place*, which has ended."""
        self._begun.pop(place, None)


def own_part(load: Load, portion: Share) -> int | None:
    """Return how many the VUs of one worker have together; `None`: that is not limited."""
    if load.iterations is None:
        return None
    if load.per_vu:
        return None if share(load.vus, portion.index, portion.count) else 0
    # Where there are fewer VUs than workers, those without one leave it to the others.
    count = max(1, min(portion.count, load.vus))
    return share(load.iterations, portion.index, count) if portion.index < count else 0
