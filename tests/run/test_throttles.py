"""
Commands to legs and words, by tables of cases.

Over 400 lines: mostly tables.
"""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.measure import ScenarioCounts
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.model.throttle import NO_THROTTLES, Command, CommandKind, Leg, Lever, ThrottleState
from vumeter.run.throttles import UNDO_DEPTH, Effect, Throttles

SET, STEP, SCALE = CommandKind.SET, CommandKind.STEP, CommandKind.SCALE
VUS, RATE = Lever.VUS, Lever.RATE


def a_plan(
    *,
    vus: int = 10,
    rate: float | None = None,
    scenarios: tuple[str, ...] = ("main",),
    **limits: Any,
) -> Plan:
    request = Request(name="GET /", url="http://127.0.0.1/")
    return Plan(
        name="test",
        scenarios=tuple(
            Scenario(
                name=name,
                steps=(Pick(choices=(Choice(steps=(request,)),)),),
                load=Load(vus=vus, rate_per_s=rate),
            )
            for name in scenarios
        ),
        limits=Limits(**limits),
    )


class Levers:
    """Throttles with a hand on them: numbers the commands, and asks for one lever's state."""

    def __init__(self, plan: Plan) -> None:
        self.throttles = Throttles(plan)
        self.serial = 0

    def do(
        self, kind: CommandKind, value: float | None = None, *, at: float = 0.0, **fields: Any
    ) -> Effect:
        self.serial += 1
        command = Command(kind=kind, author="test", value=value, **fields)
        return self.throttles.apply(command, serial=self.serial, at_s=at)

    def state(
        self, lever: Lever = VUS, *, at: float = 0.0, scenario: str = "main"
    ) -> ThrottleState:
        (found,) = [
            each
            for each in self.throttles.states(at, {})
            if each.lever is lever and each.scenario == scenario
        ]
        return found

    def target(self, at: float, lever: Lever = VUS) -> float:
        found = self.throttles.target(lever, at)
        assert found is not None
        return found


@pytest.fixture
def closed() -> Levers:
    return Levers(a_plan(vus=10))


@pytest.fixture
def opened() -> Levers:
    return Levers(a_plan(vus=40, rate=100.0))


@pytest.mark.parametrize(
    ("kind", "value", "ramp_s", "message"),
    [
        pytest.param(SET, 12, 0, "VU 10 → 12", id="set"),
        pytest.param(SET, 40, 5, "VU 10 → 40 over 5 s", id="set-over"),
        pytest.param(SET, 40, 90, "VU 10 → 40 over 1m30s", id="set-over-minutes"),
        pytest.param(STEP, 2, 0, "VU 10 → 12", id="step-up"),
        pytest.param(STEP, -3, 0, "VU 10 → 7", id="step-down"),
        pytest.param(STEP, -30, 0, "VU 10 → 0", id="step-below-nothing"),
        pytest.param(SCALE, 50, 0, "VU 10 → 15", id="scale-up"),
        pytest.param(SCALE, 3, 0, "VU 10 → 11", id="scale-by-less-than-one-moves-by-one"),
        pytest.param(SCALE, -3, 0, "VU 10 → 9", id="scale-down-by-less-than-one-moves-by-one"),
        pytest.param(SCALE, -100, 0, "VU 10 → 0", id="scale-away"),
        pytest.param(SET, 5000, 0, "VU 10 → 1000; clamped to 1000: the run's limit", id="clamp"),
        pytest.param(STEP, 5000, 0, "VU 10 → 1000; clamped to 1000: the run's limit", id="step"),
        pytest.param(SET, 10, 5, "VU stays at 10", id="no-change"),
    ],
)
def test_a_turn_says_what_it_does_and_does_it(
    closed: Levers, kind: CommandKind, value: float, ramp_s: float, message: str
) -> None:
    effect = closed.do(kind, value, at=3.0, ramp_s=ramp_s)
    assert (effect.accepted, effect.message) == (True, message)
    said = message.partition(";")[0].partition(" over")[0].split()[-1]
    assert closed.state(at=1000).target == float(said)


