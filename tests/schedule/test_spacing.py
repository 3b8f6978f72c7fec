import math
import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from vumeter.model.messages import Share
from vumeter.model.plan import Arrivals
from vumeter.model.throttle import Leg
from vumeter.schedule.legs import asked_for, flat
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.spacing import EvenSpacing, PoissonSpacing, spacing

RAMP = Leg(start_s=0, begin=0, end=400, ramp_s=50)
"""Asks for 10,000 within its ramp."""


def poisson(index: int, count: int) -> Pacer:
    portion = Share(index=index, count=count)
    return Pacer((RAMP,), spacing(Arrivals.POISSON, portion, seed=f"test/{index}"))


def farthest(ordered: list[float], distribution: Callable[[float], float]) -> float:
    """Return the statistic of Kolmogorov and Smirnov."""
    return max(abs((i + 0.5) / len(ordered) - distribution(x)) for i, x in enumerate(ordered))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_workers_together_are_one_poisson_process_of_the_right_rate(workers: int) -> None:
    dues_s = sorted(due for w in range(workers) for due in poisson(w, workers).take(50))
    # Four standard deviations.
    assert len(dues_s) == pytest.approx(10_000, abs=400)
    # On the axis of the integral the gaps are exponential with mean 1, whatever the ramp is.
    places = [asked_for(RAMP, due) for due in dues_s]
    gaps = sorted(after - before for before, after in pairwise(places))
    # 1.95 / √n is passed once in a thousand.
    assert farthest(gaps, lambda gap: 1 - math.exp(-gap)) < 1.95 / math.sqrt(len(gaps))
    # Given their number, arrivals of a Poisson process lie evenly over that axis.
    assert farthest(places, lambda place: place / 10_000) < 1.95 / math.sqrt(len(places))


def test_workers_draw_from_streams_of_their_own_and_a_seed_gives_the_same_again() -> None:
    assert poisson(0, 2).take(1) == poisson(0, 2).take(1)
    assert set(poisson(0, 2).take(20)).isdisjoint(poisson(1, 2).take(20))


def test_a_change_of_rate_that_is_heard_late_makes_no_burst_of_random_arrivals() -> None:
    counts = []
    for seed in range(200):
        spaces = PoissonSpacing(Share(index=0, count=1), random.Random(seed))
        pacer = Pacer((flat(10),), spaces)
        pacer.take(1.2)
        pacer.rebase((flat(1000, start_s=1.0),))
        assert pacer.take(1.2) == []
        counts.append(len(pacer.take(1.3)))
    # 100 each; the mean of 200 such numbers has a standard deviation of 0.7.
    assert sum(counts) / len(counts) == pytest.approx(100, abs=3)


@pytest.mark.parametrize("seconds", [0.5, 20])
def test_what_is_passed_over_is_as_many_as_would_have_come(seconds: float) -> None:
    skipped = []
    for seed in range(200):
        spaces = PoissonSpacing(Share(index=0, count=2), random.Random(seed))
        pacer = Pacer((flat(400),), spaces)
        skipped.append(pacer.skip(seconds))
        assert pacer.next_due_s >= seconds
    mean = 200 * seconds
    spread = math.sqrt(sum((each - mean) ** 2 for each in skipped) / len(skipped))
    assert sum(skipped) / len(skipped) == pytest.approx(mean, abs=4 * math.sqrt(mean / 200))
    # A Poisson number's variance is its mean; of 200, known to within 20 %.
    assert spread == pytest.approx(math.sqrt(mean), rel=0.2)


def test_even_is_what_a_load_has_unless_told_otherwise() -> None:
    assert isinstance(spacing(Arrivals.EVEN, Share(index=0, count=1), seed=""), EvenSpacing)
