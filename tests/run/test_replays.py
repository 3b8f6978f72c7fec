"""A replay: from a moment on, every lever goes again where it went until then."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.model.flow import Request
from vumeter.model.plan import Limits, Load, Plan, Scenario, Shape, Stage
from vumeter.model.throttle import NO_THROTTLES, Command, CommandKind, Lever, ThrottleState
from vumeter.run.throttles import Effect, Throttles

K = CommandKind
VUS, RATE = Lever.VUS, Lever.RATE
HOME = Request(name="GET /", url="http://127.0.0.1/")
LIMITS = Limits(max_vus=100, max_rate_per_s=500)
GRAIN_S = 0.25

Told = tuple[float, CommandKind, dict[str, object]]


class Run:
    """Levers that are looked at four times a second."""

    def __init__(self, *loads: Load) -> None:
        scenarios = tuple(
            Scenario(name=f"s{number}", steps=(HOME,), load=load)
            for number, load in enumerate(loads, start=1)
        )
        self.throttles = Throttles(Plan(name="p", scenarios=scenarios, limits=LIMITS))
        self.at_s = 0.0
        self.seen: list[dict[tuple[str, Lever], float]] = []

    def until(self, at_s: float) -> None:
        """Let time go by; targets are seen in the middle of each grain."""
        while self.at_s < at_s:
            middle_s = self.at_s + GRAIN_S / 2
            self.throttles.advance(middle_s)
            states = self.throttles.states(middle_s, {})
            self.seen.append({(each.scenario, each.lever): each.target for each in states})
            self.at_s += GRAIN_S

    def tell(self, kind: CommandKind, **arguments: object) -> Effect:
        command = Command(kind=kind, author="a", **arguments)  # type: ignore[arg-type]
        return self.throttles.apply(command, serial=1, at_s=self.at_s)

    def drive(self, *told: Told, until_s: float) -> None:
        for at_s, kind, arguments in told:
            self.until(at_s)
            assert self.tell(kind, **arguments).accepted
        self.until(until_s)

    def state(self, lever: Lever = VUS) -> ThrottleState:
        states = self.throttles.states(self.at_s, {})
        return next(each for each in states if each.lever is lever)


RAMP = Load(vus=1, stages=(Stage(duration_s=10, target=50), Stage(duration_s=50, target=50)))
SINE = Load(
    vus=20,
    rate_per_s=10,
    stages=(
        Stage(duration_s=20, target=100, shape=Shape.SINE),
        Stage(duration_s=10, target=40, shape=Shape.STEP),
        Stage(duration_s=30, target=40),
    ),
)
STEADY = Load(vus=10, duration_s=60)


@pytest.mark.parametrize(
    ("loads", "told"),
    [
        pytest.param([STEADY], [], id="as-planned"),
        pytest.param([RAMP], [], id="a-ramp"),
        pytest.param([SINE], [(12, K.SET, {"value": 20.0}), (17, K.UNDO, {})], id="sine-and-undo"),
        pytest.param(
            [STEADY],
            [(5, K.SET, {"value": 30.0}), (20, K.SET, {"value": 5.0, "ramp_s": 10.0})],
            id="set-and-ramped",
        ),
        pytest.param(
            [RAMP], [(5, K.HOLD, {}), (15, K.RESUME_PLAN, {})], id="a-hold-is-time-at-its-target"
        ),
        pytest.param([RAMP], [(3, K.SKIP_STAGE, {})], id="stage-skipped"),
        pytest.param([RAMP], [(3, K.EXTEND_STAGE, {"value": 10.0})], id="stage-extended"),
        pytest.param(
            [STEADY],
            [
                (10, K.SET, {"lever": RATE, "value": 50.0}),
                (15, K.SET, {"lever": RATE, "value": 90.0, "ramp_s": 5.0}),
                (24, K.CLOSE, {}),
                (26, K.SET, {"lever": RATE, "value": 20.0}),
            ],
            id="opened-and-closed",
        ),
        pytest.param(
            [STEADY, SINE, Load(vus=3, start_s=8, duration_s=40)],
            [(10, K.PANIC, {}), (12, K.SET, {"value": 80.0}), (20, K.SET, {"value": 2.0}),
             (21, K.SET, {"value": 60.0, "lever": VUS, "scenario": "s3"})],
            id="several-scenarios",
        ),
        pytest.param(
            [Load(vus=10, start_s=20, duration_s=30)], [(4, K.SKIP_STAGE, {})], id="wait-skipped"
        ),
    ],
)  # fmt: skip
def test_every_target_is_again_where_it_was(loads: list[Load], told: list[Told]) -> None:
    run = Run(*loads)
    run.drive(*told, until_s=30)
    assert run.tell(K.REPLAY).accepted
    run.until(60)
    half = len(run.seen) // 2
    for before, again in zip(run.seen[:half], run.seen[half:], strict=True):
        assert again == pytest.approx(before, abs=1e-6)
    assert run.throttles.end_s == 60
    assert len({tuple(seen.values()) for seen in run.seen}) > 1 or not told


def test_its_stages_are_the_ramps_and_what_stayed_between_them() -> None:
    run = Run(STEADY)
    run.drive((5, K.SET, {"value": 30.0, "ramp_s": 4.0}), until_s=20)
    run.tell(K.REPLAY)
    stages = [(each.kind, each.start_s, each.end_s, each.target) for each in run.state().stages]
    assert stages == [
        ("steady", 20, 25, 10), ("ramp up", 25, 29, 30), ("steady", 29, 40, 30)
    ]  # fmt: skip


def test_a_pause_is_driven_again_as_a_time_without_load() -> None:
    run = Run(STEADY)
    run.drive((10, K.PAUSE, {}), (20, K.RESUME, {}), until_s=30)
    effect = run.tell(K.REPLAY)
    assert "1 pause" in effect.message
    run.until(60)
    targets = [seen["s1", VUS] for seen in run.seen[len(run.seen) // 2 :]]
    assert targets == [10.0] * 40 + [0.0] * 40 + [10.0] * 40


def test_a_load_that_is_paused_is_resumed_first() -> None:
    run = Run(STEADY)
    run.drive((10, K.PAUSE, {}), until_s=12)
    assert run.tell(K.REPLAY).message == "The load is paused: resume it, then replay"


def test_it_says_what_it_drives_again_and_when_that_ends() -> None:
    run = Run(STEADY)
    run.drive(
        (1, K.SET, {"value": 30.0}), (2, K.SET, {"value": 40.0}),
        (3, K.SET, {"lever": RATE, "value": 9.0}), until_s=12
    )  # fmt: skip
    effect = run.tell(K.REPLAY)
    assert effect.message == (
        "replay the first 12 s: 2 changes of VU, 1 change of RPS; then the schedule ends, in 12 s"
    )
    assert effect.label == "replay"


def test_a_run_without_an_end_has_none_after_it_and_stays_where_it_was_led() -> None:
    run = Run(Load(vus=10))
    run.drive((5, K.SET, {"value": 30.0}), until_s=10)
    assert run.tell(K.REPLAY).message.endswith("then stays where that led: no end")
    run.until(12)
    assert (run.state().target, run.state().replays) == (10, True)
    run.until(40)
    assert (run.throttles.end_s, run.state().target, run.state().replays) == (None, 30, False)


def test_what_is_counted_or_over_is_not_done_anew_and_what_waits_waits_longer() -> None:
    waits = Load(vus=5, start_s=50, duration_s=10)
    run = Run(STEADY, Load(vus=4, iterations=100), Load(vus=3, duration_s=5), waits)
    run.drive(until_s=10)
    message = run.tell(K.REPLAY).message
    assert "s2 goes on: its iterations are counted, and not done anew" in message
    assert "s3 has ended and stays so" in message
    run.until(80)
    assert [seen["s4", VUS] for seen in run.seen] == [0.0] * 240 + [5.0] * 40 + [0.0] * 40
    assert {seen["s3", VUS] for seen in run.seen[40:]} == {0.0}


def test_nothing_but_counted_iterations_is_refused() -> None:
    run = Run(Load(vus=4, iterations=100))
    run.drive(until_s=5)
    effect = run.tell(K.REPLAY)
    assert not effect.accepted
    assert effect.message.startswith("Nothing can be driven again: s1 goes on")


def test_undo_takes_it_back_to_where_the_plan_would_be() -> None:
    run = Run(RAMP)
    run.drive((4, K.SET, {"value": 7.0}), (6, K.RESUME_PLAN, {}), until_s=20)
    assert run.throttles.end_s == 60
    run.tell(K.REPLAY)
    assert run.throttles.end_s == 40
    run.until(25)
    assert run.state().replays
    assert run.tell(K.UNDO).accepted
    assert (run.throttles.end_s, run.state().target, run.state().replays) == (60, 50, False)


def test_a_hand_on_the_lever_leaves_it_and_resume_plan_goes_back_to_it() -> None:
    run = Run(STEADY)
    run.drive((5, K.SET, {"value": 30.0}), (8, K.SET, {"value": 20.0}), until_s=10)
    run.tell(K.REPLAY)
    run.until(12)
    assert "off the plan" in run.tell(K.SET, value=77.0).message
    run.until(16)
    assert (run.state().target, run.state().replays, run.state().off_plan) == (77, False, True)
    run.tell(K.RESUME_PLAN)
    assert (run.state().target, run.state().replays) == (30, True)


def test_a_panic_ends_it() -> None:
    run = Run(STEADY)
    run.drive((5, K.SET, {"value": 30.0}), until_s=10)
    run.tell(K.REPLAY)
    run.until(12)
    assert run.tell(K.PANIC).accepted
    run.until(20)
    assert {seen["s1", VUS] for seen in run.seen[48:]} == {1.0}


def test_a_replay_that_is_held_puts_off_also_what_opens_the_model_later() -> None:
    run = Run(Load(vus=10))
    run.drive((5, K.SET, {"lever": RATE, "value": 50.0}), until_s=10)
    run.tell(K.REPLAY)
    run.until(12)
    run.tell(K.HOLD)
    run.until(20)
    run.tell(K.RESUME_PLAN)
    run.until(22.5)
    assert len(run.throttles.states(22.5, {})) == 1
    run.until(24)
    assert run.state(RATE).target == 50


def test_a_stage_of_it_can_be_skipped_into_an_opened_model() -> None:
    run = Run(Load(vus=10))
    run.drive((5, K.SET, {"lever": RATE, "value": 50.0}), until_s=10)
    run.tell(K.REPLAY)
    run.until(12)
    assert run.tell(K.SKIP_STAGE).accepted
    run.until(12.25)
    assert run.state(RATE).target == 50


def test_two_that_changed_places_within_the_limit_do_so_again() -> None:
    run = Run(Load(vus=90), Load(vus=5))
    run.drive(
        (5, K.SET, {"value": 5.0}), (5, K.SET, {"value": 90.0, "scenario": "s2"}), until_s=10
    )  # fmt: skip
    assert "clamped" not in run.tell(K.REPLAY).message
    run.until(20)
    assert run.seen[40:] == run.seen[:40]


def test_more_stages_than_frames_can_carry_are_refused() -> None:
    run = Run(Load(vus=10))
    for turn in range(600):
        run.drive((turn, K.SET, {"value": float(turn % 50)}), until_s=turn + 1)
    assert "export-profile" in run.tell(K.REPLAY).message


TOLD = st.tuples(
    st.sampled_from([*K]).filter(
        lambda kind: kind not in NO_THROTTLES and kind not in (K.PAUSE, K.RESUME)
    ),
    st.sampled_from([None, VUS, RATE]),
    st.sampled_from(["s1", "s2"]),
    st.integers(0, 600),
    st.sampled_from([0.0, 0.5, 3.0]),
    st.sampled_from([0.25, 1.0, 2.5]),
)


@settings(max_examples=60)
@given(st.lists(TOLD, max_size=12))
def test_whatever_was_driven_is_driven_again_or_said_to_be_clamped(
    told: list[tuple[CommandKind, Lever | None, str, int, float, float]],
) -> None:
    run = Run(Load(vus=10), Load(vus=5, rate_per_s=20))
    for kind, lever, scenario, value, ramp_s, pause_s in told:
        run.until(run.at_s + pause_s)
        run.tell(kind, lever=lever, scenario=scenario, value=float(value), ramp_s=ramp_s)
    run.until(run.at_s + 1)
    length = len(run.seen)
    effect = run.tell(K.REPLAY)
    assert effect.accepted
    run.until(2 * run.at_s)
    for before, again in zip(run.seen[:length], run.seen[length:], strict=True):
        assert sum(at for (_, lever), at in again.items() if lever is VUS) <= 100 + 1e-6
        assert sum(at for (_, lever), at in again.items() if lever is RATE) <= 500 + 1e-6
        if "clamped" not in effect.message:
            assert again == pytest.approx(before, abs=1e-6)