def test_a_ramp_is_a_leg_that_starts_now_where_the_target_stands(closed: Levers) -> None:
    (move,) = closed.do(SET, 30, at=7.0, ramp_s=10.0).moves
    assert move.course == (Leg(start_s=7.0, begin=10.0, end=30.0, ramp_s=10.0),)
    state = closed.state(at=12.0)
    assert (state.requested, state.target, state.eta_s) == (30.0, 20.0, 5.0)


def test_the_latest_target_wins_at_once_and_the_ramp_before_it_is_off(closed: Levers) -> None:
    closed.do(SET, 30, at=0.0, ramp_s=10.0)
    effect = closed.do(SET, 5, at=5.0)
    assert effect.message == "VU 20 → 5; the ramp to 30 is off"
    assert closed.target(5.0) == 5.0


def test_a_step_within_a_ramp_moves_from_where_the_target_is_not_from_where_it_would_go(
    closed: Levers,
) -> None:
    """The hand that pulls back while a ramp climbs wants less than now, not less than later."""
    closed.do(SET, 110, at=0.0, ramp_s=10.0)
    effect = closed.do(STEP, -1, at=5.03)
    assert effect.message == "VU 60 → 59; the ramp to 110 is off"
    assert closed.target(60.0) == 59.0


def test_steps_add_up(closed: Levers) -> None:
    for _ in range(5):
        closed.do(STEP, 1)
    assert closed.state().requested == 15.0


def test_a_ramp_can_be_replaced_by_its_own_end(closed: Levers) -> None:
    closed.do(SET, 30, at=0.0, ramp_s=10.0)
    closed.do(SET, 30, at=5.0)
    assert closed.target(5.0) == 30.0


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        pytest.param(SET, {}, "A number is missing", id="no-number"),
        pytest.param(SET, {"value": math.nan}, "A number is missing", id="not-a-number"),
        pytest.param(SET, {"value": math.inf}, "A number is missing", id="infinite"),
        pytest.param(SET, {"value": -1.0}, "below 0", id="negative"),
        pytest.param(SET, {"value": 2.5}, "VUs are whole", id="half-a-vu"),
        pytest.param(STEP, {"value": 0.5}, "VUs are whole", id="half-a-step"),
        pytest.param(SET, {"value": 5.0, "ramp_s": -1.0}, "A ramp takes", id="negative-ramp"),
        pytest.param(SET, {"value": 5.0, "ramp_s": 1e9}, "A ramp takes", id="ramp-of-years"),
        pytest.param(SET, {"value": 5.0, "ramp_s": math.nan}, "A ramp takes", id="nan-ramp"),
        pytest.param(SET, {"value": 5.0, "scenario": "x"}, 'no scenario "x"', id="scenario"),
        pytest.param(STEP, {"value": 5.0, "lever": RATE}, "closed", id="step-of-no-rate"),
        pytest.param(CommandKind.CLOSE, {}, "closed already", id="close-the-closed"),
        pytest.param(CommandKind.UNDO, {}, "Nothing to undo", id="undo-nothing"),
        pytest.param(CommandKind.REDO, {}, "Nothing to redo", id="redo-nothing"),
        pytest.param(CommandKind.RESUME_PLAN, {}, "Nothing is held", id="resume-nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason_and_moves_nothing(
    closed: Levers, kind: CommandKind, fields: dict[str, Any], words: str
) -> None:
    before = closed.throttles.states(0.0, {})
    effect = closed.do(kind, **fields)
    assert not effect.accepted
    assert words in effect.message
    assert effect.moves == ()
    assert closed.throttles.states(0.0, {}) == before
    assert closed.throttles.undo is None


@pytest.mark.parametrize("kind", sorted(NO_THROTTLES))
def test_what_is_no_throttles_affair_is_the_callers_mistake(
    closed: Levers, kind: CommandKind
) -> None:
    with pytest.raises(ValueError, match=kind):
        closed.do(kind)


# Both models


