"""The cruise control on a simulated queue whose capacity halves."""

import pytest
from tests.pilot.plans import plan
from tests.pilot.queues import SCENARIO, Queue, exponential

from vumeter.model.throttle import Lever
from vumeter.pilot.cruise import Course, Cruise
from vumeter.pilot.slo import set_point, slo_rules
from vumeter.pilot.window import Second, figure, second_of


class Drive:
    """A cruise control at work on a queue."""

    def __init__(self, queue: Queue, *, load: float, top: float = 1e5) -> None:
        (self.rule,) = slo_rules([set_point("p95 20ms")], plan())
        course = Course(
            rule=self.rule, scenario=SCENARIO, lever=Lever.RATE, load=load, floor=1.0, top=top
        )
        self.queue = queue
        self.cruise = Cruise(course)
        self.loads = [load]
        self.seconds: list[Second] = []
        queue.set(load)
        self.cruise.begin(0.3)

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            reading = self.queue.read()
            self.seconds.append(second_of(reading, (self.rule,)))
            load = self.cruise.hear(reading, self.queue.second + 0.3)
            if load is not None:
                self.queue.set(load)
                self.loads.append(load)

    def figure(self, last: int) -> float:
        found = figure(self.rule, 0, self.seconds[-last:])
        assert found is not None
        return found.value


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_p95_is_kept_when_the_capacity_halves(seed: int) -> None:
    drive = Drive(Queue(exponential(1 / 500), seed=seed), load=150.0)
    drive.go_on(100)
    before = drive.figure(40)
    drive.queue.service_s = exponential(1 / 250)
    drive.go_on(140)

    assert before == pytest.approx(20, rel=0.15)
    assert drive.figure(60) == pytest.approx(20, rel=0.15)


@pytest.mark.slow
def test_the_load_comes_to_rest() -> None:
    drive = Drive(Queue(exponential(1 / 500), seed=0), load=150.0)
    drive.go_on(240)
    # p95 of M/M/1 is 3.0/(μ−λ): 20 ms are met at 350/s. One that swings would be all over.
    assert all(load == pytest.approx(350, rel=0.12) for load in drive.loads[-8:])


def test_limits_hold_the_load_and_nothing_winds_up() -> None:
    drive = Drive(Queue(exponential(1 / 500), seed=0), load=50.0, top=60.0)
    drive.go_on(60)
    assert drive.loads == [50.0, 60.0] or max(drive.loads) == 60.0
    drive.queue.service_s = exponential(1 / 40)
    drive.go_on(12)
    # The first move down comes at once, although it stood at its limit for long.
    assert drive.loads[-1] < 60.0


def test_seconds_of_a_generator_at_its_limit_move_nothing() -> None:
    drive = Drive(Queue(exponential(1 / 500), limit_per_s=10.0), load=50.0)
    drive.go_on(30)
    assert drive.loads == [50.0]
    assert "generator" in drive.cruise.why
