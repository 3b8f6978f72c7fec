"""Where a curve through steps meets the limit, beside loads at which it is known to do so."""

import math
import random

import pytest

from vumeter.pilot.crossing import Trial, crossing

LIMIT = 170.0


def ratio(load: float) -> float:
    """As in M/M/1 with 200/s, and 100 ms for p95: e^(−(μ−λ)x)/0.05."""
    return math.exp(-(200 - load) * 0.1) / 0.05


def trial(load: float, chance: random.Random | None = None, *, scatter: float = 0.4) -> Trial:
    mean = ratio(load)
    shape = 1 / scatter**2
    batches = [
        mean if chance is None else chance.gammavariate(shape, mean / shape) for _ in range(6)
    ]
    return Trial(load, tuple(batches), 18)


def test_steps_without_noise_give_the_limit_exactly() -> None:
    found = crossing([trial(load) for load in (150.0, 165.0, 175.0)], around=160.0)
    assert found is not None
    # 3.0 = −ln 0.05 is cut off where ratio() has all of its digits.
    assert found.load == pytest.approx(200 + math.log(0.05) / 0.1, rel=1e-3)


def test_steps_that_are_alike_or_far_away_or_fall_give_none() -> None:
    assert crossing([trial(170.0), trial(170.5)], around=170.0) is None
    assert crossing([trial(100.0), trial(175.0)], around=170.0) is None
    falling = [Trial(160.0, (1.5,) * 6, 18), Trial(180.0, (0.5,) * 6, 18)]
    assert crossing(falling, around=170.0) is None


def test_the_interval_has_the_limit_in_it_as_often_as_it_says() -> None:
    chance = random.Random(11)
    exact, within = 200 + math.log(0.05) / 0.1, 0
    for _ in range(100):
        loads = [chance.uniform(155, 182) for _ in range(5)]
        found = crossing([trial(load, chance) for load in loads], around=165.0)
        within += found is not None and abs(found.load - exact) <= 2 * found.error
    # Of 100, with 95 % each: fewer than 85 would come once in 10,000 times.
    assert within >= 85


def test_of_a_server_that_is_another_from_step_to_step_it_says_how_unsure_it_is() -> None:
    chance = random.Random(5)
    loads = (155.0, 160.0, 165.0, 170.0, 175.0, 180.0)
    calm = [trial(load, chance, scatter=0.1) for load in loads]
    # By turns half and double of what it was: batches of one step do not see that.
    wandering = [
        it._replace(batches=tuple(each * (0.5, 2.0)[number % 2] for each in it.batches))
        for number, it in enumerate(calm)
    ]
    sure, unsure = crossing(calm, around=165.0), crossing(wandering, around=165.0)
    assert sure is not None
    assert unsure is not None
    assert unsure.error > 3 * sure.error
