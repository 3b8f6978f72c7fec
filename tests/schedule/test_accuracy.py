"""Twenty seconds of each rate, all workers together: the starts are those of the closed form."""

import math
import random
from collections.abc import Callable

import pytest

from vumeter.model.messages import Share
from vumeter.model.plan import Arrivals, Load, Shape, Stage
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.spacing import spacing
from vumeter.schedule.timetable import timetable

pytestmark = pytest.mark.slow

SPAN_S = 20.0
SAME_S = 1e-6

Asked = Callable[[float], float]


def stage(target: float, shape: Shape) -> tuple[Stage, ...]:
    return (Stage(duration_s=SPAN_S, target=target, shape=shape),)


def cases(mean: float) -> dict[str, tuple[Load, Asked]]:
    """Return loads that ask for *mean* a second over the span, with the integral of each."""
    low, high = 0.25 * mean, 1.75 * mean
    bend = SPAN_S / (2 * math.pi)
    return {
        "constant": (Load(vus=1, rate_per_s=mean, duration_s=SPAN_S), lambda t: mean * t),
        "linear": (
            Load(vus=1, rate_per_s=low, stages=stage(high, Shape.LINEAR)),
            lambda t: low * t + (high - low) / SPAN_S * t * t / 2,
        ),
        "down": (
            Load(vus=1, rate_per_s=2 * mean, stages=stage(0, Shape.LINEAR)),
            lambda t: 2 * mean * (t - t * t / (2 * SPAN_S)),
        ),
        "sine": (
            Load(vus=1, rate_per_s=low, stages=stage(high, Shape.SINE)),
            lambda t: low * t + (high - low) * (t / 2 - bend * math.sin(math.pi * t / SPAN_S)),
        ),
        "step": (
            Load(vus=1, rate_per_s=low, stages=stage(mean, Shape.STEP)),
            lambda t: mean * t,
        ),
    }


def dues_s(load: Load, arrivals: Arrivals, workers: int) -> list[float]:
    """Return when all workers' iterations are due, each computing its own."""
    course = timetable(load).rate
    assert course is not None
    pacers = [
        Pacer(course, spacing(arrivals, Share(index=i, count=workers), seed=f"s/{i}"))
        for i in range(workers)
    ]
    return sorted(due for pacer in pacers for due in pacer.take(math.nextafter(SPAN_S, 0)))


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("per_s", [200.0, 2000.0])
@pytest.mark.parametrize("shape", list(cases(1.0)))
def test_even_starts_are_at_every_whole_number_of_the_integral(
    shape: str, per_s: float, workers: int
) -> None:
    load, asked = cases(per_s)[shape]
    dues = dues_s(load, Arrivals.EVEN, workers)
    assert len(dues) == pytest.approx(per_s * SPAN_S, abs=1)
    # At a rate near 0 a little time is nothing on the integral, and the other way round.
    for number, due_s in list(enumerate(dues))[:: round(per_s / 100)]:
        assert asked(due_s - SAME_S) - SAME_S <= number <= asked(due_s + SAME_S) + SAME_S


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("per_s", [200.0, 2000.0])
@pytest.mark.parametrize("shape", list(cases(1.0)))
def test_random_starts_are_where_their_streams_put_them_on_the_integral(
    shape: str, per_s: float, workers: int
) -> None:
    load, asked = cases(per_s)[shape]
    dues = dues_s(load, Arrivals.POISSON, workers)
    drawn = []
    for worker in range(workers):
        stream, at = random.Random(f"s/{worker}"), 0.0
        while (at := at + stream.expovariate(1.0) * workers) < asked(SPAN_S):
            drawn.append(at)
    assert len(dues) == len(drawn)
    for position, due_s in list(zip(sorted(drawn), dues, strict=True))[:: round(per_s / 100)]:
        assert asked(due_s - SAME_S) - SAME_S <= position <= asked(due_s + SAME_S) + SAME_S
    # Four standard deviations of a Poisson number.
    assert len(dues) == pytest.approx(per_s * SPAN_S, abs=4 * math.sqrt(per_s * SPAN_S))
