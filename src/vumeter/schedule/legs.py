"""Legs as functions of run time: where a target stands, and how much it has asked for."""

import math

from vumeter.model.plan import Shape
from vumeter.model.throttle import Leg

_STEPS = 100
"""Far more than a bisection down to the last bit takes, let alone Newton's method."""


def flat(value: float, *, start_s: float = 0.0) -> Leg:
    """Return the leg that is at *value* from *start_s* on."""
    return Leg(start_s=start_s, begin=value, end=value)


def target(leg: Leg, at_s: float) -> float:
    """
    Return where *leg* wants its lever at run time *at_s*.

    >>> target(Leg(start_s=10, begin=100, end=200, ramp_s=20), 15)
    125.0
    """
    # A leg may be told a moment before it begins.
    if at_s < leg.start_s and not leg.passed_s:
        return leg.begin
    ramped_s = max(0.0, at_s - leg.start_s) + leg.passed_s
    if ramped_s >= leg.ramp_s:
        return leg.end
    return leg.begin + (leg.end - leg.begin) * _way(leg, ramped_s / leg.ramp_s)


def _way(leg: Leg, time_ratio: float) -> float:
    """Return what part of the way from begin to end is made after that part of the ramp."""
    match leg.shape:
        case Shape.LINEAR:
            return time_ratio
        case Shape.SINE:
            return (1 - math.cos(math.pi * time_ratio)) / 2
        case Shape.STEP:
            return 1.0


def reached_s(leg: Leg, value: float) -> float:
    """
    Return how long after the beginning of its ramp *leg* is at *value*, between its ends.

    >>> reached_s(Leg(start_s=10, begin=100, end=200, ramp_s=20), 150)
    10.0
    """
    way = (value - leg.begin) / (leg.end - leg.begin)
    match leg.shape:
        case Shape.LINEAR:
            return way * leg.ramp_s
        case Shape.SINE:
            return math.acos(min(1.0, max(-1.0, 1 - 2 * way))) / math.pi * leg.ramp_s
        case Shape.STEP:
            return 0.0


def is_steady(leg: Leg) -> bool:
    """Whether *leg* stays where it is from its start on."""
    return leg.begin == leg.end or leg.ramp_s <= 0 or leg.shape is Shape.STEP


def remaining_s(leg: Leg, at_s: float) -> float:
    """Return how long the ramp of *leg* still takes at run time *at_s*; 0 when it is over."""
    return 0.0 if is_steady(leg) else max(0.0, leg.start_s + leg.ramp_s - leg.passed_s - at_s)


def rebase(leg: Leg, *, at_s: float, end: float, ramp_s: float = 0.0) -> Leg:
    """
    Return the leg that leads from where *leg* stands at *at_s* to *end* within *ramp_s*.

    >>> new = rebase(Leg(start_s=0, begin=0, end=100, ramp_s=10), at_s=5, end=80, ramp_s=3)
    >>> (new.begin, new.end, new.ramp_s)
    (50.0, 80, 3)
    """
    begin = target(leg, at_s) if ramp_s > 0 else end
    return Leg(start_s=at_s, begin=begin, end=end, ramp_s=ramp_s)


def rest(leg: Leg, at_s: float) -> Leg:
    """
    Return what is left of *leg* at *at_s*, as a leg that starts then: the same targets.

    >>> rest(Leg(start_s=0, begin=0, end=100, ramp_s=10), 4).passed_s
    4.0
    """
    passed_s = leg.passed_s + max(0.0, at_s - leg.start_s)
    if passed_s >= leg.ramp_s:
        return flat(leg.end, start_s=at_s)
    return Leg(
        start_s=at_s,
        begin=leg.begin,
        end=leg.end,
        ramp_s=leg.ramp_s,
        shape=leg.shape,
        passed_s=float(passed_s),
    )


