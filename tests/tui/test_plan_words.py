"""What is typed about the plan."""

import pytest
from msgspec.structs import replace

from vumeter.model.throttle import CommandKind, Lever, ResumeMode, StageSpan, ThrottleState
from vumeter.tui.prompt import Intent, Refusal, read

STAGED = ThrottleState(
    scenario="shop",
    lever=Lever.VUS,
    requested=100.0,
    acknowledged=100.0,
    target=50.0,
    actual=50.0,
    eta_s=5.0,
    held=False,
    limit=500.0,
    step=10.0,
    stages=(
        StageSpan(kind="ramp up", start_s=0.0, end_s=10.0, target=100.0),
        StageSpan(kind="steady", start_s=10.0, end_s=30.0, target=100.0),
    ),
    stage=0,
)
PLAIN = replace(STAGED, stages=(), stage=None)
WAITING = replace(PLAIN, begins_in_s=20.0)


def answer(line: str, state: ThrottleState = STAGED) -> Intent | Refusal:
    return read(line, levers=(state,), active=state, author="ann")


@pytest.mark.parametrize(
    ("line", "state", "kind", "preview"),
    [
        ("skip", STAGED, CommandKind.SKIP_STAGE, "stage 1/2 is over"),
        (
            "skip",
            replace(STAGED, stage=1),
            CommandKind.SKIP_STAGE,
            "stage 2/2 is over, and with it the schedule",
        ),
        ("skip", WAITING, CommandKind.SKIP_STAGE, "the wait for shop is over"),
        ("extend 30s", STAGED, CommandKind.EXTEND_STAGE, "stage 1/2 takes 30s more"),
        ("Extend 1m 30s", PLAIN, CommandKind.EXTEND_STAGE, "the run takes 1m30s more"),
        ("plan", STAGED, CommandKind.RESUME_PLAN, "back to where the plan would be by now"),
    ],
)
def test_a_line_about_the_plan_says_what_it_will_do(
    line: str, state: ThrottleState, kind: CommandKind, preview: str
) -> None:
    intent = answer(line, state)
    assert isinstance(intent, Intent)
    assert (intent.command.kind, intent.command.scenario) == (kind, "shop")
    assert intent.preview == preview


def test_workers_are_those_of_the_whole_run() -> None:
    intent = answer("workers 4")
    assert isinstance(intent, Intent)
    assert (intent.command.kind, intent.command.value) == (CommandKind.WORKERS, 4)
    assert intent.preview == "worker processes are added, until there are 4"
    for line in ("workers", "workers 4 over 3s", "workers many"):
        assert isinstance(answer(line), Refusal)


def test_an_extension_carries_its_seconds_and_a_return_its_way() -> None:
    extended, back = answer("extend 90"), answer("plan continue")
    assert isinstance(extended, Intent)
    assert isinstance(back, Intent)
    assert extended.command.value == 90
    assert back.command.mode is ResumeMode.CONTINUE


def test_a_held_plan_continues_unless_told_otherwise() -> None:
    intent = answer("plan", replace(STAGED, held=True))
    assert isinstance(intent, Intent)
    assert intent.command.mode is None
    assert "on from where the plan was left" in intent.preview


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("extend", "By how long?"),
        ("extend soon", "not a duration"),
        ("plan b", "no way back"),
    ],
)
def test_what_is_unclear_about_the_plan_is_refused(line: str, reason: str) -> None:
    refusal = answer(line)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason


def test_without_stages_there_is_nothing_to_skip() -> None:
    refusal = answer("skip", PLAIN)
    assert isinstance(refusal, Refusal)
    assert "no stages" in refusal.reason
