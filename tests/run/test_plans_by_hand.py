"""
What hands do to a plan with stages: by tables of cases, and by what must always hold.

Over 400 lines: mostly tables.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.flow import Request
from vumeter.model.plan import Limits, Load, Plan, Scenario, Stage
from vumeter.model.throttle import (
    NO_THROTTLES,
    Command,
    CommandKind,
    Lever,
    ResumeMode,
    ThrottleState,
)
from vumeter.run.throttles import Effect, Throttles
from vumeter.schedule import course as courses

SET, STEP = CommandKind.SET, CommandKind.STEP
HOLD, RESUME = CommandKind.HOLD, CommandKind.RESUME_PLAN
SKIP, EXTEND = CommandKind.SKIP_STAGE, CommandKind.EXTEND_STAGE
UNDO, REDO = CommandKind.UNDO, CommandKind.REDO
VUS, RATE = Lever.VUS, Lever.RATE
REJOIN, CONTINUE = ResumeMode.REJOIN, ResumeMode.CONTINUE


def stages(*pairs: tuple[float, float]) -> tuple[Stage, ...]:
    return tuple(Stage(duration_s=duration_s, target=target) for duration_s, target in pairs)


UP_STAY_DOWN = stages((10, 100), (20, 100), (10, 0))


class Plans:
    """Throttles of a plan, with a hand on them."""

    def __init__(self, *loads: Load, **limits: Any) -> None:
        request = Request(name="GET /", url="http://127.0.0.1/")
        names = ("main", "other", "third")
        self.throttles = Throttles(
            Plan(
                name="test",
                scenarios=tuple(
                    Scenario(name=name, steps=(request,), load=load)
                    for name, load in zip(names, loads, strict=False)
                ),
                limits=Limits(**limits),
            )
        )
        self.serial = 0

    def do(
        self, kind: CommandKind, value: float | None = None, *, at: float, **fields: Any
    ) -> Effect:
        self.serial += 1
        command = Command(kind=kind, author="test", value=value, **fields)
        return self.throttles.apply(command, serial=self.serial, at_s=at)

    def state(self, at: float, *, lever: Lever = VUS, scenario: str = "main") -> ThrottleState:
        states = self.throttles.states(at, {})
        return next(each for each in states if (each.scenario, each.lever) == (scenario, lever))

    def targets(self, *at: float, lever: Lever = VUS) -> list[float | None]:
        return [self.throttles.target(lever, each) for each in at]


@pytest.fixture
def ramp() -> Plans:
    return Plans(Load(vus=0, stages=UP_STAY_DOWN))


def test_without_a_hand_targets_follow_the_stages(ramp: Plans) -> None:
    assert ramp.targets(0, 5, 10, 29, 35, 39) == [0, 50, 100, 100, 50, 10]
    assert ramp.throttles.end_s == 40
    assert ramp.targets(40) == [0]


def test_a_rate_follows_the_stages_of_an_open_scenario_and_its_pool_stands() -> None:
    plans = Plans(Load(vus=30, rate_per_s=10, stages=stages((10, 110))))
    assert plans.targets(0, 5, 9, lever=RATE) == [10, 60, 100]
    assert plans.targets(0, 5, 9) == [30, 30, 30]


def test_stages_are_shown_with_their_borders_and_the_present_one(ramp: Plans) -> None:
    state = ramp.state(12)
    assert [(each.kind, each.start_s, each.end_s, each.target) for each in state.stages] == [
        ("ramp up", 0, 10, 100),
        ("steady", 10, 30, 100),
        ("ramp down", 30, 40, 0),
    ]
    assert [ramp.state(at).stage for at in (0, 9.9, 10, 35)] == [0, 0, 1, 2]
    assert (ramp.state(4).requested, ramp.state(4).eta_s, ramp.state(4).acknowledged) == (
        100, 6, 100,
    )  # fmt: skip


# Hold, rejoin, continue


def test_a_hold_freezes_the_target_the_stage_and_the_end(ramp: Plans) -> None:
    held = ramp.do(HOLD, at=5)
    assert held.message == "hold at VU 50; the end waits, too"
    assert ramp.targets(5, 100, 1000) == [50, 50, 50]
    assert ramp.throttles.end_s is None
    assert [move.end_s for move in held.moves] == [None]
    state = ramp.state(65)
    assert (state.held, state.off_plan, state.stage) == (True, False, 0)
    # Were it to go on now, the first stage would take its other five seconds.
    assert state.stages[0].end_s == 70


def test_continue_goes_on_from_where_it_was_held_and_ends_so_much_later(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    resumed = ramp.do(RESUME, at=25, mode=CONTINUE)
    assert resumed.message == "held no longer: VU 50 → 100 over 5 s"
    assert ramp.targets(25, 27, 30, 49, 55) == [50, 70, 100, 100, 50]
    assert ramp.throttles.end_s == 60
    assert [move.end_s for move in resumed.moves] == [60]


def test_rejoin_lands_where_the_plan_would_be_by_now(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    resumed = ramp.do(RESUME, at=35, mode=REJOIN)
    assert resumed.message == "held no longer: VU 50 → 0 over 5 s"
    assert ramp.targets(35, 39) == [50, 10]
    assert ramp.throttles.end_s == 40


def test_what_was_held_continues_and_what_was_moved_by_hand_rejoins_unless_told(
    ramp: Plans,
) -> None:
    ramp.do(HOLD, at=5)
    ramp.do(RESUME, at=15)
    assert ramp.throttles.end_s == 50
    ramp.do(SET, 10, at=16)
    ramp.do(RESUME, at=18)
    assert ramp.throttles.end_s == 50
    assert ramp.targets(18) == [80]


def test_a_plan_that_would_be_over_cannot_be_rejoined_but_continued(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    refused = ramp.do(RESUME, at=41, mode=REJOIN)
    assert not refused.accepted
    assert refused.message.startswith("The plan would have ended by now")
    assert ramp.state(41).held
    assert ramp.do(RESUME, at=42, mode=CONTINUE).accepted


def test_a_target_set_by_hand_is_off_the_plan_until_it_is_resumed(ramp: Plans) -> None:
    effect = ramp.do(SET, 20, at=5)
    assert effect.message == "VU 50 → 20; off the plan, until resume-plan"
    assert ramp.targets(5, 15, 39) == [20, 20, 20]
    assert ramp.state(12).off_plan
    assert ramp.state(12).stage == 1, "its clock goes on"
    assert ramp.throttles.end_s == 40, "and so does its end come"
    back = ramp.do(RESUME, at=12, mode=REJOIN)
    assert back.message == "back to the plan: VU 20 → 100"
    assert ramp.targets(12, 35) == [100, 50]


def test_continue_after_a_detour_goes_on_from_where_the_plan_was_left(ramp: Plans) -> None:
    ramp.do(SET, 20, at=5)
    ramp.do(STEP, 5, at=9)
    back = ramp.do(RESUME, at=15, mode=CONTINUE)
    assert back.message == "back to the plan: VU 25 → 50, on to 100 over 5 s"
    assert ramp.targets(15, 20, 45) == [50, 100, 50]
    assert ramp.throttles.end_s == 50


def test_a_ramp_by_hand_that_was_held_goes_on_by_hand(ramp: Plans) -> None:
    ramp.do(SET, 90, at=5, ramp_s=4)
    ramp.do(HOLD, at=7)
    assert ramp.targets(17) == [70]
    ramp.do(RESUME, at=17, mode=CONTINUE)
    assert ramp.targets(18, 19, 30) == [80, 90, 90]
    # Held for ten seconds in all; the plan was left at 5 of its own.
    ramp.do(RESUME, at=35, mode=CONTINUE)
    assert ramp.targets(35, 40) == [50, 100]
    assert ramp.throttles.end_s == 40 + 30


def test_a_pool_that_is_moved_by_hand_leaves_the_rate_on_its_plan() -> None:
    plans = Plans(Load(vus=30, rate_per_s=0, stages=stages((10, 100))))
    assert plans.do(SET, 50, at=2, lever=VUS).message == "VU 30 → 50"
    assert plans.targets(4, 8, lever=RATE) == [40, 80]
    back = plans.do(RESUME, at=5, mode=CONTINUE)
    assert back.message == "back to the plan: VU 50 → 30, RPS 50 → 100 over 5 s"
    assert plans.throttles.end_s == 10


def test_opening_a_staged_closed_scenario_and_returning_to_its_plan(ramp: Plans) -> None:
    ramp.do(SET, 500, at=2, lever=RATE)
    assert ramp.targets(5) == [50], "the VUs are on their plan"
    back = ramp.do(RESUME, at=5)
    assert back.message == "back to the plan: VU 50 → 100 over 5 s, RPS 500 → closed"
    assert ramp.targets(6, lever=RATE) == [None]


# Skip and extend


def test_skipping_a_stage_goes_on_to_the_next_at_once(ramp: Plans) -> None:
    effect = ramp.do(SKIP, at=5)
    assert effect.message == "skip stage 1/3: VU 50 → 100"
    assert ramp.targets(5, 24, 30) == [100, 100, 50]
    assert ramp.throttles.end_s == 35
    assert ramp.do(SKIP, at=6).message == "skip stage 2/3: VU 100 → 0 over 10 s"
    assert ramp.targets(6, 11) == [100, 50]


def test_skipping_the_last_stage_ends_the_schedule(ramp: Plans) -> None:
    effect = ramp.do(SKIP, at=32)
    assert effect.message == "skip stage 3/3, the last: the schedule ends"
    assert [move.end_s for move in effect.moves] == [32]
    assert ramp.do(SET, 5, at=33).message == "main has ended"


def test_skipping_out_of_a_hold_goes_on_with_the_stage_after_it(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    ramp.do(SKIP, at=50)
    assert not ramp.state(50).held
    assert ramp.targets(50, 69, 75) == [100, 100, 50]
    assert ramp.throttles.end_s == 80


def test_no_stage_can_be_skipped_off_the_plan_or_where_there_is_none(ramp: Plans) -> None:
    ramp.do(SET, 20, at=5)
    assert ramp.do(SKIP, at=6).message.startswith("Off the plan")
    plain = Plans(Load(vus=5, duration_s=60))
    assert plain.do(SKIP, at=6).message == "There is no stage here that could be skipped"
    assert Plans(Load(vus=5)).do(SKIP, at=6).accepted is False


def test_an_extended_ramp_goes_slower_from_here_on_and_all_that_follows_comes_later(
    ramp: Plans,
) -> None:
    effect = ramp.do(EXTEND, 5, at=5)
    assert effect.message == "stage 1/3 5 s later: in 10 s"
    assert ramp.targets(5, 10, 15, 34, 40) == [50, 75, 100, 100, 50]
    assert ramp.throttles.end_s == 45
    assert ramp.targets(44.999) == [pytest.approx(0, abs=0.02)]


def test_extending_a_run_without_stages_puts_its_end_off() -> None:
    plain = Plans(Load(vus=5, duration_s=60))
    assert plain.do(EXTEND, 30, at=20).message == "the end 30 s later: in 1m10s"
    assert plain.throttles.end_s == 90
    assert Plans(Load(vus=5)).do(EXTEND, 30, at=1).accepted is False


@pytest.mark.parametrize("value", [None, 0, -5, float("nan"), 1e9])
def test_a_stage_is_extended_by_a_time(ramp: Plans, value: float | None) -> None:
    assert ramp.do(EXTEND, value, at=1).message == "Extend by how long? From above 0 s to 7 days"


def test_a_hold_that_is_extended_is_so_much_longer_when_it_goes_on(ramp: Plans) -> None:
    ramp.do(HOLD, at=20)
    ramp.do(EXTEND, 60, at=25)
    ramp.do(RESUME, at=30)
    assert ramp.throttles.end_s == 40 + 60 + 10


# The wait before a scenario, and the time after it


def test_a_scenario_that_waits_begins_by_its_time_and_not_by_hand() -> None:
    plans = Plans(Load(vus=5), Load(vus=0, start_s=30, stages=UP_STAY_DOWN))
    assert plans.targets(29, 35) == [5, 55]
    refused = plans.do(SET, 9, at=10, scenario="other")
    assert refused.message == "other begins in 20 s; skip-stage begins it now"
    assert plans.state(10, scenario="other").begins_in_s == 20
    assert plans.do(SKIP, at=10, scenario="other").message == "skip the wait: VU 0 → 100 over 10 s"
    assert plans.targets(15) == [55]
    assert plans.state(15, scenario="other").begins_in_s is None


def test_a_wait_can_be_extended_and_held() -> None:
    plans = Plans(Load(vus=4, start_s=30, duration_s=10))
    plans.do(EXTEND, 5, at=10)
    assert plans.targets(34, 35) == [0, 4]
    plans.do(HOLD, at=20)
    assert plans.targets(1000) == [0]
    plans.do(RESUME, at=40)
    assert plans.targets(54, 55) == [0, 4]
    assert plans.throttles.end_s == 65


def test_what_has_ended_counts_nothing_and_takes_no_command() -> None:
    plans = Plans(Load(vus=5, duration_s=10), Load(vus=3, duration_s=20))
    assert plans.targets(9, 11) == [8, 3]
    assert plans.do(SET, 9, at=11).message == "main has ended"
    assert (plans.state(11).requested, plans.state(11).acknowledged) == (0, 0)


# Panic, undo, limits


def test_panic_leaves_every_plan_also_one_that_waits() -> None:
    plans = Plans(Load(vus=0, stages=UP_STAY_DOWN), Load(vus=8, start_s=60))
    assert plans.do(CommandKind.PANIC, at=5).message == "panic: VU 50 → 1, VU stays at 0"
    assert plans.targets(6, 20) == [1, 1]
    plans.do(RESUME, at=20)
    assert plans.targets(20) == [100]


def test_undoing_a_detour_is_as_if_it_had_not_been(ramp: Plans) -> None:
    ramp.do(SET, 20, at=5)
    undone = ramp.do(UNDO, at=8)
    assert undone.message == ("VU 20 → 80, on to 100 over 2 s (undid VU 50 → 20)")
    assert ramp.targets(8, 35) == [80, 50]
    assert ramp.throttles.end_s == 40
    ramp.do(REDO, at=9)
    assert ramp.targets(9, 20) == [20, 20]
    assert ramp.state(20).off_plan


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        pytest.param(HOLD, {}, id="hold"),
        pytest.param(SKIP, {}, id="skip"),
        pytest.param(EXTEND, {"value": 20}, id="extend"),
        pytest.param(SET, {"value": 7, "ramp_s": 3}, id="set"),
        pytest.param(CommandKind.PANIC, {}, id="panic"),
    ],
)
def test_whatever_was_done_to_the_plan_can_be_undone_and_redone(
    ramp: Plans, kind: CommandKind, fields: dict[str, Any]
) -> None:
    planned = ramp.targets(12, 18, 33)
    ramp.do(kind, at=5, **fields)
    driven, end_s = ramp.targets(12, 18, 33), ramp.throttles.end_s
    assert ramp.do(UNDO, at=6).accepted
    assert ramp.targets(12, 18, 33) == planned
    assert ramp.throttles.end_s == 40
    assert ramp.do(REDO, at=6).accepted
    assert ramp.targets(12, 18, 33) == driven
    assert ramp.throttles.end_s == end_s


def test_undoing_a_return_to_the_plan_leaves_it_again(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    ramp.do(RESUME, at=15)
    ramp.do(UNDO, at=16)
    assert ramp.state(16).held
    assert ramp.targets(16, 99) == [50, 50]
    ramp.do(RESUME, at=25)
    assert ramp.throttles.end_s == 60


def test_an_undo_that_would_end_the_run_is_refused_and_can_be_tried_again(ramp: Plans) -> None:
    ramp.do(HOLD, at=5)
    assert ramp.do(UNDO, at=50).message.startswith("The plan would have ended by now")
    assert ramp.throttles.undo is not None


def test_limits_clamp_what_was_planned_and_say_so() -> None:
    plans = Plans(Load(vus=0, stages=UP_STAY_DOWN), max_vus=60)
    assert plans.throttles.warnings == ("main: the plan is clamped to VU 60, the run's limit",)
    assert plans.targets(3, 6, 10, 33, 36) == [30, 60, 60, 60, 40]


def test_a_limit_is_shared_over_time_so_what_comes_later_keeps_its_room() -> None:
    one_after_another = (Load(vus=100, duration_s=10), Load(vus=100, start_s=10, duration_s=10))
    plans = Plans(*one_after_another, max_vus=100)
    assert plans.throttles.warnings == ()
    assert plans.targets(5, 15) == [100, 100]
    longer = plans.do(EXTEND, 5, at=5)
    assert longer.accepted
    assert all(target is not None and target <= 100 for target in plans.targets(5, 9, 11, 14, 16))


def test_a_detour_leaves_room_for_what_other_plans_will_need() -> None:
    plans = Plans(
        Load(vus=10), Load(vus=0, stages=stages((10, 60), (10, 0)), duration_s=30), max_vus=100
    )
    assert plans.state(1).limit == 40
    assert plans.state(15).limit == 70


COMMANDS = st.tuples(
    st.sampled_from([kind for kind in CommandKind if kind not in NO_THROTTLES]),
    st.sampled_from([None, VUS, RATE]),
    st.sampled_from(["main", "other", "third"]),
    st.sampled_from([None, REJOIN, CONTINUE]),
    st.integers(-50, 300),
    st.sampled_from([0.0, 2.0, 30.0]),
    st.floats(0, 8),
)


@given(st.lists(COMMANDS, max_size=25))
def test_no_order_of_commands_leads_out_of_the_limits_or_to_workers_that_differ(
    commands: list[tuple[CommandKind, Lever | None, str, ResumeMode | None, int, float, float]],
) -> None:
    plans = Plans(
        Load(vus=0, stages=UP_STAY_DOWN),
        Load(vus=20, rate_per_s=0, start_s=5, stages=stages((5, 80), (0, 20), (20, 50))),
        Load(vus=7, duration_s=60),
        max_vus=100,
        max_rate_per_s=200,
    )
    told: dict[tuple[str, Lever], Any] = {}
    at = 0.0
    for kind, lever, scenario, mode, value, ramp_s, pause_s in commands:
        at += pause_s
        fields = {"lever": lever, "ramp_s": ramp_s, "scenario": scenario, "mode": mode}
        # As a hand does: a replay may have come to where the model was opened or closed.
        told |= {(move.scenario, move.lever): move for move in plans.throttles.advance(at)}
        effect = plans.do(kind, value, at=at, **fields)
        for move in effect.moves:
            assert move.course is None or move.course[0].start_s == at
            told[move.scenario, move.lever] = move
        progress = plans.throttles._standing.progress.values()
        next_s = min(each.due_s() for each in progress)
        for later_s in (0.0, 1.0, ramp_s, 17.0, 1000.0):
            if at + later_s >= next_s:
                # From then on it is as the next advance says.
                continue
            assert 0 <= (plans.throttles.target(VUS, at + later_s) or 0) <= 100 + 1e-9
            assert 0 <= (plans.throttles.target(RATE, at + later_s) or 0) <= 200 + 1e-9
            # What the workers were told last is what is shown, at any time after.
            for state in plans.throttles.states(at + later_s, {}):
                move = told.get((state.scenario, state.lever))
                if move is not None and (move.end_s is None or at + later_s < move.end_s):
                    assert state.target == courses.target(move.course, at + later_s)
