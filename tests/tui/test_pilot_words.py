"""What is typed to let somebody else drive."""

import pytest

from vumeter.model.throttle import CommandKind, Lever, ThrottleState
from vumeter.tui.prompt import Intent, Refusal, read

RATE = ThrottleState(
    scenario="main",
    lever=Lever.RATE,
    requested=20.0,
    acknowledged=20.0,
    target=20.0,
    actual=20.0,
    eta_s=0.0,
    held=False,
    limit=1000.0,
    step=1.0,
)


def typed(line: str) -> Intent | Refusal:
    return read(line, levers=(RATE,), active=RATE, author="alice")


def test_a_probe_says_what_it_will_hold() -> None:
    intent = typed("probe p95 < 300ms, errors < 1%")
    assert isinstance(intent, Intent)
    assert intent.command.kind is CommandKind.PROBE
    assert intent.command.aims == ("p95 < 300ms", "errors < 1%")
    assert intent.command.lever is Lever.RATE
    assert "p95<300ms, err<1%" in intent.preview


def test_without_an_slo_the_plans_thresholds_are_meant() -> None:
    intent = typed("probe")
    assert isinstance(intent, Intent)
    assert intent.command.aims == ()
    assert "the plan's thresholds" in intent.preview


def test_a_cruise_keeps_one_set_point() -> None:
    intent = typed("cruise p95 250ms")
    assert isinstance(intent, Intent)
    assert (intent.command.kind, intent.command.aims) == (CommandKind.CRUISE, ("p95 250ms",))
    assert intent.preview == "cruise: keep p95 250ms"


@pytest.mark.parametrize("line", ["manual", "cruise off"])
def test_the_throttle_is_taken_back_by_a_word(line: str) -> None:
    intent = typed(line)
    assert isinstance(intent, Intent)
    assert intent.command.kind is CommandKind.MANUAL


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("probe quick < 1s", "no metric"),
        ("cruise", "no set point"),
        ("probe p95", "does not compare"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(line: str, reason: str) -> None:
    refusal = typed(line)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
