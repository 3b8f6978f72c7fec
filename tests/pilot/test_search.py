"""The search on simulated queues of known capacity, second by second and without a network."""

import math

import pytest
from msgspec.structs import replace
from tests.pilot.plans import plan
from tests.pilot.queues import SCENARIO, Queue, drive, exponential, fixed

from vumeter.model.measure import Reading
from vumeter.model.pilot import Finding, Outcome, PilotPhase, StepVerdict
from vumeter.model.throttle import Lever
from vumeter.pilot.findings import finding
from vumeter.pilot.search import Finder, Search
from vumeter.pilot.slo import slo, slo_rules


def search(*slos: str, start: float = 20.0, top: float = 100_000.0, floor: float = 1.0) -> Finder:
    return Finder(
        Search(
            rules=slo_rules([slo(each) for each in slos], plan()),
            scenario=SCENARIO,
            lever=Lever.RATE,
            is_open=True,
            start=start,
            floor=floor,
            top=top,
        )
    )


def found(finder: Finder, queue: Queue) -> Finding:
    drive(finder, queue)
    assert finder.outcome is not None, "it comes to an end"
    return finding(finder, author="test", started_s=0.0, at_s=float(queue.second))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_capacity_of_mm1_is_found_within_five_percent(seed: int) -> None:
    # Kleinrock: p95 of M/M/1 is −ln(0.05)/(μ−λ), so that 100 ms are met at λ = μ − 30/s.
    theory_per_s = 200 + math.log(0.05) / 0.1
    queue = Queue(exponential(1 / 200), seed=seed)
    answer = found(search("p95 < 100ms", "errors < 1%"), queue)

    assert answer.outcome is Outcome.FOUND
    assert answer.limit == pytest.approx(theory_per_s, rel=0.05)
    assert answer.sustainable == pytest.approx(theory_per_s, rel=0.1)
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low <= answer.sustainable <= answer.high
    assert queue.second <= 185
    assert answer.recovered_s is not None


@pytest.mark.slow
def test_the_answer_is_as_good_for_fixed_times() -> None:
    # No closed form: 80 ms are met at 181/s in a simulation of 400,000 requests.
    answer = found(search("p95 < 80ms"), Queue(fixed(1 / 200), seed=1))
    assert answer.sustainable == pytest.approx(181, rel=0.05)


@pytest.mark.slow
def test_no_load_beyond_a_guard_rail_is_ever_put_on() -> None:
    finder = search("p95 < 100ms", top=75.0)
    queue = Queue(exponential(1 / 200))
    loads = [move.load for _, move in drive(finder, queue)]

    assert max(loads) == 75.0
    assert finder.outcome is Outcome.GUARD_RAIL
    assert finder.sustainable == 75.0
    assert finder.is_confirmed


def test_a_generator_at_its_limit_gives_a_lower_bound_and_no_capacity() -> None:
    finder = search("p95 < 100ms")
    answer = found(finder, Queue(exponential(1 / 200), limit_per_s=50.0))

    assert answer.outcome is Outcome.GENERATOR
    assert answer.sustainable == 40.0
    assert answer.high is None
    assert "at least 40/s: the generator is the limit" in answer.text
    assert {each.verdict for each in answer.curve} == {StepVerdict.HELD, StepVerdict.GENERATOR}


def test_where_the_first_load_is_too_much_it_goes_down() -> None:
    finder = search("p95 < 1s", start=64.0)
    answer = found(finder, Queue(exponential(1 / 20), seed=3))

    # One second is met at 17/s; so few requests in three minutes say no more than about that.
    assert answer.outcome is Outcome.FOUND
    assert answer.sustainable == pytest.approx(17.0, rel=0.25)
    assert [each.phase for each in finder.records][:2] == [PilotPhase.CLIMB, PilotPhase.DESCEND]


def test_a_target_that_never_holds_anything_is_said_to_hold_nothing() -> None:
    answer = found(search("p95 < 1ms"), Queue(exponential(1 / 20), seed=1))
    assert answer.outcome is Outcome.NOTHING
    assert answer.sustainable is None


def test_a_target_that_does_not_recover_is_left_at_a_low_load_and_said_to_be_broken() -> None:
    finder = search("p95 < 100ms", "errors < 1%")
    queue = Queue(exponential(1 / 200), outage=100.0)
    moves = drive(finder, queue)

    assert finder.outcome is Outcome.BROKEN
    # After the load that broke it, only ever less than what was held.
    assert [move.load for _, move in moves][-2:] == [160.0, 40.0]


def test_a_pool_that_is_too_small_is_no_limit_of_the_target() -> None:
    # By Little's law 40/s at 500 ms each keep 20 VUs busy.
    finder = search("p95 < 3s")
    queue = Queue(fixed(0.5), servers=1000, pool=20)
    answer = found(finder, queue)

    assert answer.outcome is Outcome.GUARD_RAIL
    assert answer.sustainable is not None
    assert answer.sustainable < 45.0


def test_a_search_says_where_it_is_and_why() -> None:
    finder = search("p95 < 100ms")
    queue = Queue(exponential(1 / 200))
    move = finder.begin(0.3)
    queue.set(move.load)
    finder.hear(queue.read(), 1.3)
    assert (finder.phase, finder.number, finder.why) == (PilotPhase.CLIMB, 1, "settling")
    while finder.hear(queue.read(), queue.second + 0.3) is None:
        pass
    assert finder.low == 20.0
    assert finder.number == 2


@pytest.mark.slow
def test_of_whole_vus_none_is_tried_twice_before_the_hold() -> None:
    class Closed(Queue):
        """As many requests as its capacity allows, each taking N/X by the law of Little."""

        def set(self, rate_per_s: float) -> None:
            vus = rate_per_s
            self.takes_s = (1 + 0.05 * (vus - 1) + 0.002 * vus * (vus - 1)) / 100
            self.service_s = fixed(self.takes_s)
            super().set(vus / self.takes_s)

    rules = slo_rules([slo("p95 < 40ms")], plan())
    finder = Finder(
        Search(
            rules=rules,
            scenario=SCENARIO,
            lever=Lever.VUS,
            is_open=False,
            start=1.0,
            floor=1.0,
            top=1000.0,
        )
    )
    # The law says 40 ms at N = 28.9, so 28 VUs hold and 29 do not.
    answer = found(finder, Closed(fixed(0.01), servers=1000))

    assert answer.outcome is Outcome.FOUND
    assert answer.sustainable == pytest.approx(28, abs=1)
    steps = [each.load for each in finder.records if each.phase is not PilotPhase.HOLD]
    assert len(steps) == len(set(steps))
    assert answer.usl is not None
    assert answer.usl.sigma == pytest.approx(0.05, abs=0.02)


def test_a_generator_that_others_disturb_is_waited_for() -> None:
    class Disturbed(Queue):
        """Whose generator has the machine to itself only from second 40 on."""

        def read(self) -> Reading:
            reading = super().read()
            if reading.second >= 40:
                return reading
            disturbed = replace(reading.generator, limited=True, tick_lag_p99_us=60_000)
            return replace(reading, generator=disturbed)

    finder = search("p95 < 100ms", top=40.0)
    answer = found(finder, Disturbed(exponential(1 / 200)))
    assert answer.outcome is Outcome.GUARD_RAIL
    assert answer.sustainable == 40.0
    assert "disturbed by others in" in answer.curve[0].why