def test_a_rate_opens_a_closed_scenario_and_close_returns_it(closed: Levers) -> None:
    effect = closed.do(SET, 500, lever=RATE)
    assert effect.message == "RPS → 500; the model is open now, with 10 VUs as its pool"
    assert closed.state(RATE).requested == 500.0
    assert closed.state(VUS).requested == 10.0
    effect = closed.do(CommandKind.CLOSE)
    assert effect.message == "RPS 500 → closed model of 10 VUs"
    assert effect.moves[0].course is None
    assert closed.throttles.target(RATE, 0.0) is None


def test_a_rate_that_opens_over_time_begins_at_nothing(closed: Levers) -> None:
    (move,) = closed.do(SET, 500, lever=RATE, at=2.0, ramp_s=10.0).moves
    assert move.course == (Leg(start_s=2.0, begin=0.0, end=500.0, ramp_s=10.0),)


def test_without_a_lever_the_rate_of_an_open_scenario_is_meant(opened: Levers) -> None:
    assert opened.do(STEP, 20).message == "RPS 100 → 120"
    assert opened.do(STEP, 1, lever=VUS).message == "VU 40 → 41"


def test_a_rate_may_be_a_fraction_and_stays_the_number_that_was_typed(opened: Levers) -> None:
    opened.do(SET, 0.5)
    for _ in range(3):
        opened.do(STEP, 0.1)
    assert opened.state(RATE).requested == 0.8


def test_the_limit_of_a_rate_clamps_it(opened: Levers) -> None:
    effect = opened.do(SET, 1e9)
    assert effect.message == "RPS 100 → 100000; clamped to 100000: the run's limit"


def test_limits_are_the_runs_not_each_scenarios() -> None:
    levers = Levers(a_plan(vus=10, scenarios=("one", "two"), max_vus=50))
    assert levers.state(scenario="one").limit == 40.0
    effect = levers.do(SET, 100, scenario="two")
    assert effect.message == "VU 10 → 40; clamped to 40: the run's limit"
    assert levers.target(0.0) == 50.0


def test_a_held_ramp_goes_on_only_as_far_as_others_have_left_room() -> None:
    levers = Levers(a_plan(vus=10, scenarios=("one", "two"), max_vus=50))
    levers.do(SET, 40, scenario="one", at=0.0, ramp_s=30.0)
    levers.do(CommandKind.HOLD, scenario="one", at=10.0)
    levers.do(SET, 30, scenario="two", at=11.0)
    levers.do(CommandKind.RESUME_PLAN, scenario="one", at=12.0)
    assert levers.target(100.0) == 50.0


def test_what_a_ramp_downwards_has_not_given_back_is_not_there_for_others() -> None:
    levers = Levers(a_plan(vus=10, scenarios=("one", "two"), max_vus=50))
    levers.do(SET, 40, scenario="one")
    levers.do(SET, 10, scenario="one", at=0.0, ramp_s=30.0)
    levers.do(SET, 40, scenario="two", at=1.0)
    assert levers.target(1.0) <= 50.0


# Hold and resume


def test_hold_freezes_a_ramp_and_resume_plan_lets_it_go_on_from_there(closed: Levers) -> None:
    closed.do(SET, 50, at=0.0, ramp_s=10.0)
    held = closed.do(CommandKind.HOLD, at=5.0)
    assert held.message == "hold at VU 30"
    assert closed.target(100.0) == 30.0
    assert closed.state(at=100.0).held
    resumed = closed.do(CommandKind.RESUME_PLAN, at=100.0)
    assert resumed.message == "held no longer: VU 30 → 50 over 5 s"
    assert closed.target(102.5) == 40.0
    assert not closed.state(at=102.5).held


def test_hold_without_a_ramp_is_shown_and_resumes_where_it_was(closed: Levers) -> None:
    closed.do(CommandKind.HOLD, at=5.0)
    assert closed.state(at=6.0).held
    assert closed.do(CommandKind.HOLD, at=7.0).message == "Held already"
    assert closed.do(CommandKind.RESUME_PLAN, at=8.0).accepted
    assert closed.target(9.0) == 10.0


