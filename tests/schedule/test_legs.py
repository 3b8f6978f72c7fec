import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vumeter.model.plan import Shape
from vumeter.model.throttle import Leg
from vumeter.schedule.legs import (
    asked_for,
    due_s,
    flat,
    reached_s,
    rebase,
    remaining_s,
    rest,
    target,
)

# Rates between nothing and far above what a core can do, never so small that a due time
# leaves the range in which seconds are still told apart.
rates = st.just(0.0) | st.floats(0.01, 200_000)
lengths = st.just(0.0) | st.floats(0.001, 3_600)
legs = st.builds(Leg, start_s=st.floats(0, 86_400), begin=rates, end=rates, ramp_s=lengths)
shaped = st.builds(
    Leg,
    start_s=st.floats(0, 1000),
    begin=st.just(0.0) | st.floats(0.1, 20_000),
    end=st.just(0.0) | st.floats(0.1, 20_000),
    ramp_s=st.floats(0.1, 600),
    shape=st.sampled_from([*Shape]),
)


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [
        pytest.param(0, 100, id="before it starts, where it begins"),
        pytest.param(10, 100, id="at its start"),
        pytest.param(15, 125, id="within the ramp, in proportion"),
        pytest.param(30, 200, id="at the end of the ramp"),
        pytest.param(1e6, 200, id="for ever after"),
    ],
)
def test_a_target_moves_in_a_straight_line(at_s: float, expected: float) -> None:
    assert target(Leg(start_s=10, begin=100, end=200, ramp_s=20), at_s) == expected


def test_a_leg_without_a_ramp_jumps_at_its_start() -> None:
    leg = Leg(start_s=10, begin=5, end=40)
    assert (target(leg, 9.999), target(leg, 10)) == (5, 40)


@given(legs, st.floats(0, 90_000))
def test_a_target_stays_between_its_ends(leg: Leg, at_s: float) -> None:
    low, high = sorted((leg.begin, leg.end))
    # One rounding of the interpolation.
    assert low * (1 - 1e-12) <= target(leg, at_s) <= high * (1 + 1e-12)


@given(legs, st.floats(0, 10_000), rates, lengths)
def test_a_rebased_leg_begins_where_the_one_before_stood(
    leg: Leg, at_s: float, end: float, ramp_s: float
) -> None:
    assume(ramp_s > 0)
    new = rebase(leg, at_s=at_s, end=end, ramp_s=ramp_s)
    assert target(new, at_s) == target(leg, at_s)
    assert target(new, at_s + 2 * ramp_s) == end


@given(legs, st.floats(0, 10_000), st.floats(0, 10_000))
def test_the_rest_of_a_leg_leads_where_the_whole_leads(
    leg: Leg, passed_s: float, later_s: float
) -> None:
    at_s = leg.start_s + passed_s
    remainder = rest(leg, at_s)
    # The grain of a run time of a day, at the steepest ramp.
    tolerance = 1e-9 + 1e-10 * abs(leg.end - leg.begin) / max(leg.ramp_s, 1e-3)
    assert target(remainder, at_s + later_s) == pytest.approx(
        target(leg, at_s + later_s), rel=1e-6, abs=tolerance
    )
    asked = asked_for(leg, at_s + later_s) - asked_for(leg, at_s)
    assert asked_for(remainder, at_s + later_s) == pytest.approx(asked, rel=1e-6, abs=1e-3)


def test_what_remains_of_a_ramp_runs_down_to_nothing() -> None:
    leg = Leg(start_s=10, begin=1, end=2, ramp_s=5)
    assert [remaining_s(leg, at_s) for at_s in (10, 12, 15, 99)] == [5, 3, 0, 0]
    assert remaining_s(flat(7), 0) == 0


@pytest.mark.parametrize(
    ("leg", "at_s", "expected"),
    [
        pytest.param(flat(50), 10, 500, id="constant"),
        pytest.param(flat(50, start_s=4), 10, 300, id="from its start only"),
        pytest.param(flat(50, start_s=4), 3, 0, id="nothing before"),
        pytest.param(Leg(start_s=0, begin=0, end=100, ramp_s=10), 10, 500, id="a triangle up"),
        pytest.param(Leg(start_s=0, begin=100, end=0, ramp_s=10), 10, 500, id="a triangle down"),
        pytest.param(Leg(start_s=0, begin=100, end=0, ramp_s=10), 99, 500, id="then nothing"),
        pytest.param(Leg(start_s=0, begin=0, end=100, ramp_s=10), 5, 125, id="half of the time"),
        pytest.param(Leg(start_s=0, begin=50, end=150, ramp_s=10), 12, 1300, id="and its tail"),
    ],
)
def test_what_is_asked_for_is_the_area_under_the_rate(
    leg: Leg, at_s: float, expected: float
) -> None:
    assert asked_for(leg, at_s) == pytest.approx(expected)


