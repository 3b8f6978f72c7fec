"""A hand on the throttle, seen from the server: it gets what was asked for, and all is counted."""

import signal
import time
from bisect import bisect_right
from itertools import pairwise
from pathlib import Path

import pytest

from vumeter.model.throttle import CommandKind, Lever
from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

LOOK_S = 0.6
"""How long the server is looked at where a rate, or silence, is to be seen."""


def test_vus_that_are_raised_and_lowered_come_and_go_at_the_server() -> None:
    with ServerProcess("--law", "fixed:5ms") as server:
        with Flight(server.url, "-c", "4", "--workers", "2") as flight:
            server.wait_for_requests(20)
            flight.tell("set", "vus", "30")
            server.wait_until(lambda truth: truth["connections_open"] == 30)
            flight.tell("step", "-10")
            server.wait_until(lambda truth: truth["connections_open"] == 20)
            flight.tell("panic")
            server.wait_until(lambda truth: truth["connections_open"] == 1)
            flight.tell("undo")
            server.wait_until(lambda truth: truth["connections_open"] == 20)
            flight.tell("stop")
            landing = flight.land()
        truth = server.truth()
    assert (landing.exit_code, landing.complaints) == (0, "")
    assert landing.report["run"]["stop"] == "stopped"
    # Lowering let every iteration in flight end: none is an error, none is missing.
    assert landing.errors == {}
    assert landing.requests == truth["requests"] == truth["answered"]
    # Counted at the end of each second: the 30 may have come and gone between two of them.
    assert 20 <= landing.report["run"]["vus_max"] <= 30
    kinds = [entry["kind"] for entry in landing.report["journal"]]
    assert kinds == ["set", "step", "panic", "undo", "stop"]
    assert all(entry["acknowledged_s"] is not None for entry in landing.report["journal"])


def test_a_pause_is_silence_at_the_server_and_a_resume_ends_it() -> None:
    with ServerProcess("--law", "fixed:5ms") as server:
        with Flight(server.url, "-c", "5") as flight:
            server.wait_for_requests(50)
            flight.tell("pause")
            quiet = server.wait_until(lambda truth: truth["requests"] == truth["answered"])
            time.sleep(LOOK_S)
            assert server.truth()["requests"] == quiet["requests"]
            assert server.truth()["connections_open"] == 5, "the VUs stay"
            flight.tell("resume")
            server.wait_for_requests(quiet["requests"] + 50)
            flight.tell("stop")
            landing = flight.land()
        truth = server.truth()
    assert landing.requests == truth["requests"]
    assert landing.errors == {}


def test_a_closed_run_can_be_opened_at_a_rate_and_closed_again() -> None:
    with ServerProcess() as server:
        with Flight(server.url, "-c", "20") as flight:
            server.wait_for_requests(50)
            flight.tell("set", "rate", "100")
            # The end of the last closed lap, and with it the beginning of the open model.
            settled = server.truth()["requests"]
            time.sleep(LOOK_S)
            seen = server.truth()["requests"] - settled
            flight.tell("close")
            server.wait_for_requests(settled + seen + 1000)
            flight.tell("stop")
            landing = flight.land()
        truth = server.truth()
    # 100/s for the look, and a command's own way of some 0.1 s; closed it were thousands.
    assert LOOK_S * 100 * 0.8 <= seen <= (LOOK_S + 0.5) * 100
    assert landing.requests == truth["requests"]
    assert landing.errors == {}


def test_a_raised_rate_begins_at_once_and_makes_no_catch_up_burst() -> None:
    with ServerProcess() as server:
        flags = ("-q", "20", "-c", "50", "--workers", "2")
        with Disturbance() as disturbance, Flight(server.url, *flags) as flight:
            server.wait_for_requests(20)
            flight.tell("set", "rate", "400")
            server.wait_for_requests(300)
            flight.tell("set", "rate", "50")
            server.wait_for_requests(server.truth()["requests"] + 30)
            flight.tell("stop")
            landing = flight.land()
        arrivals_ns = server.arrivals_ns()
    totals = landing.report["totals"]
    assert landing.requests == len(arrivals_ns) == totals["iterations_due"] - totals["dropped"]
    # What a busy machine holds up arrives together with what comes next.
    held_up_ms = max(disturbance.max_ms, landing.report["generator"]["tick_lag_ms"]["max"])
    window_ms = 100
    # No tenth of a second has more than the highest rate asks of it: 40, and 19 times as
    # many in a burst that caught up on the second before.
    most = max(
        bisect_right(arrivals_ns, at + window_ms * 1e6) - i for i, at in enumerate(arrivals_ns)
    )
    assert most <= 400 * (window_ms + held_up_ms) / 1000 * 1.1 + 2
    # Nor is there a hole: the longest gap is that of the lowest rate, and a way's jitter.
    gap_ms = max(after - before for before, after in pairwise(arrivals_ns)) / 1e6
    assert gap_ms <= 50 + 20 + 2 * held_up_ms


