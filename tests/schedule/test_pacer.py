import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.messages import Share
from vumeter.model.throttle import Leg
from vumeter.schedule.legs import asked_for, flat, rebase
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.spacing import EvenSpacing

rates = st.just(0.0) | st.floats(0.1, 500)
ramps = st.just(0.0) | st.floats(0.01, 5)


@st.composite
def courses(draw: st.DrawFn) -> list[Leg]:
    """Return one to five legs as an operator makes them: each from where the last stood."""
    legs = [Leg(start_s=0, begin=draw(rates), end=draw(rates), ramp_s=draw(ramps))]
    for gap_s in draw(st.lists(st.floats(0.001, 3), max_size=4)):
        at_s = legs[-1].start_s + gap_s
        legs.append(rebase(legs[-1], at_s=at_s, end=draw(rates), ramp_s=draw(ramps)))
    return legs


looks = st.lists(st.floats(0.0001, 2), min_size=1, max_size=30)
"""How long after the last look a worker looks again."""


def even(*legs: Leg, index: int = 0, count: int = 1) -> Pacer:
    """Return the pacer of a worker that knows all of these legs from the start on."""
    return Pacer(legs, EvenSpacing(Share(index=index, count=count)))


def asked_in_all(legs: list[Leg], until_s: float) -> float:
    """Return the area under all *legs*, each up to where the next begins."""
    ends_s = [leg.start_s for leg in legs[1:]] + [until_s]
    return sum(asked_for(leg, end_s) for leg, end_s in zip(legs, ends_s, strict=True))


def told_in_time(legs: list[Leg], gaps_s: list[float], **share: int) -> list[list[float]]:
    """Return what a worker takes that heard of every leg before it began."""
    pacer = even(legs[0], **share)
    for leg in legs[1:]:
        pacer.rebase((leg,))
    now_s, taken = 0.0, []
    for gap_s in [*gaps_s, 20.0]:
        now_s += gap_s
        taken.append(pacer.take(now_s))
    return taken


def test_a_constant_rate_is_due_at_even_distances_from_the_start_on() -> None:
    assert even(flat(4, start_s=10)).take(11) == [10, 10.25, 10.5, 10.75, 11]


def test_a_ramp_is_due_as_the_closed_form_says() -> None:
    dues_s = even(Leg(start_s=0, begin=0, end=10, ramp_s=10)).take(10)
    # N(t) = t²/2, so iteration k is due at √(2k), and 50 of them by the end.
    assert dues_s == pytest.approx([math.sqrt(2 * k) for k in range(51)])


def test_each_due_time_is_taken_exactly_once() -> None:
    pacer = even(flat(10))
    assert len(pacer.take(0.95)) == 10
    assert pacer.take(0.95) == []
    assert pacer.next_due_s == 1.0
    assert pacer.take(1.0) == [1.0]


@given(courses(), looks)
def test_due_times_never_go_backwards(legs: list[Leg], gaps_s: list[float]) -> None:
    dues_s = [due for taken in told_in_time(legs, gaps_s) for due in taken]
    assert all(a <= b for a, b in pairwise(dues_s))


@given(courses(), looks)
def test_nothing_due_is_lost_and_nothing_is_added(legs: list[Leg], gaps_s: list[float]) -> None:
    dues_s = [due for taken in told_in_time(legs, gaps_s) for due in taken]
    asked = asked_in_all(legs, sum(gaps_s) + 20)
    if any(leg.begin > 0 or leg.end > 0 for leg in legs):
        # Iterations 0 to ⌊asked⌋; one more or less where rounding decides about the last.
        assert abs(len(dues_s) - (math.floor(asked) + 1)) <= 1
    else:
        assert dues_s == []


@given(courses(), looks, st.integers(1, 9))
def test_any_number_of_workers_together_run_exactly_the_schedule_of_one(
    legs: list[Leg], gaps_s: list[float], count: int
) -> None:
    alone = told_in_time(legs, gaps_s)
    shared = [told_in_time(legs, gaps_s, index=w, count=count) for w in range(count)]
    for look, taken in enumerate(alone):
        assert sorted(due for worker in shared for due in worker[look]) == taken


@given(courses(), looks)
def test_it_does_not_matter_how_often_a_worker_looks(legs: list[Leg], gaps_s: list[float]) -> None:
    often = [due for taken in told_in_time(legs, gaps_s) for due in taken]
    [*_, last] = [told_in_time(legs, [sum(gaps_s)])]
    assert [due for taken in last for due in taken] == often


@given(st.floats(1, 200), st.floats(1, 20_000), st.floats(0.1, 5), st.floats(0, 0.2))
def test_a_raised_or_lowered_rate_makes_no_catch_up_burst(
    before_per_s: float, after_per_s: float, change_s: float, heard_after_s: float
) -> None:
    pacer = even(flat(before_per_s))
    pacer.take(change_s + heard_after_s)
    pacer.rebase((flat(after_per_s, start_s=change_s),))
    now_s = change_s + heard_after_s
    # Within the next second come as many as a second at the new rate has: no debt is paid.
    assert abs(len(pacer.take(now_s + 1)) - after_per_s) <= 1 + 1e-6


