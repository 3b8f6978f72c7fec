"""
Percentiles against the server's own service times.

The client sees what the server measured plus the way there and back, some 0.1 ms on
loopback. A busy machine can only add to that, and adds to some rounds only, while a wrong
formula is wrong in all: so the best of three rounds decides. On a machine where a sleeping
thread wakes late, as much is let pass; on a calm one, nothing is.
"""

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

ROUNDS = 3
NAMES = ("p50", "p90", "p95", "p99", "mean")


def beyond_tolerance(
    ours: dict[str, float], theirs: dict[str, float], allowance_ms: float
) -> dict[str, tuple[float, float]]:
    """Return the figures that differ by more than 0.5 ms and 2 %, and how."""
    return {
        name: (ours[name], theirs[name])
        for name in NAMES
        if abs(ours[name] - theirs[name]) > max(0.5, 0.02 * theirs[name]) + allowance_ms
    }


@pytest.mark.parametrize(
    "law",
    [
        "fixed:20ms",
        # The step lies between p50 and p90, where neither has to guess on which side it is.
        "bimodal:5ms,50ms,20%",
        "bimodal:2ms,200ms,3%",
    ],
)
def test_percentiles_are_the_servers_own_within_half_a_millisecond_or_two_percent(law: str) -> None:
    wrong: dict[str, tuple[float, float]] = {}
    for _ in range(ROUNDS):
        with ServerProcess("--law", law) as server:
            with Disturbance() as disturbance:
                landing = fly(server.url, "-c", "10", "-z", "2s")
            truth = server.truth()
        assert landing.requests == truth["requests"]
        ours, theirs = landing.report["latency_ms"], truth["service_ms"]
        wrong = beyond_tolerance(ours, theirs, disturbance.allowance_ms)
        # Three digits: half a bucket is at most 0.05 % here.
        assert ours["min"] >= theirs["min"] * 0.999, "nobody is answered before the answer"
        assert ours["max"] >= theirs["max"] * 0.999, "the slowest answer is not lost"
        # A server that is only slow at times has nothing to be corrected: wrk's correction makes
        # the p90 of the last law 50 times too large. Only a machine may have stood still.
        is_bare = landing.report["corrected_ms"] == ours
        assert is_bare or disturbance.max_ms >= 80
        if is_bare and not wrong:
            return
    if wrong:
        pytest.fail(f"in each of {ROUNDS} rounds; in the last, ours and the server's: {wrong}")
    pytest.skip(f"the machine stood still in each of {ROUNDS} rounds, and that was corrected")


def test_percentiles_are_in_order_and_within_their_range() -> None:
    with ServerProcess("--law", "bimodal:1ms,9ms,30%") as server:
        latency = fly(server.url, "-c", "10", "-z", "1s").report["latency_ms"]
    names = ("min", "p50", "p90", "p95", "p99", "p99_9", "max")
    assert [latency[name] for name in names] == sorted(latency[name] for name in names)
    assert latency["min"] <= latency["mean"] <= latency["max"]


def test_each_endpoint_and_the_whole_say_the_same_of_one_url() -> None:
    with ServerProcess() as server:
        report = fly(f"{server.url}a", "-c", "2", "-n", "500").report
    [endpoint] = report["endpoints"]
    assert endpoint["name"] == "GET /a"
    assert endpoint["totals"]["requests"] == report["totals"]["requests"] == 500
    assert endpoint["latency_ms"] == report["latency_ms"]
