"""Which lever a key means, and what a switch asks for next."""

from msgspec.structs import replace

from vumeter.model.frame import Frame, RunState
from vumeter.model.throttle import CommandKind, Lever, ResumeMode
from vumeter.testing.story import story
from vumeter.tui.hand import Hand

CLOSED = story(10).frames[5]
VUS = CLOSED.throttles[0]
RATE = replace(VUS, lever=Lever.RATE, step=20.0)
OPEN = replace(CLOSED, throttles=(VUS, RATE))


def later(frame: Frame, seconds: int) -> Frame:
    return replace(frame, second=frame.second + seconds)


def test_the_vus_are_meant_in_a_closed_run_and_the_rate_in_an_open_one() -> None:
    hand = Hand("ann")
    assert hand.lever(CLOSED) == VUS
    assert hand.lever(OPEN) == RATE
    assert hand.lever(None) is None


def test_b_goes_round_the_levers() -> None:
    hand = Hand("ann")
    assert [hand.switch(OPEN), hand.switch(OPEN), hand.lever(OPEN)] == [VUS, RATE, RATE]


def test_a_lever_that_is_gone_is_let_go() -> None:
    hand = Hand("ann")
    hand.grip("shop", Lever.RATE)
    assert hand.lever(CLOSED) == VUS


def test_a_step_is_so_many_of_the_runs_own_steps() -> None:
    command = Hand("ann").step(OPEN, -10)
    assert command is not None
    assert (command.kind, command.lever, command.value) == (CommandKind.STEP, Lever.RATE, -200.0)


def test_pausing_twice_within_a_second_takes_the_pause_back() -> None:
    hand = Hand("ann")
    kinds = [hand.pause(CLOSED).kind for _ in range(3)]
    assert kinds == [CommandKind.PAUSE, CommandKind.RESUME, CommandKind.PAUSE]


def test_two_seconds_later_the_frame_is_believed_again() -> None:
    hand = Hand("ann")
    hand.pause(CLOSED)
    assert hand.pause(later(CLOSED, 2)).kind is CommandKind.PAUSE
    paused = replace(later(CLOSED, 9), state=RunState.PAUSED)
    assert hand.pause(paused).kind is CommandKind.RESUME


def test_space_holds_and_lets_go() -> None:
    held = replace(CLOSED, throttles=(replace(VUS, held=True),))
    assert Hand("ann").hold(CLOSED).kind is CommandKind.HOLD
    assert Hand("ann").hold(held).kind is CommandKind.RESUME_PLAN


def test_going_back_to_the_plan_is_known_before_the_next_frame_says_so() -> None:
    held = replace(CLOSED, throttles=(replace(VUS, held=True),))
    hand = Hand("ann")
    assert hand.holds(held)
    command = hand.back(held, ResumeMode.REJOIN)
    assert (command.kind, command.mode) == (CommandKind.RESUME_PLAN, ResumeMode.REJOIN)
    assert not hand.holds(held)
