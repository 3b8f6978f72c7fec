"""The prompt's little language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.throttle import CommandKind, Lever, ThrottleState
from vumeter.tui.prompt import Intent, Refusal, amount, read

VUS = ThrottleState(
    scenario="shop",
    lever=Lever.VUS,
    requested=142.0,
    acknowledged=142.0,
    target=142.0,
    actual=140.0,
    eta_s=0.0,
    held=False,
    limit=500.0,
    step=10.0,
)
RATE = replace(VUS, lever=Lever.RATE, requested=400.0, target=400.0, limit=1000.0, step=20.0)


def obeyed(line: str, *levers: ThrottleState) -> Intent:
    known = levers or (VUS,)
    intent = read(line, levers=known, active=known[0], author="ann")
    assert isinstance(intent, Intent), intent
    return intent


def refused(line: str, *levers: ThrottleState) -> str:
    known = levers or (VUS,)
    refusal = read(line, levers=known, active=known[0], author="ann")
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


@pytest.mark.parametrize(
    ("line", "kind", "value", "ramp_s"),
    [
        ("vu 150", CommandKind.SET, 150.0, 0.0),
        ("vus 150", CommandKind.SET, 150.0, 0.0),
        ("VU 150", CommandKind.SET, 150.0, 0.0),
        ("vu150", CommandKind.SET, 150.0, 0.0),
        ("  vu   150  ", CommandKind.SET, 150.0, 0.0),
        ("150", CommandKind.SET, 150.0, 0.0),
        ("40", CommandKind.SET, 40.0, 0.0),
        ("0", CommandKind.SET, 0.0, 0.0),
        ("vu 40 over 5s", CommandKind.SET, 40.0, 5.0),
        ("vu 40 in 1m30s", CommandKind.SET, 40.0, 90.0),
        ("vu 40 over 90", CommandKind.SET, 40.0, 90.0),
        ("+10%", CommandKind.SCALE, 10.0, 0.0),
        ("-5% over 10s", CommandKind.SCALE, -5.0, 10.0),
        ("vu +12.5%", CommandKind.SCALE, 12.5, 0.0),
        ("-20", CommandKind.STEP, -20.0, 0.0),
        ("+ 20", CommandKind.STEP, 20.0, 0.0),
        ("vu +1k", CommandKind.STEP, 1000.0, 0.0),
    ],
)
def test_a_line_becomes_a_command_for_the_vus(
    line: str, kind: CommandKind, value: float, ramp_s: float
) -> None:
    command = obeyed(line).command
    assert (command.kind, command.value, command.ramp_s) == (kind, value, ramp_s)
    assert (command.scenario, command.lever, command.author) == ("shop", Lever.VUS, "ann")


@pytest.mark.parametrize(
    ("line", "kind", "value", "ramp_s"),
    [
        ("rps 450 over 30s", CommandKind.SET, 450.0, 30.0),
        ("rate 450", CommandKind.SET, 450.0, 0.0),
        ("rps 90/m", CommandKind.SET, 1.5, 0.0),
        ("rps 1.5k", CommandKind.SET, 1500.0, 0.0),
        ("450", CommandKind.SET, 450.0, 0.0),
        ("-50", CommandKind.STEP, -50.0, 0.0),
    ],
)
def test_a_line_becomes_a_command_for_the_rate(
    line: str, kind: CommandKind, value: float, ramp_s: float
) -> None:
    command = obeyed(line, RATE, VUS).command
    assert (command.kind, command.value, command.ramp_s) == (kind, value, ramp_s)
    assert command.lever is Lever.RATE


def test_a_rate_can_be_opened_on_a_closed_run() -> None:
    intent = obeyed("rps 100")
    assert (intent.command.kind, intent.command.lever) == (CommandKind.SET, Lever.RATE)
    assert intent.preview == "RPS off → 100 at once"


def test_rps_off_closes_the_rate() -> None:
    assert obeyed("rps off", VUS, RATE).command.kind is CommandKind.CLOSE
    assert obeyed("off", RATE, VUS).command.kind is CommandKind.CLOSE


@pytest.mark.parametrize(
    ("line", "preview"),
    [
        ("vu 150 over 8s", "VU 142 → 150 over 8s"),
        ("+10%", "VU 142 → 156 at once"),
        ("-200", "VU 142 → 0 at once"),
        ("900 over 1m", "VU 142 → 500 over 1m, the run's limit (900 asked for)"),
    ],
)
def test_the_preview_says_what_will_happen(line: str, preview: str) -> None:
    assert obeyed(line).preview == preview


def test_a_percentage_moves_at_least_one_vu() -> None:
    few = replace(VUS, requested=10.0)
    assert obeyed("+5%", few).preview == "VU 10 → 11 at once"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "To which value?"),
        ("vu", "To which value?"),
        ("vu 1.5", "not a whole number"),
        ("vu 50%", 'Write "+50%" or "-50%"'),
        ("vu 40/s", "not a whole number"),
        ("vu off", "VUs cannot be off"),
        ("rps off", "No rate is set"),
        ("rps +10%", "No rate is set"),
        ("fps 60", '"fps" is not a lever'),
        ("vu 40 over", '"over" is unclear'),
        ("vu 40 over soon", '"soon" is not a duration'),
        ("vu 40 fast", '"fast" is unclear'),
        ("vu 4..0", "not a whole number"),
        ("$(reboot)", "is not a target"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(line: str, words: str) -> None:
    assert words in refused(line)


def test_off_over_time_is_refused() -> None:
    assert '"off" has no ramp' in refused("rps off over 5s", RATE)


def test_before_the_first_frame_nothing_can_be_moved() -> None:
    answer = read("vu 10", levers=(), active=None, author="ann")
    assert isinstance(answer, Refusal)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("vu 284", False),
        ("vu 285", True),
        ("vu 400 over 1s", True),
        ("vu 400 over 5s", False),
        ("vu 10", False),
    ],
)
def test_only_a_sudden_move_to_more_than_double_is_asked_about(line: str, asks: bool) -> None:
    assert bool(obeyed(line).asks) is asks


def test_a_few_more_vus_are_never_asked_about() -> None:
    assert not obeyed("vu 11", replace(VUS, requested=1.0)).asks


@given(st.text(max_size=40))
def test_no_line_makes_the_reader_stumble(line: str) -> None:
    answer = read(line, levers=(VUS, RATE), active=VUS, author="ann")
    assert isinstance(answer, Intent | Refusal)


@given(st.floats(min_value=0, max_value=1e6))
def test_an_amount_is_written_as_one_would_type_it(value: float) -> None:
    assert float(amount(value)) == pytest.approx(value, abs=0.051)
