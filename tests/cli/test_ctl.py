"""Words to commands."""

import pytest

from vumeter.cli.ctl import parse
from vumeter.errors import UsageError
from vumeter.model.throttle import Command, CommandKind, Lever, ResumeMode

VUS, RATE = Lever.VUS, Lever.RATE


def a(
    kind: CommandKind,
    lever: Lever | None = None,
    value: float | None = None,
    ramp_s: float = 0.0,
    mode: ResumeMode | None = None,
) -> Command:
    return Command(kind=kind, author="alice", lever=lever, value=value, ramp_s=ramp_s, mode=mode)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("set 20", a(CommandKind.SET, None, 20)),
        ("set vus 20", a(CommandKind.SET, VUS, 20)),
        ("set VU 20 over 5s", a(CommandKind.SET, VUS, 20, 5)),
        ("set vus 1k in 1m30s", a(CommandKind.SET, VUS, 1000, 90)),
        ("set rate 450/s", a(CommandKind.SET, RATE, 450)),
        ("set rps 90/m over 250ms", a(CommandKind.SET, RATE, 1.5, 0.25)),
        ("step 5", a(CommandKind.STEP, None, 5)),
        ("step +5", a(CommandKind.STEP, None, 5)),
        ("step vus -5", a(CommandKind.STEP, VUS, -5)),
        ("step rate -50 over 2s", a(CommandKind.STEP, RATE, -50, 2)),
        ("scale +10%", a(CommandKind.SCALE, None, 10)),
        ("scale rate -2.5%", a(CommandKind.SCALE, RATE, -2.5)),
        ("scale 10", a(CommandKind.SCALE, None, 10)),
        ("hold", a(CommandKind.HOLD)),
        ("resume-plan", a(CommandKind.RESUME_PLAN)),
        ("resume-plan rejoin", a(CommandKind.RESUME_PLAN, mode=ResumeMode.REJOIN)),
        ("resume-plan continue", a(CommandKind.RESUME_PLAN, mode=ResumeMode.CONTINUE)),
        ("skip-stage", a(CommandKind.SKIP_STAGE)),
        ("workers 4", a(CommandKind.WORKERS, None, 4)),
        ("extend-stage 1m30s", a(CommandKind.EXTEND_STAGE, None, 90)),
        ("panic", a(CommandKind.PANIC)),
        ("profile", a(CommandKind.PROFILE)),
        ("profile for 30s", a(CommandKind.PROFILE, None, 30)),
        ("manual", a(CommandKind.MANUAL)),
    ],
)
def test_words_are_commands(line: str, command: Command) -> None:
    assert parse(line.split(), author="alice") == command


def test_sessions_and_statements_of_the_database_are_named() -> None:
    assert parse(["end-backend", "811"], author="alice").pid == 811
    assert parse(["profile", "pid", "811", "for", "5s"], author="alice").pid == 811
    assert parse(["explain", "-73100"], author="alice").statement == "-73100"
    with pytest.raises(UsageError, match="Which session"):
        parse(["cancel-backend", "that", "one"], author="alice")


def test_a_mark_carries_the_rest_as_its_note() -> None:
    assert parse(["mark", "deploy", "42"], author="alice").note == "deploy 42"
    assert parse(["mark", "deploy 42"], author="alice").note == "deploy 42"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("faster", "not a command"),
        ("set", "cannot be understood"),
        ("set vus", "cannot be understood"),
        ("set vus 20 soon", "cannot be understood"),
        ("set vus 20 over", "cannot be understood"),
        ("set vus twenty", "not a whole number"),
        ("set +5", "a target has no sign"),
        ("set rate fast", "not a rate"),
        ("scale much", "not a percentage"),
        ("set 20 over soon", "not a duration"),
        ("pause now", "takes nothing more"),
        ("stop vus", "takes nothing more"),
        ("hold rate", "takes nothing more"),
        ("resume-plan sometime", "no way back to a plan"),
        ("extend-stage", "by how long"),
        ("workers", "how many"),
        ("extend-stage soon", "not a duration"),
    ],
)
def test_other_words_are_refused_with_a_reason(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(line.split(), author="alice")


def test_a_probe_takes_slos_and_a_cruise_one_set_point() -> None:
    assert parse(["probe", "p95 < 1s", "errors < 1%"], author="a").aims == (
        "p95 < 1s",
        "errors < 1%",
    )
    assert parse(["cruise", "p95", "250ms"], author="a").aims == ("p95 250ms",)
