"""Legs as functions of run time: where a target stands, and how much it has asked for."""

import math

from vumeter.model.throttle import Leg


def flat(value: float, *, start_s: float = 0.0) -> Leg:
    """Return the leg that is at *value* from *start_s* on."""
    return Leg(start_s=start_s, begin=value, end=value)


def target(leg: Leg, at_s: float) -> float:
    """
    Return where *leg* wants its lever at run time *at_s*.

    >>> target(Leg(start_s=10, begin=100, end=200, ramp_s=20), 15)
    125.0
    """
    passed_s = at_s - leg.start_s
    # A leg may be told a moment before it begins.
    if passed_s < 0:
        return leg.begin
    if passed_s >= leg.ramp_s:
        return leg.end
    return leg.begin + (leg.end - leg.begin) * passed_s / leg.ramp_s


def remaining_s(leg: Leg, at_s: float) -> float:
    """Return how long the ramp of *leg* still takes at run time *at_s*; 0 when it is over."""
    return max(0.0, leg.start_s + leg.ramp_s - at_s) if leg.begin != leg.end else 0.0


def rebase(leg: Leg, *, at_s: float, end: float, ramp_s: float = 0.0) -> Leg:
    """
    Return the leg that leads from where *leg* stands at *at_s* to *end* within *ramp_s*.

    >>> rebase(Leg(start_s=0, begin=0, end=100, ramp_s=10), at_s=5, end=80, ramp_s=3)
    Leg(start_s=5, begin=50.0, end=80, ramp_s=3)
    """
    begin = target(leg, at_s) if ramp_s > 0 else end
    return Leg(start_s=at_s, begin=begin, end=end, ramp_s=ramp_s)


def hold(leg: Leg, at_s: float) -> Leg:
    """Return the leg that stays where *leg* stands at *at_s*."""
    return flat(target(leg, at_s), start_s=at_s)


def asked_for(leg: Leg, at_s: float) -> float:
    """
    Return how many iterations a rate on *leg* has asked for between its start and *at_s*.

    The rate is r(t) = r0 + a·t with a = (r1 - r0) / T until T, and r1 after, so
    N(t) = r0·t + a·t²/2 for t ≤ T, and N(T) + r1·(t - T) after: docs/measurement.md, "Ramps".

    >>> asked_for(Leg(start_s=0, begin=0, end=100, ramp_s=10), 10)
    500.0
    """
    passed_s = max(0.0, at_s - leg.start_s)
    within_s = min(passed_s, leg.ramp_s)
    # The ramp's trapezoid, written as a mean rate: no division when there is no ramp.
    mean_per_s = (leg.begin + target(leg, leg.start_s + within_s)) / 2 if leg.ramp_s > 0 else 0.0
    return mean_per_s * within_s + leg.end * (passed_s - within_s)


def due_s(iterations: float, leg: Leg) -> float:
    """
    Return the run time at which *leg* has asked for *iterations*: the inverse of `asked_for`.

    Within the ramp the schoolbook quadratic divides by zero when the rate is constant; this
    form of its root does not:

        t = 2N / (r0 + √(r0² + 2·a·N))          docs/measurement.md, "Ramps"

    Args:
        iterations: Counted from the start of the leg; a fraction when the leg before ended
            between two iterations. What is not above 0 is due at the start.

    Returns:
        Infinity when the leg never asks for so many.

    >>> due_s(100, Leg(start_s=1, begin=50, end=50, ramp_s=10))
    3.0
    """
    if iterations <= 0:
        return leg.start_s if leg.begin > 0 or leg.end > 0 else math.inf
    of_ramp = (leg.begin + leg.end) / 2 * leg.ramp_s
    if iterations > of_ramp:
        beyond = iterations - of_ramp
        return leg.start_s + leg.ramp_s + beyond / leg.end if leg.end > 0 else math.inf
    slope_per_s2 = (leg.end - leg.begin) / leg.ramp_s
    # A ramp down to zero meets √0 at its last iteration; rounding can fall a hair below.
    under_root = max(0.0, leg.begin**2 + 2 * slope_per_s2 * iterations)
    divisor = leg.begin + math.sqrt(under_root)
    # From rate 0, the square of a vanishing fraction underflows: due at the start.
    return leg.start_s + 2 * iterations / divisor if divisor > 0 else leg.start_s