@given(courses(), st.lists(st.floats(0, 0.5), min_size=5, max_size=5))
def test_a_worker_that_hears_late_repeats_nothing_and_goes_on_in_order(
    legs: list[Leg], delays_s: list[float]
) -> None:
    pacer, dues_s, now_s = even(legs[0]), [], 0.0
    for leg, delay_s in zip(legs[1:], delays_s, strict=False):
        now_s = max(now_s, leg.start_s + delay_s)
        dues_s += pacer.take(now_s)
        pacer.rebase((leg,))
        at_once = pacer.take(now_s)
        # At most the one that is due at this very moment, as after a rate of zero.
        assert at_once in ([], [now_s])
        dues_s += at_once
    dues_s += pacer.take(now_s + 10)
    assert all(a <= b for a, b in pairwise(dues_s))


def test_the_gap_between_two_iterations_is_rescaled_when_the_rate_changes() -> None:
    pacer = even(flat(1))
    assert pacer.take(0.5) == [0]
    pacer.rebase((flat(10, start_s=0.5),))
    # Half of the gap had passed at 1/s; its other half takes 0.05 s at 10/s.
    assert pacer.take(0.7) == pytest.approx([0.55, 0.65])


def test_a_rate_of_zero_is_never_due_and_a_raise_starts_at_once() -> None:
    pacer = even(flat(0))
    assert (pacer.next_due_s, pacer.take(100)) == (math.inf, [])
    pacer.rebase((flat(2, start_s=100),))
    assert pacer.take(101) == [100, 100.5, 101]


def test_a_ramp_down_to_zero_ends_and_can_be_raised_again() -> None:
    pacer = even(Leg(start_s=0, begin=10, end=0, ramp_s=10))
    assert len(pacer.take(50)) == 51
    assert pacer.next_due_s == math.inf
    pacer.rebase((flat(1, start_s=60),))
    assert pacer.take(62.5) == [61, 62]


def test_an_iteration_that_was_taken_as_the_rate_changed_is_not_taken_again() -> None:
    pacer = even(flat(10))
    # 3 / 10 and 10 · 0.3 round to different sides.
    assert pacer.take(3 / 10)[-1] == 3 / 10
    pacer.rebase((flat(20, start_s=3 / 10),))
    assert pacer.take(0.36) == pytest.approx([0.35])


@given(courses(), st.floats(0, 10), st.integers(1, 5))
def test_a_pause_is_passed_over_without_a_debt(legs: list[Leg], pause_s: float, count: int) -> None:
    for index in range(count):
        skipping, taking = (
            even(legs[0], index=index, count=count),
            even(legs[0], index=index, count=count),
        )
        for leg in legs[1:]:
            skipping.rebase((leg,))
            taking.rebase((leg,))
        taken = taking.take(pause_s)
        skipped = skipping.skip(pause_s)
        # The one at the very end may fall on either side by rounding.
        assert abs(skipped - len(taken)) <= 1
        if skipped == len(taken):
            assert skipping.take(30) == pytest.approx(taking.take(30))


# Courses


def test_a_course_is_followed_from_leg_to_leg() -> None:
    pacer = even(flat(2), flat(0, start_s=1), flat(10, start_s=5))
    # Number 2 is what the first leg has asked for when it ends; at rate 0 it waits.
    assert pacer.take(4.9) == [0, 0.5]
    assert pacer.take(5.15) == pytest.approx([5, 5.1])


def test_a_new_course_takes_the_place_of_all_that_was_to_come() -> None:
    pacer = even(flat(2), flat(100, start_s=3))
    pacer.take(1.25)
    pacer.rebase((flat(2, start_s=1.25), flat(4, start_s=4)))
    assert pacer.take(4.5) == [1.5, 2, 2.5, 3, 3.5, 4, 4.25, 4.5]


@given(courses(), st.floats(0.1, 4), courses(), st.integers(1, 4), st.data())
def test_workers_that_hear_of_a_course_at_different_times_go_on_from_one_integral(
    planned: list[Leg], told_s: float, changed: list[Leg], count: int, data: st.DataObject
) -> None:
    before = [leg for leg in planned if leg.start_s < told_s]
    asked = asked_in_all(before, told_s)
    # One that is due at that very moment belongs to either course.
    assume(abs(asked - round(asked)) > 1e-6)
    course = tuple(replace(leg, start_s=leg.start_s + told_s) for leg in changed)
    ahead = [even(*planned, index=w, count=count) for w in range(count)]
    late = [even(*planned, index=w, count=count) for w in range(count)]
    for pacer in ahead:
        pacer.take(told_s - 0.01)
        pacer.rebase(course)
    for pacer in late:
        pacer.take(told_s + data.draw(st.floats(0, 0.05)))
        pacer.rebase(course)
    soon_s, end_s = told_s + 0.5, told_s + 12
    for pacer in (*ahead, *late):
        pacer.take(soon_s)
    # From there on the same due times, whichever way each has come.
    in_time = sorted(due for pacer in ahead for due in pacer.take(end_s))
    delayed = sorted(due for pacer in late for due in pacer.take(end_s))
    assert delayed == pytest.approx(in_time, abs=1e-6)
