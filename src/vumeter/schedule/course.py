"""
Courses as functions of run time: legs one after another, where a plan or a hand leads a lever.

Pure: the run process and its workers come to the same course from the same plan.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from vumeter.model.throttle import Course, Leg
from vumeter.schedule import legs


def leg_at(course: Course, at_s: float) -> Leg:
    """Return the leg of *course* that counts at *at_s*; before the first one, that."""
    current = course[0]
    for leg in course[1:]:
        if leg.start_s > at_s:
            break
        current = leg
    return current


def target(course: Course, at_s: float) -> float:
    """Return where *course* wants its lever at run time *at_s*."""
    return legs.target(leg_at(course, at_s), at_s)


def next_move_s(course: Course, at_s: float, *, grain_s: float) -> float | None:
    """
    Return when to look at *course* again after *at_s*; `None`: its target moves no more.

    That is where the next leg begins, and every *grain_s* within a ramp.
    """
    starts_s = [leg.start_s for leg in course if leg.start_s > at_s]
    if legs.remaining_s(leg_at(course, at_s), at_s) > 0:
        starts_s.append(at_s + grain_s)
    return min(starts_s, default=None)


def from_on(course: Course, at_s: float) -> Course:
    """
    Return the part of *course* that lies after *at_s*, as a course that starts then.

    >>> [leg.start_s for leg in from_on((legs.flat(1), legs.flat(2, start_s=9)), 4)]
    [4, 9]
    """
    current = leg_at(course, at_s)
    return (legs.rest(current, at_s), *(leg for leg in course if leg.start_s > at_s))


def shifted(course: Course, by_s: float) -> Course:
    """Return *course*, but everything *by_s* later."""
    return tuple(replace(leg, start_s=leg.start_s + by_s) for leg in course)


def put_off(course: Course, by_s: float, *, at_s: float) -> Course:
    """Return *course*, but what is still to come of it at *at_s* comes *by_s* later."""
    return tuple(
        shifted((leg,), by_s)[0] if leg.start_s > at_s or legs.remaining_s(leg, at_s) > 0 else leg
        for leg in course
    )


def clamped(course: Course, most: float) -> Course:
    """Return the course that is where *course* is, or at *most* where that is higher."""
    ends_s = [leg.start_s for leg in course[1:]]
    pieces = (
        _clamped(leg, most, end_s) for leg, end_s in zip(course, [*ends_s, None], strict=True)
    )
    return tuple(piece for leg in pieces for piece in leg)


def _clamped(leg: Leg, most: float, end_s: float | None) -> Course:
    """Return *leg* clamped, in one piece, or in two where it crosses *most* before *end_s*."""
    if leg.begin <= most and leg.end <= most:
        return (leg,)
    if (leg.begin >= most and leg.end >= most) or legs.remaining_s(leg, leg.start_s) == 0:
        return (legs.flat(min(most, legs.target(leg, leg.start_s)), start_s=leg.start_s),)
    crossing_s = leg.start_s + legs.reached_s(leg, most) - leg.passed_s
    is_rising = leg.end > leg.begin
    if crossing_s <= leg.start_s:
        return (legs.flat(most, start_s=leg.start_s),) if is_rising else (leg,)
    if end_s is not None and crossing_s >= end_s:
        return (leg,) if is_rising else (legs.flat(most, start_s=leg.start_s),)
    if is_rising:
        return leg, legs.flat(most, start_s=crossing_s)
    return legs.flat(most, start_s=leg.start_s), legs.rest(leg, crossing_s)


def ending(course: Course, end_s: float | None) -> Course:
    """Return *course* as it is seen from outside: at 0 from *end_s* on."""
    if end_s is None:
        return course
    before = tuple(leg for leg in course if leg.start_s < end_s)
    return (*before, legs.flat(0.0, start_s=end_s))


def highest(courses: Sequence[Course], from_s: float, until_s: float | None) -> float:
    """
    Return a bound on the sum of all targets in a span, which straight ramps reach.

    Between two borders of legs every target moves one way only, so none is higher there
    than at one of the two.
    """
    last_s = math.inf if until_s is None else until_s
    parts = [from_on(course, from_s) for course in courses]
    inner_s = {border for part in parts for leg in part for border in _borders_s(leg)}
    borders_s = [from_s, *sorted(at_s for at_s in inner_s if from_s < at_s < last_s)]
    return max(
        sum(max(_within(part, begin_s, end_s)) for part in parts)
        for begin_s, end_s in pairwise([*borders_s, last_s])
    )


def _borders_s(leg: Leg) -> tuple[float, float]:
    return leg.start_s, leg.start_s + legs.remaining_s(leg, leg.start_s)


def _within(course: Course, begin_s: float, end_s: float) -> tuple[float, float]:
    """Return the targets at both ends of a span in which one leg counts."""
    leg = leg_at(course, begin_s)
    return legs.target(leg, begin_s), legs.target(leg, end_s)
