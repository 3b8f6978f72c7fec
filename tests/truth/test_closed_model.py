"""The closed model and a stalled server: what was measured, and beside it what users would feel."""

import time

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

NAMES = ("p50", "p90", "p95", "p99")


def test_a_stall_is_in_the_corrected_figures_beside_the_raw_ones() -> None:
    stall_s, duration_s = 1.0, 4.0
    with ServerProcess("--law", "fixed:5ms") as server:
        flags = ("-c", "10", "-z", f"{duration_s:g}s")
        with Disturbance() as disturbance, Flight(server.url, *flags) as flight:
            server.wait_for_requests(500)
            server.close_gate()
            closed_ns = time.monotonic_ns()
            time.sleep(stall_s)
            server.open_gate()
            stalled_ms = (time.monotonic_ns() - closed_ns) / 1e6
            landing = flight.land()
        truth = server.truth()
    report = landing.report
    raw, corrected = report["latency_ms"], report["corrected_ms"]
    assert landing.errors == {}
    assert landing.requests == truth["requests"], "nothing that was never sent is counted"
    # Ten of some four thousand waited: no raw percentile up to p99 has it.
    assert raw["p99"] < 50 + disturbance.max_ms
    assert raw["max"] == pytest.approx(stalled_ms, abs=20 + 2 * disturbance.max_ms)
    # Users who come evenly: the share f = stall / duration of them waits 0 to all of the stall,
    # so of all the part p is exceeded by stall · (1 − (1 − p) / f).
    share = stalled_ms / 1000 / report["duration_s"]
    for name, percent in (("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        felt_ms = stalled_ms * (1 - (1 - percent) / share)
        # 10 % is the promise.
        tolerance_ms = 0.1 * felt_ms + 2 * disturbance.max_ms
        assert corrected[name] == pytest.approx(felt_ms, abs=tolerance_ms), name
    assert corrected["p50"] < 20 + disturbance.max_ms, "most were not in the stall"
    assert report["stalls"]["requests"] >= 10
    assert "http_req_corrected" in landing.output
    assert any("answered nobody for up to" in remark for remark in report["remarks"])
