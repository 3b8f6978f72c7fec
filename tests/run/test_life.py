"""The states of a run, and when waiting is over."""

import pytest

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import RunState, StopCause
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.run.life import ABORT_LIMIT_S, OVERDUE_S, Life


def a_plan(duration_s: float | None = None) -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1/")
    load = Load(vus=1, duration_s=duration_s)
    scenario = Scenario(name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=load)
    return Plan(name="test", scenarios=(scenario,), graceful_stop_s=30.0)


@pytest.fixture
def life() -> Life:
    begun = Life(a_plan())
    begun.begin()
    return begun


def test_a_run_starts_runs_stops_and_ends() -> None:
    life = Life(a_plan())
    assert life.state(is_paused=False) is RunState.STARTING
    life.begin()
    assert life.state(is_paused=False) is RunState.RUNNING
    assert life.state(is_paused=True) is RunState.PAUSED
    life.stop(StopCause.STOPPED, graceful_s=30.0, at_s=5.0)
    assert life.state(is_paused=True) is RunState.STOPPING
    life.end(StopCause.SCHEDULE, at_s=6.0)
    assert life.state(is_paused=False) is RunState.ENDED
    assert (life.cause, life.ended_s) == (StopCause.STOPPED, 6.0)


def test_a_run_that_nobody_stopped_ended_by_its_schedule(life: Life) -> None:
    life.end(StopCause.SCHEDULE, at_s=6.0)
    assert life.cause is StopCause.SCHEDULE


def test_the_first_graceful_stop_says_why_unless_an_abort_comes_after_it(life: Life) -> None:
    life.stop(StopCause.SIGNAL, graceful_s=30.0, at_s=1.0)
    life.stop(StopCause.STOPPED, graceful_s=30.0, at_s=2.0)
    assert life.cause is StopCause.SIGNAL
    life.stop(StopCause.ABORTED, graceful_s=0.0, at_s=3.0)
    assert life.cause is StopCause.ABORTED


def test_a_run_without_an_end_is_never_overdue(life: Life) -> None:
    assert not life.is_overdue(1e9)


def test_a_schedule_is_overdue_after_its_graceful_time() -> None:
    life = Life(a_plan(duration_s=10.0))
    assert not life.is_overdue(10 + 30 + OVERDUE_S - 0.1)
    assert life.is_overdue(10 + 30 + OVERDUE_S)


def test_an_end_that_is_put_off_is_waited_for_and_one_that_waits_is_never_overdue() -> None:
    life = Life(a_plan(duration_s=10.0))
    life.move_end(25.0)
    assert not life.is_overdue(25 + 30 + OVERDUE_S - 0.1)
    assert life.is_overdue(25 + 30 + OVERDUE_S)
    life.move_end(None)
    assert not life.is_overdue(1e9)


def test_a_stop_is_not_put_off_with_the_schedule(life: Life) -> None:
    life.stop(StopCause.STOPPED, graceful_s=5.0, at_s=100.0)
    life.move_end(1e6)
    assert life.is_overdue(100 + 5 + OVERDUE_S)


def test_a_stop_is_overdue_after_its_graceful_time_and_an_abort_in_half_a_second(
    life: Life,
) -> None:
    life.stop(StopCause.STOPPED, graceful_s=5.0, at_s=100.0)
    assert not life.is_overdue(100 + 5 + OVERDUE_S - 0.1)
    assert life.is_overdue(100 + 5 + OVERDUE_S)
    life.stop(StopCause.ABORTED, graceful_s=0.0, at_s=101.0)
    assert life.is_overdue(101 + ABORT_LIMIT_S)


def test_a_second_graceful_stop_does_not_prolong_the_first(life: Life) -> None:
    life.stop(StopCause.STOPPED, graceful_s=5.0, at_s=100.0)
    life.stop(StopCause.STOPPED, graceful_s=5.0, at_s=107.0)
    assert life.is_overdue(100 + 5 + OVERDUE_S)


def test_why_no_throttle_can_be_moved_is_said() -> None:
    life = Life(a_plan())
    assert "starting" in life.refusal
    life.begin()
    assert life.refusal == ""
    life.stop(StopCause.STOPPED, graceful_s=30.0, at_s=5.0)
    assert "stopping" in life.refusal
    life.end(StopCause.SCHEDULE, at_s=6.0)
    assert "ended" in life.refusal
