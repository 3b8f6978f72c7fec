"""The cruise control on a simulated queue whose capacity halves."""

import pytest
from tests.pilot.plans import plan
from tests.pilot.queues import SCENARIO, Queue, exponential, fixed

from vumeter.model.throttle import Lever
from vumeter.pilot.course import Course
from vumeter.pilot.cruise import Cruise
from vumeter.pilot.level import LevelCruise
from vumeter.pilot.slo import set_point, slo_rules
from vumeter.pilot.window import Second, figure, second_of


class Drive:
    """A cruise control at work on a queue."""

    kind: type[Cruise | LevelCruise] = Cruise

    def __init__(
        self, queue: Queue, *, load: float, top: float = 1e5, keep: str = "p95 20ms"
    ) -> None:
        (self.rule,) = slo_rules([set_point(keep)], plan())
        course = Course(
            rule=self.rule, scenario=SCENARIO, lever=Lever.RATE, load=load, floor=1.0, top=top
        )
        self.queue = queue
        self.cruise = self.kind(course)
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


class LevelDrive(Drive):
    """The same by the level of the queue."""

    kind = LevelCruise

    def windows(self, last: int) -> list[float]:
        """Return the figure of each 20 s of the *last* so many seconds, by the set point."""
        ends = range(len(self.seconds) - last + 20, len(self.seconds) + 1, 20)
        found = [figure(self.rule, 0, self.seconds[end - 20 : end]) for end in ends]
        return [each.value / self.rule.limit for each in found if each is not None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_even", "tolerance"),
    [
        pytest.param(True, 0.15, id="evenly spaced"),
        # 100 arrivals at random in a second make a queue of 100/s longer or shorter by 0.1 s:
        # in the four seconds that control takes, by 0.2 s of the 0.3 s that are to be kept.
        pytest.param(False, 0.35, id="at random"),
    ],
)
def test_eight_servers_are_kept_at_the_set_point_when_their_capacity_halves(
    is_even: bool, tolerance: float
) -> None:
    # 200/s, then 100/s: waiting is all that moves, since being served takes 40 and 80 ms.
    queue = Queue(fixed(1 / 25), servers=8, seed=2, is_even=is_even)
    drive = LevelDrive(queue, load=60.0, keep="p95 300ms")
    drive.go_on(180)
    before = drive.windows(120)
    queue.service_s = fixed(1 / 12.5)
    drive.go_on(160)

    # From twenty seconds after the half was lost; of 20 s each, from forty on.
    assert drive.figure(140) == pytest.approx(300, rel=tolerance)
    assert drive.loads[-1] == pytest.approx(98, rel=0.15)
    if is_even:
        windows = before + drive.windows(120)
        assert windows == pytest.approx([1.0] * len(windows), rel=tolerance)


def test_what_is_served_is_known_at_once_when_capacity_is_lost() -> None:
    drive = LevelDrive(Queue(fixed(1 / 25), servers=8, seed=1), load=190.0, keep="p95 300ms")
    drive.go_on(40)
    drive.queue.service_s = fixed(1 / 12.5)
    drive.go_on(6)
    # 100/s are served; within six seconds no more than that is put on.
    assert drive.cruise.load <= 105.0


def test_a_level_at_its_limit_only_waits() -> None:
    drive = LevelDrive(Queue(exponential(1 / 500), seed=0), load=50.0, top=60.0)
    drive.go_on(30)
    assert drive.loads == [50.0, 60.0]


def test_no_level_is_kept_by_seconds_of_a_generator_at_its_limit() -> None:
    drive = LevelDrive(Queue(exponential(1 / 500), limit_per_s=10.0), load=50.0)
    drive.go_on(20)
    assert drive.loads == [50.0]
    assert "generator" in drive.cruise.why
