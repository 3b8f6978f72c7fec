"""A target that goes away and comes back: few errors, no lost VU, no restart."""

import re
import time

import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

VUS = 10
AWAY_S = 1.0


def test_a_server_away_for_a_second_costs_at_most_two_hundred_errors() -> None:
    with ServerProcess("--law", "fixed:2ms") as server:
        flags = ("-c", f"{VUS}", "-z", "4s")
        with Disturbance() as disturbance, Flight(server.url, *flags) as flight:
            server.wait_for_requests(100)
            server.go_away()
            left_s = time.monotonic()
            # The outage itself is what takes this second; nothing is waited for.
            time.sleep(AWAY_S)
            away_s = time.monotonic() - left_s
            server.come_back()
            before = server.truth()
            server.wait_for_requests(before["requests"] + 100)
            landing = flight.land()
        truth = server.truth()
    assert (landing.exit_code, landing.complaints) == (0, "")
    # wrk makes 133,000 of it, k6 11,000: PROMISES, "Hostile and broken targets".
    assert VUS <= sum(landing.errors.values()) <= 200
    assert set(landing.errors) <= {"refused", "reset", "closed"}
    assert truth["connections"] - before["connections"] == VUS, "every VU has come back"
    # Answers that were on their way as the server went are errors here and answers there.
    answered_here = landing.requests - sum(landing.errors.values())
    assert 0 <= truth["answered"] - answered_here <= VUS
    assert landing.requests >= truth["requests"], "no attempt is hidden"
    # It is told as time: until the first VU has come back, which backs off for up to a second.
    outage_s, slack_s = landing.report["outage_s"], 0.1 + 2 * disturbance.max_ms / 1000
    assert away_s - slack_s < outage_s < away_s + 1 + slack_s
    share = 100 * outage_s / landing.report["duration_s"]
    shown = re.search(r"  outage +([\d.]+)%  of the time", landing.output)
    assert shown, landing.output
    assert abs(float(shown[1]) - share) <= 0.05
    assert any("was away for" in remark for remark in landing.report["remarks"])


def test_a_server_that_comes_up_late_is_loaded_as_soon_as_it_is_there() -> None:
    with ServerProcess() as server:
        server.go_away()
        with Flight(server.url, "-c", f"{VUS}", "-z", "3s") as flight:
            time.sleep(1.5)
            server.come_back()
            server.wait_for_requests(100)
            landing = flight.land()
        truth = server.truth()
    assert set(landing.errors) <= {"refused"}
    assert landing.requests - landing.errors.get("refused", 0) == truth["answered"]
    assert truth["connections"] == VUS