def asked_for(leg: Leg, at_s: float) -> float:
    """
    Return how many iterations a rate on *leg* has asked for between its start and *at_s*.

    It is the area under the rate: docs/measurement.md, "Ramps".

    >>> asked_for(Leg(start_s=0, begin=0, end=100, ramp_s=10), 10)
    500.0
    """
    until_s = leg.passed_s + max(0.0, at_s - leg.start_s)
    return _area(leg, until_s) - (_area(leg, leg.passed_s) if leg.passed_s else 0.0)


def _area(leg: Leg, until_s: float) -> float:
    """
    Return the area under *leg* from the beginning of its ramp to *until_s* after it.

    With r0 and r1 at its ends, d = r1 - r0 and a = d / T, up to T

        linear   N(t) = r0·t + a·t²/2
        sine     N(t) = r0·t + d·(t/2 - T/2π · sin(π·t/T))

    and N(T) + r1·(t - T) after.
    """
    if leg.shape is Shape.STEP or leg.ramp_s <= 0:
        return leg.end * until_s
    within_s = min(until_s, leg.ramp_s)
    if leg.shape is Shape.SINE:
        swing_s = leg.ramp_s / (2 * math.pi) * math.sin(math.pi * within_s / leg.ramp_s)
        area = leg.begin * within_s + (leg.end - leg.begin) * (within_s / 2 - swing_s)
    else:
        # The ramp's trapezoid, written as a mean rate.
        here = leg.begin + (leg.end - leg.begin) * within_s / leg.ramp_s
        area = (leg.begin + here) / 2 * within_s
    return area + leg.end * (until_s - within_s)


def due_s(iterations: float, leg: Leg) -> float:
    """
    Return the run time at which *leg* has asked for *iterations*: the inverse of `asked_for`.

    Within a linear ramp the schoolbook quadratic divides by zero when the rate is constant;
    this form of its root does not:

        t = 2N / (r0 + √(r0² + 2·a·N))          docs/measurement.md, "Ramps"

    A sine has no closed form for it, and is solved by Newton's method.

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
    wanted = iterations + (_area(leg, leg.passed_s) if leg.passed_s else 0.0)
    of_ramp = _area(leg, leg.ramp_s)
    if wanted > of_ramp or leg.shape is Shape.STEP:
        beyond = wanted - of_ramp
        ramped_s = leg.ramp_s + beyond / leg.end if leg.end > 0 else math.inf
    elif leg.shape is Shape.SINE:
        ramped_s = _ramped_s(leg, wanted)
    else:
        slope_per_s2 = (leg.end - leg.begin) / leg.ramp_s
        # A ramp down to zero meets √0 at its last iteration; rounding can fall a hair below.
        under_root = max(0.0, leg.begin**2 + 2 * slope_per_s2 * wanted)
        divisor = leg.begin + math.sqrt(under_root)
        # From rate 0, the square of a vanishing fraction underflows: due at the start.
        ramped_s = 2 * wanted / divisor if divisor > 0 else 0.0
    return leg.start_s + max(0.0, ramped_s - leg.passed_s)


def _ramped_s(leg: Leg, wanted: float) -> float:
    """
    Return how long after the beginning of its ramp *leg* has asked for *wanted*.

    Newton's method between two bounds that close in, and their middle where a step would
    leave them: a rate of 0 at one end of the ramp is a slope of 0.
    """
    low_s, high_s = 0.0, leg.ramp_s
    at_s = leg.ramp_s * min(1.0, wanted / _area(leg, leg.ramp_s))
    for _ in range(_STEPS):
        missing = wanted - _area(leg, at_s)
        low_s, high_s = (at_s, high_s) if missing > 0 else (low_s, at_s)
        rate_per_s = leg.begin + (leg.end - leg.begin) * _way(leg, at_s / leg.ramp_s)
        newton_s = at_s + missing / rate_per_s if rate_per_s > 0 else math.inf
        next_s = newton_s if low_s < newton_s < high_s else (low_s + high_s) / 2
        if next_s == at_s or high_s - low_s <= math.ulp(high_s):
            break
        at_s = next_s
    return at_s
