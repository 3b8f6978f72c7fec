"""Work that is dealt anew while it goes on: every number belongs to exactly one worker."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.messages import Share
from vumeter.schedule.integral import Integral
from vumeter.schedule.legs import flat
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.shares import Deals
from vumeter.schedule.spacing import EvenSpacing, PoissonSpacing

deals = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 40)), max_size=6)
"""How many workers there are from then on, and how far after the last deal that begins."""


def all_dealt(sequence: list[tuple[int, int]], first: int) -> list[Deals]:
    """Return the workers of a run that began with *first*, however many have come since."""
    workers = [Deals(Share(index=index, count=first)) for index in range(first)]
    start = 0
    for wanted, after in sequence:
        start += after
        # Workers never leave of themselves: there are as many as before, or more.
        count = max(wanted, len(workers))
        for index, worker in enumerate(workers):
            worker.deal(Share(index=index, count=count), start)
        workers += [
            Deals(Share(index=index, count=count), start) for index in range(len(workers), count)
        ]
    return workers


@given(deals, st.integers(1, 3))
def test_any_sequence_of_deals_gives_each_number_to_exactly_one_worker(sequence, first) -> None:
    workers = all_dealt(sequence, first)
    owners = [sum(each.owned(number) == number for each in workers) for number in range(200)]
    assert owners == [1] * 200


@given(deals, st.integers(0, 100), st.integers(0, 100))
def test_what_lies_between_is_counted_without_a_step_for_each(sequence, begin, more) -> None:
    for worker in all_dealt(sequence, 2):
        owned = sum(worker.owned(number) == number for number in range(begin, begin + more))
        assert worker.between(begin, begin + more) == owned


@given(
    st.floats(1, 500),
    st.lists(st.tuples(st.floats(0.01, 2), st.floats(0.0, 0.5)), max_size=4),
    st.randoms(use_true_random=False),
)
def test_pacers_that_are_dealt_anew_take_every_due_time_once(rate_per_s, dealt, rng) -> None:
    course = (flat(rate_per_s),)
    axis = Integral(course)
    pacers = [Pacer(course, EvenSpacing(Share(index=0, count=1)))]
    dues: list[float] = []
    now_s = 0.0
    for gap_s, lead_s in dealt:
        now_s += gap_s
        # Workers hear of it a little apart, and may have taken more than the lead by then.
        heard = [now_s + rng.random() * 2 * lead_s for _ in pacers]
        wanted = math.ceil(axis.asked(now_s + lead_s))
        borders = []
        for pacer, heard_s in zip(pacers, heard, strict=True):
            dues += pacer.take(heard_s)
            borders.append(pacer.stop_before(wanted))
        start, count = max(borders), len(pacers) + 1
        now_s = max([now_s, *heard])
        for index, pacer in enumerate(pacers):
            dues += pacer.take(now_s)
            pacer.deal(Share(index=index, count=count), start)
        spacing = EvenSpacing(Share(index=count - 1, count=count), start)
        pacers.append(Pacer(course, spacing))
    end_s = now_s + 1
    for pacer in pacers:
        dues += pacer.take(end_s)
    expected = [k / rate_per_s for k in range(math.floor(rate_per_s * end_s) + 1)]
    # A due time at the very end may fall on either side of it by rounding.
    assert abs(len(dues) - len(expected)) <= 1
    for due, ideal in zip(sorted(dues), expected, strict=False):
        assert due == pytest.approx(ideal, abs=1e-9)


def test_poisson_arrivals_keep_their_rate_when_they_are_dealt_anew() -> None:
    spacings = [PoissonSpacing(Share(index=0, count=1), random.Random(1))]
    positions = [each.first() for each in spacings]
    starts = [20_000, 50_000, 60_000, 100_000]
    seen: list[float] = []

    def walk(until: float) -> None:
        for index, spacing in enumerate(spacings):
            while positions[index] < until:
                seen.append(positions[index])
                positions[index] = spacing.after(positions[index])

    for start, count in zip(starts[:-1], (2, 3, 4), strict=True):
        walk(start - 100)
        for index, spacing in enumerate(spacings):
            portion = Share(index=index, count=count)
            positions[index] = spacing.deal(portion, start, positions[index])
        newest = PoissonSpacing(Share(index=count - 1, count=count), random.Random(count), start)
        spacings.append(newest)
        positions.append(newest.first())
    walk(starts[-1])
    for begin, end in pairwise([0, *starts]):
        number = sum(begin <= position < end for position in seen)
        # Four standard deviations of a Poisson number.
        assert abs(number - (end - begin)) < 4 * math.sqrt(end - begin)
