"""Work split among workers without a coordinator: number i belongs to worker i mod count."""

import math
from itertools import pairwise

from vumeter.model.messages import Share


def share(total: int, index: int, count: int) -> int:
    """
    Return how many of *total* belong to worker *index* of *count*.

    It is the number of i in [0, total) with i mod count = index, so the shares of all
    workers add up to *total*, and no two differ by more than one.

    >>> [share(10, index, 4) for index in range(4)]
    [3, 3, 2, 2]
    """
    return (max(0, total) + count - 1 - index) // count


def first_owned(number: int, index: int, count: int) -> int:
    """
    Return the first i ≥ *number* that belongs to worker *index* of *count*.

    >>> first_owned(10, 1, 4)
    13
    """
    return number + (index - number) % count


class Deals:
    """
    Which whole numbers belong to one worker, while shares are dealt anew.

    A deal counts from a number on that all workers agree on: below it each goes on with
    what it had. So every number belongs to exactly one worker, whichever hears of it first.

    >>> deals = Deals(Share(index=0, count=1))
    >>> deals.deal(Share(index=0, count=2), 3)
    >>> [number for number in range(9) if deals.owned(number) == number]
    [0, 1, 2, 4, 6, 8]
    """

    __slots__ = ("_deals",)

    def __init__(self, portion: Share, start: int = 0) -> None:
        self._deals = [(start, portion)]

    def deal(self, portion: Share, start: int) -> None:
        """Let *portion* count from the number *start* on, whatever was to count there."""
        self._deals = [each for each in self._deals if each[0] < start]
        self._deals.append((start, portion))

    def owned(self, number: int) -> int:
        """Return the first number ≥ *number* that is the worker's."""
        start, portion = self._deals[-1]
        if number >= start:
            return first_owned(number, portion.index, portion.count)
        for (begin, earlier), (end, _) in pairwise(self._deals):
            found = first_owned(max(number, begin), earlier.index, earlier.count)
            if found < end:
                return found
        return first_owned(start, portion.index, portion.count)

    def between(self, begin: int, end: int) -> int:
        """Return how many numbers n with *begin* ≤ n < *end* are the worker's."""
        ends = [start for start, _ in self._deals[1:]] + [math.inf]
        return sum(
            _between(portion, max(begin, start), int(min(end, until)))
            for (start, portion), until in zip(self._deals, ends, strict=True)
        )


def _between(portion: Share, begin: int, end: int) -> int:
    if end <= begin:
        return 0
    index, count = portion.index, portion.count
    return share(end, index, count) - share(begin, index, count)
