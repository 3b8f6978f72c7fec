"""A run as it was driven: the plan that comes out leads where the hands led."""

import pytest

from vumeter.model.flow import Request
from vumeter.model.plan import Load, Plan, Scenario, Shape, Stage
from vumeter.model.throttle import Command, CommandKind, JournalEntry, Lever
from vumeter.run.driven import driven
from vumeter.run.throttles import Throttles

K = CommandKind
HOME = Request(name="GET /", url="http://127.0.0.1/")


def plan_of(*loads: Load) -> Plan:
    return Plan(
        name="p",
        scenarios=tuple(
            Scenario(name=f"s{number}", steps=(HOME,), load=load)
            for number, load in enumerate(loads, start=1)
        ),
    )


def entry(number: int, second: float, kind: CommandKind, **arguments: object) -> JournalEntry:
    command = Command(kind=kind, author="a", **arguments)  # type: ignore[arg-type]
    return JournalEntry(
        id=number, second=second, at_unix_ms=0, command=command, accepted=True, effect=""
    )


def journal_of(*commands: tuple[float, CommandKind, dict[str, object]]) -> list[JournalEntry]:
    return [
        entry(number, second, kind, **arguments)
        for number, (second, kind, arguments) in enumerate(commands, start=1)
    ]


def targets(plan: Plan, journal: list[JournalEntry], lever: Lever, end_s: float) -> list[float]:
    """Return the targets in the middle of each second, as the run itself works them out."""
    throttles = Throttles(plan)
    waiting, found = list(journal), []
    for second in range(int(end_s)):
        at_s = second + 0.5
        while waiting and waiting[0].second <= at_s:
            each = waiting.pop(0)
            throttles.apply(each.command, serial=each.id, at_s=each.second)
        found.append(throttles.target(lever, at_s) or 0.0)
    return found


RAMP = Load(vus=1, stages=(Stage(duration_s=10, target=50), Stage(duration_s=30, target=50)))
RATE = Load(
    vus=20,
    rate_per_s=10,
    stages=(
        Stage(duration_s=20, target=100, shape=Shape.SINE),
        Stage(duration_s=10, target=40, shape=Shape.STEP),
        Stage(duration_s=10, target=40),
    ),
)


@pytest.mark.parametrize(
    ("load", "lever", "commands"),
    [
        pytest.param(
            Load(vus=10, duration_s=40),
            Lever.VUS,
            [(5, K.SET, {"value": 30.0}), (20, K.SET, {"value": 5.0, "ramp_s": 10.0})],
            id="vus-set-and-ramped",
        ),
        pytest.param(
            Load(vus=10, rate_per_s=100, duration_s=40),
            Lever.RATE,
            [(5, K.SET, {"value": 200.0, "ramp_s": 20.0}), (15, K.SET, {"value": 50.0})],
            id="a-ramp-cut-short",
        ),
        pytest.param(
            RAMP, Lever.VUS, [(5, K.HOLD, {}), (15, K.RESUME_PLAN, {})], id="held-and-resumed"
        ),
        pytest.param(RAMP, Lever.VUS, [(3, K.SKIP_STAGE, {})], id="stage-skipped"),
        pytest.param(RAMP, Lever.VUS, [(3, K.EXTEND_STAGE, {"value": 10.0})], id="stage-extended"),
        pytest.param(
            RATE, Lever.RATE, [(10, K.SET, {"value": 20.0}), (15, K.UNDO, {})], id="sine-and-undo"
        ),
        pytest.param(RATE, Lever.RATE, [(12, K.PANIC, {})], id="panic"),
    ],
)  # fmt: skip
def test_targets_over_time_are_those_that_were_driven(
    load: Load, lever: Lever, commands: list[tuple[float, CommandKind, dict[str, object]]]
) -> None:
    plan, journal, end_s = plan_of(load), journal_of(*commands), 39.0
    wanted = targets(plan, journal, lever, end_s)
    found = targets(driven(plan, journal, end_s=end_s), [], lever, end_s)
    # A curve is followed in pieces of a second, of which it strays by little; VUs are whole.
    assert found == pytest.approx(wanted, abs=0.6, rel=0.01)
    assert len(set(wanted)) > 1


def test_a_scenario_that_no_hand_moved_stays_as_it_was_planned() -> None:
    plan = plan_of(Load(vus=10, duration_s=40), RATE)
    made = driven(plan, journal_of((5, K.SET, {"value": 30.0, "scenario": "s1"})), end_s=40)
    assert made.scenarios[1] == plan.scenarios[1]
    assert made.scenarios[0] != plan.scenarios[0]


def test_a_run_that_was_stopped_ends_there() -> None:
    plan = plan_of(Load(vus=10))
    made = driven(plan, journal_of((7, K.STOP, {})), end_s=9)
    assert made.duration_s == 7


def test_what_was_refused_drives_nothing() -> None:
    plan = plan_of(Load(vus=10, duration_s=40))
    refused = JournalEntry(
        id=1,
        second=1,
        at_unix_ms=0,
        command=Command(kind=K.SET, author="a", value=-1),
        accepted=False,
        effect="",
    )
    assert driven(plan, [refused], end_s=40) == plan


def test_a_model_that_was_opened_and_closed_becomes_three_scenarios() -> None:
    plan = plan_of(Load(vus=10, duration_s=40))
    journal = journal_of((10, K.SET, {"lever": Lever.RATE, "value": 50.0}), (30, K.CLOSE, {}))
    first, second, third = driven(plan, journal, end_s=40).scenarios
    assert (first.load.vus, first.load.rate_per_s, first.load.end_s) == (10, None, 10)
    assert (second.load.rate_per_s, second.load.start_s, second.load.end_s) == (50, 10, 30)
    assert (third.load.vus, third.load.rate_per_s, third.load.end_s) == (10, None, 40)


def test_a_pause_is_a_time_without_load() -> None:
    plan = plan_of(Load(vus=10, duration_s=40))
    journal = journal_of((10, K.PAUSE, {}), (20, K.RESUME, {}))
    found = targets(driven(plan, journal, end_s=40), [], Lever.VUS, 39)
    assert found == [10.0] * 10 + [0.0] * 10 + [10.0] * 19