def test_a_lever_can_be_moved_while_the_plan_is_held(closed: Levers) -> None:
    closed.do(SET, 50, at=0.0, ramp_s=10.0)
    closed.do(CommandKind.HOLD, at=5.0)
    assert closed.do(STEP, 2, at=6.0).message == "VU 30 → 32"
    assert closed.state(at=6.0).held
    # What it was moved to by hand is forgotten with the hold, as is the ramp before.
    assert closed.do(CommandKind.RESUME_PLAN, at=7.0).message == "held no longer: VU 32 → 10"


def test_hold_is_for_both_levers_of_an_open_scenario(opened: Levers) -> None:
    assert opened.do(CommandKind.HOLD).message == "hold at VU 40 and RPS 100"
    resumed = opened.do(CommandKind.RESUME_PLAN)
    assert resumed.message == "held no longer: VU stays at 40, RPS stays at 100"


def test_without_a_hold_and_on_the_plan_there_is_nothing_to_resume(closed: Levers) -> None:
    refused = closed.do(CommandKind.RESUME_PLAN)
    assert (refused.accepted, refused.message) == (
        False,
        "Nothing is held, and nothing is off the plan",
    )


# Panic and pause


def test_panic_falls_to_the_floor_at_once_and_can_be_undone(opened: Levers) -> None:
    opened.do(SET, 1000, at=0.0, ramp_s=60.0)
    effect = opened.do(CommandKind.PANIC, at=1.0)
    assert effect.message == "panic: VU 40 → 1, RPS 115 → 1"
    assert (opened.target(1.0), opened.target(1.0, RATE)) == (1.0, 1.0)
    assert opened.do(CommandKind.PANIC, at=2.0).message == "At the floor already"
    opened.do(CommandKind.UNDO, at=3.0)
    assert opened.target(3.0) == 40.0
    # The ramp that was in progress goes on with what was left of it: 59 s.
    assert opened.state(RATE, at=3.0).eta_s == pytest.approx(59.0)
    assert opened.state(RATE, at=3.0).requested == 1000.0


def test_panic_never_raises_what_is_below_the_floor() -> None:
    levers = Levers(a_plan(vus=10, floor_vus=5))
    levers.do(SET, 2)
    assert levers.do(CommandKind.PANIC).moves == ()
    assert levers.target(0.0) == 2.0


def test_pausing_is_told_to_the_workers_once(closed: Levers) -> None:
    assert closed.do(CommandKind.PAUSE).paused is True
    assert closed.throttles.paused
    again = closed.do(CommandKind.PAUSE)
    assert (again.accepted, again.paused, again.message) == (True, None, "Paused already")
    assert closed.do(CommandKind.RESUME).paused is False
    assert closed.do(CommandKind.RESUME).message == "Not paused"


# Undo and redo


def test_undo_restores_the_earlier_target_and_redo_the_later_one(closed: Levers) -> None:
    closed.do(SET, 12, at=1.0)
    closed.do(SET, 40, at=2.0)
    undone = closed.do(CommandKind.UNDO, at=3.0)
    assert undone.message == "VU 40 → 12 (undid VU 12 → 40)"
    assert closed.do(CommandKind.UNDO, at=4.0).message == "VU 12 → 10 (undid VU 10 → 12)"
    assert closed.do(CommandKind.REDO, at=5.0).message == "VU 10 → 12 (redid VU 10 → 12)"
    assert closed.do(CommandKind.REDO, at=6.0).message == "VU 12 → 40 (redid VU 12 → 40)"
    assert closed.target(6.0) == 40.0


def test_what_undo_and_redo_would_do_is_said_with_its_time(closed: Levers) -> None:
    closed.do(SET, 12, at=1.0)
    closed.do(SET, 40, at=2.0)
    assert closed.throttles.undo is not None
    assert (closed.throttles.undo.text, closed.throttles.undo.second) == ("VU 12 → 40", 2.0)
    closed.do(CommandKind.UNDO, at=9.0)
    assert closed.throttles.redo is not None
    assert (closed.throttles.redo.text, closed.throttles.redo.second) == ("VU 12 → 40", 2.0)