def test_a_frozen_run_process_costs_the_target_no_request_and_the_report_no_sample() -> None:
    with ServerProcess("--law", "fixed:5ms") as server:
        with Flight(server.url, "-c", "10", "--workers", "2", "-z", "5s") as flight:
            before = server.wait_until(lambda truth: truth["requests"] >= 200)
            flight.process.send_signal(signal.SIGSTOP)
            time.sleep(2.0)
            meanwhile = server.truth()["requests"] - before["requests"]
            flight.process.send_signal(signal.SIGCONT)
            landing = flight.land()
        truth = server.truth()
    # Ten VUs make at most 400 in 2 s at 50 ms each; on an idle machine they make 3,500.
    assert meanwhile > 400
    assert (landing.errors, landing.requests) == ({}, truth["requests"])


WITHIN_S = 1.0
"""How soon after its ramp a target has to be reached."""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('vus = 4\nduration = "60s"', id="constant-vus"),
        pytest.param(
            'start_vus = 4\nstages = [{ duration = "60s", target = 4 }]', id="ramping-vus"
        ),
        pytest.param(
            'executor = "shared-iterations"\nvus = 4\niterations = 100000', id="shared-iterations"
        ),
        pytest.param(
            'executor = "per-vu-iterations"\nvus = 4\niterations = 100000', id="per-vu-iterations"
        ),
    ],
)
def test_vus_of_each_executor_are_where_they_are_wanted_within_a_second_of_the_ramp(
    body: str, tmp_path: Path
) -> None:
    path = tmp_path / "profile.toml"
    with ServerProcess("--law", "fixed:20ms") as server:
        path.write_text(f'target = "{server.url}"\n[scenarios.main]\nsteps = ["/"]\n{body}')
        with (
            Disturbance() as disturbance,
            Flight(str(path), "--workers", "2") as flight,
        ):
            server.wait_until(lambda truth: truth["connections_open"] == 4)
            flight.command(CommandKind.SET, lever=Lever.VUS, value=24.0, ramp_s=1.0)
            server.wait_until(lambda truth: truth["connections_open"] == 24)
            flight.command(CommandKind.SET, lever=Lever.VUS, value=6.0)
            server.wait_until(lambda truth: truth["connections_open"] == 6)
            flight.command(CommandKind.STOP)
            landing = flight.land()
        opened_s, closed_s = map(landing.run_times_s, server.connections_ns())
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    raised_s, lowered_s, _ = (entry["at_s"] for entry in landing.report["journal"])
    late_s = 2 * max(disturbance.max_ms, landing.lag_max_ms) / 1000
    assert landing.errors == {}
    # The 24th came with the end of the ramp, and the 18 that had to go went when told.
    assert raised_s + 0.9 <= opened_s[23] <= raised_s + 1.0 + WITHIN_S + late_s
    assert lowered_s - 0.01 <= closed_s[0] <= closed_s[17] <= lowered_s + WITHIN_S + late_s
    # A VU waits for its answer: no more can come in a span than all of them bring about.
    busiest = max(bisect_right(arrivals_s, at + 0.1) - i for i, at in enumerate(arrivals_s))
    assert busiest <= 24 * (1 + (0.1 + late_s) / 0.02)


def test_a_rate_that_is_constant_is_another_within_a_second_of_the_ramp_and_no_burst(
    tmp_path: Path,
) -> None:
    path = tmp_path / "profile.toml"
    with ServerProcess() as server:
        path.write_text(
            f'target = "{server.url}"\n[scenarios.main]\nsteps = ["/"]\n'
            'rate = "50/s"\nmax_vus = 200\nduration = "5s"'
        )
        with Disturbance() as disturbance, Flight(str(path), "--workers", "2") as flight:
            server.wait_for_requests(30)
            flight.command(CommandKind.SET, lever=Lever.RATE, value=250.0, ramp_s=1.0)
            server.wait_for_requests(250)
            flight.command(CommandKind.RESUME_PLAN)
            landing = flight.land()
        arrivals_s = landing.run_times_s(server.arrivals_ns())
    set_s, back_s = (entry["at_s"] for entry in landing.report["journal"])
    late_s = (max(disturbance.max_ms, landing.report["latency_ms"]["max"]) + 10) / 1000

    def detour(until_s: float) -> float:
        """Return what the hand asked for by then beyond the 50/s."""
        ramped_s = min(1.0, max(0.0, until_s - set_s))
        return 200 * (ramped_s**2 / 2 + max(0.0, until_s - set_s - 1.0))

    # At any time as many as were asked for: the ramp is followed, and the plan rejoined.
    for tenth in range(50):
        at_s = tenth / 10
        asked = [
            50 * when + detour(min(when, back_s)) for when in (max(0.0, at_s - late_s), at_s + 0.01)
        ]
        assert asked[0] * 0.99 - 2 <= bisect_right(arrivals_s, at_s) <= asked[1] * 1.01 + 2
    assert landing.report["duration_s"] == pytest.approx(5.0, abs=0.5)
