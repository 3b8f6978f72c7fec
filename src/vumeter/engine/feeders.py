"""Rows of data, one for each iteration."""

from collections.abc import Sequence

from vumeter.engine.values import Scope
from vumeter.errors import UsageError
from vumeter.model.messages import Share
from vumeter.model.plan import Feeder, FeederOrder
from vumeter.schedule.shares import Deals


class Feed:
    """
    Gives out the rows of one feeder, in one worker, to all its VUs.

    In sequence, worker w of n takes rows w, w + n, w + 2n, …: all workers together give out
    each row once before the first comes again, without asking each other.
    """

    __slots__ = ("_deals", "_next", "_order", "_rows", "name")

    def __init__(self, feeder: Feeder, portion: Share, first: int = 0) -> None:
        if not feeder.rows:
            raise UsageError(f'Feeder "{feeder.name}" has no rows.')
        self.name = feeder.name
        self._rows = feeder.rows
        self._order = feeder.order
        self._deals = Deals(portion, first)
        self._next = self._deals.owned(0)

    @property
    def next_row(self) -> int:
        """The number of the row that comes next, in sequence."""
        return self._next

    def deal(self, own: Share, start: int) -> None:
        """Give out only the rows of *own* from number *start* on, which was not given out yet."""
        self._deals.deal(own, start)
        self._next = self._deals.owned(self._next)

    def row(self, scope: Scope) -> tuple[str, ...]:
        """Return the row of an iteration that begins now."""
        rows = self._rows
        if self._order is FeederOrder.UNIQUE:
            return rows[scope.place % len(rows)]
        if self._order is FeederOrder.RANDOM:
            return rows[int(scope.rng.random() * len(rows))]
        row = rows[self._next % len(rows)]
        self._next = self._deals.owned(self._next + 1)
        return row


def feeds_of(feeders: Sequence[Feeder], portion: Share, first: int = 0) -> dict[str, Feed]:
    """Return what gives out the rows of *feeders* in the worker that has *portion*, by name."""
    return {feeder.name: Feed(feeder, portion, first) for feeder in feeders}
