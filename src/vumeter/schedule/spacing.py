"""
How arrivals lie on the axis of what was asked for: at every whole number, or at random.

A rate asks for iterations as time goes by; its integral is that axis, and `legs` maps it to
time. A spacing says where on it one worker's iterations lie, so it knows nothing of rates,
and a change of rate leaves it as it is.
"""

import math
import random
from itertools import pairwise
from typing import Protocol

from vumeter.model.messages import Share
from vumeter.model.plan import Arrivals
from vumeter.schedule.shares import Deals

_SAME_ITERATION = 1e-6
"""Far above what rounding does to an integral of 10⁹ iterations, far below one iteration."""

_MANY = 1000.0
"""From here on a Poisson number is drawn as a normal one: their tails differ by < 0.1 σ."""


class Spacing(Protocol):
    """Where one worker's iterations lie."""

    def first(self) -> float:
        """Return where the first one lies."""

    def after(self, position: float) -> float:
        """Return where the one after that at *position* lies."""

    def later(self, position: float, already: float) -> float:
        """
        Return where the next one lies when a schedule goes on at *already*.

        *position* is where it would have been, had the schedule not been changed.
        """

    def passed(self, position: float, already: float) -> tuple[int, float]:
        """Return how many lie from *position* up to *already*, and where the next one lies."""

    def deal(self, portion: Share, start: int, position: float) -> float:
        """
        Let the worker have *portion* from *start* on, which lies ahead of all workers.

        Return where its next one lies now, which was to lie at *position*.
        """


class EvenSpacing:
    """
    Number k lies at k and belongs to worker k mod count.

    So all workers together run the schedule of one, to the last bit, and need not talk.
    """

    def __init__(self, portion: Share, start: int = 0) -> None:
        self._deals = Deals(portion, start)
        # From the first number of the newest deal on, each is a stride after the last: 0.4 µs
        # less for each iteration than to ask for it.
        self._border, self._stride = self._deals.owned(start), portion.count

    def first(self) -> float:
        """Return the worker's own first number: the run's first is due at once."""
        return self._deals.owned(0)

    def after(self, position: float) -> float:
        """Return the worker's next number."""
        if position >= self._border:
            return position + self._stride
        return self._deals.owned(int(position) + 1)

    def later(self, position: float, already: float) -> float:
        """Return the worker's first number that is not asked for yet."""
        number = self._deals.owned(math.ceil(already))
        # The one that is due at this very moment, to within rounding, may have been taken.
        if number < position and number - already < _SAME_ITERATION:
            number = self._deals.owned(number + 1)
        return number

    def passed(self, position: float, already: float) -> tuple[int, float]:
        """Return how many of the worker's numbers lie there, without a step for each."""
        number = max(int(position), self._deals.owned(math.floor(already) + 1))
        return self._deals.between(int(position), number), number

    def deal(self, portion: Share, start: int, position: float) -> float:
        """Let other numbers be the worker's from *start* on."""
        self._deals.deal(portion, start)
        self._border, self._stride = self._deals.owned(start), portion.count
        return position if position < start else self._deals.owned(start)


class PoissonSpacing:
    """
    Exponential gaps: independent users.

    Each worker draws from a stream of its own, at its share of the rate. The superposition
    of independent Poisson processes is one of the sum of their rates, so any number of
    workers together make the process that was asked for (Kingman, *Poisson Processes*, 2.2);
    and on the axis of the integral one of a rate that changes is one of rate 1 (ibid., 2.3).
    """

    def __init__(self, portion: Share, rng: random.Random, start: int = 0) -> None:
        self._gaps = [(float(start), float(portion.count))]
        """From where on the mean gap is how long."""
        self._rng = rng

    def first(self) -> float:
        """Return where the first one lies: a gap after the beginning."""
        return self.after(0.0)

    def after(self, position: float) -> float:
        """Return where the next one lies, at random."""
        start, gap = self._gaps[-1]
        if position < start:
            for (begin, earlier), (end, _) in pairwise(self._gaps):
                drawn = max(position, begin) + self._rng.expovariate(1.0) * earlier
                # One without memory is drawn anew where another mean begins.
                if position < end and drawn < end:
                    return drawn
            position = start
        return position + self._rng.expovariate(1.0) * gap

    def later(self, position: float, already: float) -> float:
        """Return where the next one lies: the process has no memory, so it is drawn anew."""
        return self.after(already)

    def passed(self, position: float, already: float) -> tuple[int, float]:
        """Return how many lie there, at random, the one at *position* among them."""
        start, gap = self._gaps[-1]
        mean = (already - position) / gap
        if mean > _MANY and position >= start:
            # After a long standstill; a draw for each would be the next one.
            number = max(0, round(self._rng.gauss(mean, math.sqrt(mean))))
            return 1 + number, self.after(already)
        number = 0
        while position <= already:
            number += 1
            position = self.after(position)
        return number, position

    def deal(self, portion: Share, start: int, position: float) -> float:
        """Let the mean gap be another from *start* on; what lay there is drawn anew."""
        self._gaps = [each for each in self._gaps if each[0] < start]
        self._gaps.append((float(start), float(portion.count)))
        return position if position < start else self.after(start)


def spacing(arrivals: Arrivals, portion: Share, *, seed: str, start: int = 0) -> Spacing:
    """
    Return where the iterations of a worker lie; *seed* is its own among all workers.

    Those before *start* are others'.
    """
    if arrivals is Arrivals.POISSON:
        return PoissonSpacing(portion, random.Random(seed), start)
    return EvenSpacing(portion, start)
