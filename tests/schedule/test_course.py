import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.plan import Shape
from vumeter.model.throttle import Course, Leg
from vumeter.schedule.course import (
    clamped,
    ending,
    from_on,
    highest,
    leg_at,
    next_move_s,
    shifted,
    target,
)
from vumeter.schedule.legs import flat

values = st.floats(0, 1000)
shapes = st.sampled_from([*Shape])


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Return one to five legs as stages make them."""
    legs: list[Leg] = []
    at_s, begin = 0.0, draw(values)
    for length_s in draw(st.lists(st.floats(0.5, 20), min_size=1, max_size=5)):
        end = draw(values)
        legs.append(Leg(start_s=at_s, begin=begin, end=end, ramp_s=length_s, shape=draw(shapes)))
        at_s, begin = at_s + length_s, end
    return tuple(legs)


UP_AND_DOWN = (
    Leg(start_s=0, begin=0, end=100, ramp_s=10),
    Leg(start_s=10, begin=100, end=0, ramp_s=10),
)
times_s = st.floats(0, 120)


def test_each_leg_counts_until_the_next_begins() -> None:
    assert [leg_at(UP_AND_DOWN, at_s).start_s for at_s in (0, 9.9, 10, 99)] == [0, 0, 10, 10]
    assert [target(UP_AND_DOWN, at_s) for at_s in (5, 10, 15, 99)] == [50, 100, 50, 0]


@given(courses(), times_s, st.floats(0, 50))
def test_what_is_left_of_a_course_leads_where_the_whole_leads(
    course: Course, at_s: float, later_s: float
) -> None:
    left = from_on(course, at_s)
    assert left[0].start_s == at_s
    # A time of minutes has a grain of 1e-14 s, a sine's slope is steepest at 1600/s².
    assert target(left, at_s + later_s) == pytest.approx(
        target(course, at_s + later_s), rel=1e-9, abs=1e-7
    )


@given(courses(), times_s, st.floats(0, 100))
def test_a_shifted_course_is_the_same_later(course: Course, at_s: float, by_s: float) -> None:
    if any(abs(leg.start_s - at_s) < 1e-6 for leg in course):
        return
    moved = target(shifted(course, by_s), at_s + by_s)
    assert moved == pytest.approx(target(course, at_s), rel=1e-9, abs=1e-6)


@given(courses(), values, times_s)
def test_a_clamped_course_is_the_lower_of_course_and_limit(
    course: Course, most: float, at_s: float
) -> None:
    found = target(clamped(course, most), at_s)
    assert found == pytest.approx(min(most, target(course, at_s)), rel=1e-6, abs=1e-3)
    assert all(a.start_s <= b.start_s for a, b in pairwise(clamped(course, most)))


@given(courses(), values, times_s)
def test_what_is_left_of_a_course_can_be_clamped_too(
    course: Course, most: float, at_s: float
) -> None:
    left = clamped(from_on(course, at_s), most)
    for later_s in (0.0, 0.7, 5.0, 50.0):
        expected = min(most, target(course, at_s + later_s))
        assert target(left, at_s + later_s) == pytest.approx(expected, rel=1e-6, abs=1e-3)


@given(st.lists(courses(), max_size=3), times_s, st.floats(0.001, 60), st.floats(0, 1))
def test_nothing_in_a_span_is_higher_than_its_highest(
    several: list[Course], from_s: float, length_s: float, part: float
) -> None:
    bound = highest(several, from_s, from_s + length_s)
    at_s = from_s + part * length_s * 0.999
    assert sum(target(course, at_s) for course in several) <= bound * (1 + 1e-9) + 1e-6


def test_the_highest_of_straight_ramps_is_reached() -> None:
    assert highest([UP_AND_DOWN, (flat(5),)], 0, None) == 105
    assert highest([UP_AND_DOWN, (flat(5),)], 15, None) == 55
    assert highest([UP_AND_DOWN], 2, 5) == 50
    assert highest([], 0, None) == 0


def test_a_course_that_has_ended_counts_nothing_from_its_end_on() -> None:
    ended = ending(UP_AND_DOWN, 12)
    assert [target(ended, at_s) for at_s in (11, 12, 99)] == [90, 0, 0]
    assert ending(UP_AND_DOWN, None) == UP_AND_DOWN


@pytest.mark.parametrize(
    ("course", "at_s", "expected"),
    [
        pytest.param((flat(1),), 5, None, id="nothing moves"),
        pytest.param((flat(1), flat(2, start_s=9)), 5, 9, id="at the next leg"),
        pytest.param(UP_AND_DOWN, 5, 5.1, id="within a ramp"),
        pytest.param(UP_AND_DOWN, 9.95, 10, id="a leg begins before the next look"),
        pytest.param(UP_AND_DOWN, 25, None, id="after the last ramp"),
    ],
)
def test_when_to_look_again(course: Course, at_s: float, expected: float | None) -> None:
    found = next_move_s(course, at_s, grain_s=0.1)
    assert found == expected or (expected and math.isclose(found or 0, expected))
