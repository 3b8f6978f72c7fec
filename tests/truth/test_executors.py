"""
Executors as the server sees them: its arrivals against the closed form of their schedules.

The closed forms are integrals by the midpoint rule over the rate as a person would draw it,
not the code under test. Where a busy machine holds a request up, a thread of the test's own
that only sleeps knows for how long.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from vumeter.model.throttle import CommandKind, Lever, ResumeMode
from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight, Landing, fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Rate = Callable[[float], float]
"""Of run time."""


def held_up_s(landing: Landing, disturbance: Disturbance) -> float:
    """
    Return for how long a start may have been held up on its way to the server.

    A response time counts from when its iteration was due, so whatever was late has said so;
    an arrival that no response time accounts for is the schedule's fault.
    """
    admitted_ms = landing.report["latency_ms"]["max"]
    return float(max(disturbance.max_ms, admitted_ms) + 10) / 1000


def profile(folder: Path, url: str, *scenarios: str) -> str:
    """Write a profile with these scenarios, each the body of its table, and return its path."""
    tables = [
        f'[scenarios.s{number}]\nsteps = ["/s{number}"]\n{body}'
        for number, body in enumerate(scenarios)
    ]
    path = folder / "profile.toml"
    path.write_text("\n".join([f'target = "{url}"', *tables]))
    return str(path)


def area(rate: Rate, from_s: float, to_s: float, pieces: int = 4000) -> float:
    """Return how much *rate* asks for in a span."""
    width_s = (to_s - from_s) / pieces
    return width_s * sum(rate(from_s + (i + 0.5) * width_s) for i in range(pieces))


def farthest_off(arrivals_s: list[float], rate: Rate, end_s: float) -> float:
    """Return by how many starts, at most, the server was away from the schedule at any time."""
    edges_s = [end_s * i / 200 for i in range(201)]
    due, off = 0.0, 0.0
    for before_s, at_s in pairwise(edges_s):
        due += area(rate, before_s, at_s, pieces=40)
        off = max(off, abs(bisect_right(arrivals_s, at_s) - due))
    return off


def linear(begin: float, end: float, ramp_s: float) -> Rate:
    return lambda at_s: begin + (end - begin) * min(1.0, at_s / ramp_s)


def sine(begin: float, end: float, ramp_s: float) -> Rate:
    return lambda at_s: begin + (end - begin) * math.sin(math.pi * at_s / ramp_s / 2) ** 2


def step(begin: float, end: float, at: float) -> Rate:
    return lambda at_s: begin if at_s < at else end


@pytest.mark.parametrize(
    ("start", "stages", "rate", "workers"),
    [
        pytest.param(0, [("4s", 1000, "linear")], linear(0, 1000, 4), 2, id="linear"),
        pytest.param(800, [("4s", 0, "linear")], linear(800, 0, 4), 1, id="down-to-nothing"),
        pytest.param(100, [("4s", 900, "sine")], sine(100, 900, 4), 5, id="sine"),
        pytest.param(
            100,
            [("2s", 100, "linear"), ("2s", 700, "step")],
            step(100, 700, 2),
            2,
            id="step",
        ),
        pytest.param(
            100,
            [("2s", 100, "linear"), ("0s", 700, "linear"), ("2s", 700, "linear")],
            step(100, 700, 2),
            1,
            id="jump",
        ),
    ],
)
def test_a_ramp_of_arrivals_has_its_shape(
    start: int, stages: list[tuple[str, int, str]], rate: Rate, workers: int, tmp_path: Path
) -> None:
    tables = ", ".join(
        f'{{ duration = "{duration}", target = "{target}/s", shape = "{shape}" }}'
        for duration, target, shape in stages
    )
    body = f'start_rate = "{start}/s"\nmax_vus = 400\nstages = [{tables}]'
    with ServerProcess() as server:
        with Disturbance() as disturbance:
            landing = fly(profile(tmp_path, server.url, body), "--workers", f"{workers}")
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    totals = landing.report["totals"]
    asked = area(rate, 0, 4)
    # Number 0 is due at once, so ⌈asked⌉; one more or less where the integral is whole.
    assert totals["iterations_due"] == pytest.approx(asked, abs=1.01)
    assert totals["dropped"] <= 0.005 * asked
    # Within 1 % of all starts at any time; what was held up is late by so much of the rate.
    held_up = max(rate(i / 50) for i in range(200)) * held_up_s(landing, disturbance)
    off = farthest_off(arrivals_s, rate, 4.0)
    assert off <= 0.01 * asked + held_up + totals["dropped"]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize(
    ("body", "iterations"),
    [
        pytest.param("vus = 7\niterations = 50", 50, id="shared"),
        pytest.param('executor = "per-vu-iterations"\nvus = 7\niterations = 9', 63, id="per-vu"),
    ],
)
def test_a_number_of_iterations_is_done_exactly_and_ends_the_run(
    body: str, iterations: int, workers: int, tmp_path: Path
) -> None:
    with ServerProcess() as server:
        landing = fly(profile(tmp_path, server.url, body), "--workers", f"{workers}")
        truth = server.truth()
    assert landing.exit_code == 0
    assert landing.report["totals"]["iterations"] == truth["requests"] == iterations
    assert truth["connections"] == 7


def test_scenarios_run_at_once_and_one_after_another(tmp_path: Path) -> None:
    bodies = (
        'rate = "100/s"\nduration = "2s"',
        'rate = "200/s"\nstart_time = "1s"\nduration = "2s"',
        'executor = "per-vu-iterations"\nvus = 3\niterations = 4\nstart_time = "3s"',
    )
    with ServerProcess() as server:
        with Disturbance() as disturbance:
            landing = fly(profile(tmp_path, server.url, *bodies), "--workers", "2")
        arrivals_s, truth = landing.run_times_s(server.arrivals_ns()), server.truth()
    assert truth["paths"] == {"/s0": 200, "/s1": 400, "/s2": 12}
    late_s = held_up_s(landing, disturbance)
    for at_s, due in ((1.0, 100), (2.0, 400), (3.0, 600)):
        assert bisect_right(arrivals_s, at_s + late_s) >= due
        # What is due within the allowance after, besides: the 12 of the last at once.
        assert bisect_right(arrivals_s, at_s - 0.01) <= due + 1
    assert landing.report["run"]["stop"] == "schedule"


def test_iterations_that_outlast_their_vus_grace_are_interrupted_and_counted(
    tmp_path: Path,
) -> None:
    body = (
        'start_vus = 10\ngraceful_ramp_down = "300ms"\n'
        'stages = [{ duration = "1s", target = 10 }, { duration = "0s", target = 2 }, '
        '{ duration = "2s", target = 2 }]'
    )
    with ServerProcess("--law", "fixed:900ms") as server:
        landing = fly(profile(tmp_path, server.url, body))
        truth = server.truth()
    # Each VU is in its second request when eight of them have to go.
    assert landing.errors == {"interrupted": 8}
    assert truth["abandoned"] == 8
    assert landing.report["totals"]["iterations_interrupted"] == 8


# A hand on a plan


def commands(landing: Landing) -> list[float]:
    """Return when each command was given, in run time."""
    return [entry["at_s"] for entry in landing.report["journal"]]


def burst(arrivals_s: list[float], window_s: float) -> int:
    """Return the most arrivals in any window."""
    return max(bisect_right(arrivals_s, at + window_s) - i for i, at in enumerate(arrivals_s))


RAMP_S, TOP_PER_S = 6.0, 300.0
RAMP = (
    f'start_rate = "0/s"\nmax_vus = 200\n'
    f'stages = [{{ duration = "{RAMP_S:g}s", target = "{TOP_PER_S:g}/s" }}]'
)


def planned(until_s: float) -> float:
    """Return what `RAMP` has asked for by then."""
    return TOP_PER_S / RAMP_S * until_s**2 / 2


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", list(ResumeMode))
def test_a_plan_that_was_held_is_returned_to_without_a_burst(
    way: ResumeMode, workers: int, tmp_path: Path
) -> None:
    with ServerProcess() as server:
        flags = ("--workers", f"{workers}")
        with (
            Disturbance() as disturbance,
            Flight(profile(tmp_path, server.url, RAMP), *flags) as flight,
        ):
            server.wait_for_requests(20)
            flight.command(CommandKind.HOLD)
            server.wait_for_requests(server.truth()["requests"] + 40)
            flight.command(CommandKind.RESUME_PLAN, mode=way)
            landing = flight.land()
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    held_s, resumed_s = commands(landing)
    held_per_s = TOP_PER_S / RAMP_S * held_s
    held = held_per_s * (resumed_s - held_s)
    missed = planned(resumed_s) - planned(held_s) if way is ResumeMode.REJOIN else 0.0
    asked = planned(RAMP_S) + held - missed
    # A worker hears of a command a moment after it was given, and goes on as it was until
    # then; a held target is round, to three digits.
    late_s = held_up_s(landing, disturbance)
    slack = 0.01 * asked + 2 + TOP_PER_S * late_s
    assert len(arrivals_s) == pytest.approx(asked, abs=slack)
    ends_s = RAMP_S + (resumed_s - held_s if way is ResumeMode.CONTINUE else 0.0)
    assert landing.report["duration_s"] == pytest.approx(ends_s, abs=0.5)
    within = [at for at in arrivals_s if held_s + 0.05 < at < resumed_s - 0.05]
    assert len(within) > 20, "40 came while it was held"
    span_s = within[-1] - within[0]
    seen_per_s = (len(within) - 1) / span_s
    assert seen_per_s == pytest.approx(held_per_s, rel=0.05 + 2 * late_s / span_s)
    # No tenth of a second has more than the top of the ramp asks of it.
    most = TOP_PER_S * (0.1 + late_s)
    assert burst(arrivals_s, 0.1) <= most * 1.1 + 2


def test_a_detour_by_hand_is_reached_at_once_and_left_for_where_the_plan_would_be(
    tmp_path: Path,
) -> None:
    with ServerProcess() as server:
        with (
            Disturbance() as disturbance,
            Flight(profile(tmp_path, server.url, RAMP)) as flight,
        ):
            server.wait_for_requests(10)
            said = flight.command(CommandKind.SET, lever=Lever.RATE, value=200.0)
            assert "off the plan" in said
            server.wait_for_requests(200)
            flight.command(CommandKind.RESUME_PLAN)
            landing = flight.land()
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    set_s, resumed_s = commands(landing)
    late_s = held_up_s(landing, disturbance)
    detour = 200 * (resumed_s - set_s)
    asked = planned(set_s) + detour + planned(RAMP_S) - planned(resumed_s)
    assert len(arrivals_s) == pytest.approx(asked, abs=0.01 * asked + 2 + TOP_PER_S * late_s)
    # Reached within a second: by far, since a rate needs no time to be another.
    by_then = bisect_right(arrivals_s, set_s + 0.5) - bisect_right(arrivals_s, set_s)
    assert by_then == pytest.approx(100, abs=3 + 200 * late_s)
    assert burst(arrivals_s, 0.1) <= TOP_PER_S * (0.1 + late_s) * 1.1 + 2


def test_skipping_and_extending_stages_moves_what_the_server_sees(tmp_path: Path) -> None:
    body = (
        'start_rate = "50/s"\nmax_vus = 200\nstages = [{ duration = "60s", target = "50/s" }, '
        '{ duration = "0s", target = "200/s" }, { duration = "2s", target = "200/s" }]'
    )
    with ServerProcess() as server:
        with (
            Disturbance() as disturbance,
            Flight(profile(tmp_path, server.url, body), "--workers", "2") as flight,
        ):
            server.wait_for_requests(10)
            flight.command(CommandKind.SKIP_STAGE)
            flight.command(CommandKind.EXTEND_STAGE, value=1.5)
            landing = flight.land()
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    skipped_s, _ = commands(landing)
    asked = 50 * skipped_s + 200 * 3.5
    late_s = held_up_s(landing, disturbance)
    assert len(arrivals_s) == pytest.approx(asked, abs=0.01 * asked + 2 + 200 * late_s)
    assert landing.report["duration_s"] == pytest.approx(skipped_s + 3.5, abs=0.5)


def test_vus_on_a_plan_are_moved_by_hand_held_and_given_back(tmp_path: Path) -> None:
    body = 'start_vus = 4\npacing = "20ms"\nstages = [{ duration = "12s", target = 4 }]'
    with ServerProcess() as server:
        with Flight(profile(tmp_path, server.url, body), "--workers", "2") as flight:
            server.wait_until(lambda truth: truth["connections_open"] == 4)
            flight.tell("set", "vus", "12")
            server.wait_until(lambda truth: truth["connections_open"] == 12)
            flight.tell("resume-plan")
            server.wait_until(lambda truth: truth["connections_open"] == 4)
            flight.tell("undo")
            server.wait_until(lambda truth: truth["connections_open"] == 12)
            flight.tell("resume-plan")
            flight.tell("skip-stage")
            landing = flight.land()
        truth = server.truth()
    assert landing.errors == {}
    assert landing.requests == truth["requests"]
    assert landing.report["run"]["stop"] == "schedule"