def test_a_new_change_ends_what_could_be_redone(closed: Levers) -> None:
    closed.do(SET, 12)
    closed.do(CommandKind.UNDO)
    closed.do(SET, 15)
    assert closed.throttles.redo is None


def test_undoing_an_opening_closes_and_undoing_a_close_opens(closed: Levers) -> None:
    closed.do(SET, 500, lever=RATE)
    closed.do(CommandKind.CLOSE)
    closed.do(CommandKind.UNDO)
    assert closed.target(0.0, RATE) == 500.0
    closed.do(CommandKind.UNDO)
    assert closed.throttles.target(RATE, 0.0) is None


def test_a_change_that_changes_nothing_is_not_remembered(closed: Levers) -> None:
    closed.do(SET, 10)
    assert closed.throttles.undo is None


def test_only_so_many_changes_are_remembered(closed: Levers) -> None:
    for number in range(UNDO_DEPTH + 50):
        closed.do(SET, 20 + number)
    undone = 0
    while closed.do(CommandKind.UNDO).accepted:
        undone += 1
    assert undone == UNDO_DEPTH


# Requested, acknowledged, actual


def test_acknowledged_follows_requested_when_the_workers_have_said_so(closed: Levers) -> None:
    closed.do(SET, 12)
    assert (closed.state().requested, closed.state().acknowledged) == (12.0, 10.0)
    closed.throttles.acknowledge(closed.serial)
    assert closed.state().acknowledged == 12.0


def test_an_old_acknowledgement_that_comes_late_does_not_hide_a_newer_one(closed: Levers) -> None:
    closed.do(SET, 12)
    closed.do(SET, 40)
    closed.throttles.acknowledge(2)
    closed.throttles.acknowledge(1)
    assert closed.state().acknowledged == 40.0


def test_actual_is_vus_that_run_and_iterations_that_started(opened: Levers) -> None:
    counts = {"main": ScenarioCounts(vus_active=38, iterations_started=97)}
    actual = {state.lever: state.actual for state in opened.throttles.states(0.0, counts)}
    assert actual == {VUS: 38.0, RATE: 97.0}


COMMANDS = st.tuples(
    st.sampled_from([kind for kind in CommandKind if kind not in NO_THROTTLES]),
    st.sampled_from([None, VUS, RATE]),
    st.sampled_from(["main", "other"]),
    st.integers(-2000, 2000),
    st.floats(0, 30),
    st.floats(0, 10),
)


@given(st.lists(COMMANDS, max_size=30))
def test_no_order_of_commands_leads_out_of_the_limits_or_makes_a_target_jump_unasked(
    commands: list[tuple[CommandKind, Lever | None, str, int, float, float]],
) -> None:
    levers = Levers(a_plan(vus=10, scenarios=("main", "other"), max_vus=100, max_rate_per_s=500))
    at = 0.0
    for kind, lever, scenario, value, ramp_s, pause_s in commands:
        at += pause_s
        effect = levers.do(kind, value, at=at, lever=lever, ramp_s=ramp_s, scenario=scenario)
        for move in effect.moves:
            # A course that was handed out is the one that is shown, and it starts now.
            assert move.course is None or move.course[0].start_s == at
        for later_s in (0.0, ramp_s, 1000.0):
            assert 0 <= levers.target(at + later_s) <= 100
            assert 0 <= (levers.throttles.target(RATE, at + later_s) or 0) <= 500


@given(st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_undoing_everything_restores_the_plan(values: list[int]) -> None:
    levers = Levers(a_plan(vus=10))
    for at, value in enumerate(values):
        levers.do(SET, value, at=float(at), ramp_s=float(at % 3))
    at = 1000.0
    while levers.do(CommandKind.UNDO, at=at).accepted:
        at += 1
    assert levers.target(at + 100) == 10.0
