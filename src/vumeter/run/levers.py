"""
One lever: how it stands, where it is to go, and how the one becomes the other.

An aim has no time in it, so it can wait in the history and begin again; a stand is an aim
that has begun.
"""

from dataclasses import dataclass, replace

from vumeter.model.throttle import Leg, Lever
from vumeter.schedule import legs

Key = tuple[str, Lever]
"""A scenario's name, and which of its levers."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a lever is to go, whenever that begins. *end* `None`: to the closed model."""

    end: float | None
    ramp_s: float = 0.0
    held: bool = False
    frozen: "Aim | None" = None
    """Held: the rest of the ramp that was in progress."""

    def at_most(self, limit: float) -> "Aim":
        """Return this aim, or one that ends at *limit* if this one would go beyond it."""
        return self if self.end is None or self.end <= limit else replace(self, end=limit)


@dataclass(frozen=True, slots=True)
class Stand:
    """How a lever stands. *leg* `None`: the model is closed, there is no rate."""

    leg: Leg | None
    held: bool = False
    frozen: Aim | None = None

    def aim(self, at_s: float) -> Aim:
        """Return the aim that, begun now, leads where this stand leads."""
        if self.leg is None:
            return Aim(None)
        return Aim(self.leg.end, legs.remaining_s(self.leg, at_s), self.held, self.frozen)

    def begun(self, aim: Aim, at_s: float) -> "Stand":
        """Return the stand in which *aim* has just begun."""
        if aim.end is None:
            return Stand(None)
        leg = legs.rebase(self.leg or legs.flat(0.0), at_s=at_s, end=aim.end, ramp_s=aim.ramp_s)
        return Stand(leg, aim.held, aim.frozen)


Aims = dict[Key, Aim]