@given(legs)
def test_the_area_agrees_with_adding_up_small_steps(leg: Leg) -> None:
    # The midpoint rule is exact for a straight line, and the ramp's end is a step's edge.
    edges_s = [leg.start_s + leg.ramp_s * i / 50 for i in range(101)]
    added = sum(target(leg, (a + b) / 2) * (b - a) for a, b in pairwise(edges_s))
    # `begin` at the jump of a leg without a ramp; a start late in the day has 1e-11 s grain.
    tolerance = 1e-6 + 1e-9 * (leg.begin + leg.end)
    assert asked_for(leg, edges_s[-1]) == pytest.approx(added, rel=1e-6, abs=tolerance)


@given(legs, st.floats(0, 1e7))
def test_a_due_time_is_when_the_area_reaches_the_iteration(leg: Leg, iterations: float) -> None:
    at_s = due_s(iterations, leg)
    assume(math.isfinite(at_s))
    # The grain of a run time of a day, as iterations at the leg's fastest; and where a ramp
    # ends in rate 0 the area is flat, so that rounding in the time is far less than this.
    grain = 1e-9 * max(leg.begin, leg.end) + 1e-6
    assert asked_for(leg, at_s) == pytest.approx(iterations, rel=1e-6, abs=grain)


@given(legs, st.floats(0, 1e7))
def test_what_a_leg_never_asks_for_is_never_due(leg: Leg, iterations: float) -> None:
    if math.isinf(due_s(iterations, leg)):
        assert leg.end == 0
        assert asked_for(leg, 1e9) <= iterations


@given(legs, st.lists(st.floats(0, 1e6), min_size=2))
def test_a_due_time_never_goes_backwards(leg: Leg, numbers: list[float]) -> None:
    dues_s = [due_s(number, leg) for number in sorted(numbers)]
    # Two numbers a rounding apart may swap by a rounding: a nanosecond of run time.
    assert all(b - a >= -1e-9 for a, b in pairwise(dues_s) if math.isfinite(a))


# Shapes


@pytest.mark.parametrize(
    ("shape", "targets"),
    [
        (Shape.LINEAR, [100, 150, 200, 250, 300]),
        # Half a cosine: (1 - cos 45°) / 2 of the way after a quarter of the time.
        (Shape.SINE, [100, 129.289, 200, 270.711, 300]),
        (Shape.STEP, [300, 300, 300, 300, 300]),
    ],
)
def test_a_ramp_has_its_shape(shape: Shape, targets: list[float]) -> None:
    leg = Leg(start_s=10, begin=100, end=300, ramp_s=8, shape=shape)
    assert [target(leg, 10 + 2 * i) for i in range(5)] == pytest.approx(targets, abs=1e-3)
    assert target(leg, 9.999) == 100


@given(shaped, st.floats(0, 1.5))
def test_the_area_under_any_shape_is_what_adding_up_gives(leg: Leg, part: float) -> None:
    length_s, pieces = part * leg.ramp_s, 2000
    width_s = length_s / pieces
    added = width_s * sum(target(leg, leg.start_s + (i + 0.5) * width_s) for i in range(pieces))
    # The midpoint rule is off by the square of its width, and by half a piece at the corner.
    tolerance = (leg.begin + leg.end) * (width_s * 1e-2 + 1e-9) + 1e-6
    assert asked_for(leg, leg.start_s + length_s) == pytest.approx(added, rel=1e-5, abs=tolerance)


@given(shaped, st.floats(0, 1), st.floats(0, 1.5))
def test_due_times_of_any_shape_invert_its_area_also_for_the_rest_of_a_leg(
    leg: Leg, passed: float, ahead: float
) -> None:
    left = rest(leg, leg.start_s + passed * leg.ramp_s)
    iterations = asked_for(left, left.start_s + ahead * leg.ramp_s)
    at_s = due_s(iterations, left)
    if iterations > 0 and math.isfinite(at_s):
        grain = 1e-9 * (leg.begin + leg.end) * (1 + leg.ramp_s) + 1e-6
        assert asked_for(left, at_s) == pytest.approx(iterations, rel=1e-6, abs=grain)
        assert at_s >= left.start_s


@given(shaped, st.floats(0.01, 0.99))
def test_a_value_is_reached_when_the_target_is_there(leg: Leg, part: float) -> None:
    if abs(leg.end - leg.begin) > 1 and leg.shape is not Shape.STEP:
        value = leg.begin + part * (leg.end - leg.begin)
        at_s = leg.start_s + reached_s(leg, value)
        assert target(leg, at_s) == pytest.approx(value, rel=1e-6, abs=1e-4)
