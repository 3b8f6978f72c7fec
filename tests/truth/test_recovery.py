"""A target that goes away and comes back: few errors, no lost VU, no restart."""

import time

import pytest

from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

VUS = 10
AWAY_S = 1.0


def test_a_server_away_for_a_second_costs_at_most_two_hundred_errors() -> None:
    with ServerProcess("--law", "fixed:2ms") as server:
        with Flight(server.url, "-c", f"{VUS}", "-z", "4s") as flight:
            server.wait_for_requests(100)
            server.go_away()
            # The outage itself is what takes this second; nothing is waited for.
            time.sleep(AWAY_S)
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
