"""The open model: iterations come when they are due, and waiting counts from then on."""

import signal
import time

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight, fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


def arrival_rate_per_s(arrivals_ns: list[int], *, after: int) -> float:
    """Return the rate at the server from the arrival number *after* to the last one."""
    return (len(arrivals_ns) - 1 - after) / ((arrivals_ns[-1] - arrivals_ns[after]) / 1e9)


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_arrival_rate_is_exact(workers: str) -> None:
    with ServerProcess() as server:
        with Disturbance() as disturbance:
            landing = fly(server.url, "-q", "400", "-c", "200", "-z", "3s", "--workers", workers)
        truth, arrivals_ns = server.truth(), server.arrivals_ns()
    totals = landing.report["totals"]
    # From 0 to 3 s inclusive there are 1,201 due times; the last is the end itself.
    assert 1200 <= totals["iterations_due"] <= 1201
    assert totals["dropped"] == 0
    assert landing.requests == truth["requests"] == totals["iterations_due"]
    # ±0.5 % is the promise. The first second has the connecting of all VUs in it; of the two
    # that remain, the last arrival may have been held up as long as anything was.
    tolerance = 0.005 + disturbance.max_ms / 2000
    assert arrival_rate_per_s(arrivals_ns, after=400) == pytest.approx(400, rel=tolerance)


def test_a_stalled_server_shows_in_response_times_as_users_would_feel_it() -> None:
    rate_per_s, stall_s, duration_s = 100, 1.0, 4
    with ServerProcess() as server:
        flags = ("-q", f"{rate_per_s}", "-c", "200", "-z", f"{duration_s}s")
        with Disturbance() as disturbance, Flight(server.url, *flags) as flight:
            server.wait_for_requests(50)
            server.close_gate()
            closed_ns = time.monotonic_ns()
            time.sleep(stall_s)
            server.open_gate()
            stalled_ms = (time.monotonic_ns() - closed_ns) / 1e6
            landing = flight.land()
        truth = server.truth()
    assert landing.errors == {}
    assert landing.requests == truth["requests"]
    latency = landing.report["latency_ms"]
    # A quarter of all iterations are due within the stall, evenly: the k-th slowest waits
    # the stall less k / rate. Of 401, 1 % are 4, 5 % are 20 and 10 % are 40.
    expected_ms = {"p99": stalled_ms - 40, "p95": stalled_ms - 200, "p90": stalled_ms - 400}
    for name, expected in expected_ms.items():
        # 1.5 % is the promise. One iteration more or less is 10 ms, and the gate's own line
        # takes a few.
        tolerance_ms = 0.015 * expected + 15 + 2 * disturbance.max_ms
        assert latency[name] == pytest.approx(expected, abs=tolerance_ms), name
    assert latency["max"] == pytest.approx(stalled_ms, abs=20 + 2 * disturbance.max_ms)
    assert latency["p50"] < 20 + disturbance.max_ms, "most were not in the stall"


def test_a_frozen_generator_shows_in_response_times_and_hides_in_service_times() -> None:
    with ServerProcess() as server:
        with Flight(server.url, "-q", "100", "-c", "250", "-z", "5s") as flight:
            server.wait_for_requests(50)
            [worker] = flight.workers()
            worker.send_signal(signal.SIGSTOP)
            # Longer than a second is waited for: its own report comes late, too.
            time.sleep(2.0)
            worker.send_signal(signal.SIGCONT)
            landing = flight.land()
        truth = server.truth()
    report = landing.report
    # Iterations that were due while nobody could start them still start, late, and say so.
    assert landing.requests == truth["requests"] == report["totals"]["iterations_due"]
    assert report["latency_ms"]["p90"] > 1000, "two of five seconds, of which a quarter is 1.5 s"
    assert report["latency_ms"]["max"] > 1900
    assert report["service_ms"]["p90"] < 100, "seen from the sending, nothing has happened"
    assert report["generator"]["late_start_ratio"] > 0.3
    assert report["generator"]["tick_lag_ms"]["max"] > 1900
    assert report["generator"]["limited_seconds"] >= 1


def test_iterations_that_find_no_free_vu_are_counted_as_dropped() -> None:
    with ServerProcess("--law", "fixed:200ms") as server:
        # Four VUs at five iterations a second each do 20/s of 100/s.
        landing = fly(server.url, "-q", "100", "-c", "4", "-z", "2s")
        truth = server.truth()
    totals = landing.report["totals"]
    assert totals["requests"] == truth["requests"] == totals["iterations_started"]
    assert totals["requests"] + totals["dropped"] == totals["iterations_due"]
    assert 200 <= totals["iterations_due"] <= 201
    # 40 laps of 200 ms and a little more each; a busy machine makes it fewer.
    assert 30 <= totals["requests"] <= 44
