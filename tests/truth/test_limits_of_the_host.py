"""What the generator itself runs out of is named, and costs no VU."""

import resource

import pytest

from vumeter.testing.flight import Flight, fly
from vumeter.testing.hostile import refusing_url
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


def test_a_run_out_of_descriptors_is_named_and_the_rest_of_the_load_goes_on() -> None:
    with ServerProcess("--law", "fixed:5ms") as server:
        with Flight(server.url, "-c", "100", "-z", "2s") as flight:
            # Before the worker is there: it takes over the limit of the first process.
            resource.prlimit(flight.process.pid, resource.RLIMIT_NOFILE, (60, 60))
            landing = flight.land()
        truth = server.truth()
    assert landing.exit_code == 0
    assert "Traceback" not in landing.complaints
    assert set(landing.errors) == {"descriptors"}
    assert landing.errors["descriptors"] <= 100 * 20 * 2
    assert truth["connections"] > 20
    assert landing.requests - landing.errors["descriptors"] == truth["answered"] > 1000


def test_a_counted_run_ends_when_all_of_its_attempts_have_failed() -> None:
    with refusing_url() as url:
        landing = fly(url, "-c", "5", "-n", "25")
    assert landing.exit_code == 0
    assert landing.errors == {"refused": 25}
    assert landing.requests == 25


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_a_target_by_name_or_by_version_six_is_reached_like_any_other(host: str) -> None:
    with ServerProcess("--host", host if ":" in host else "127.0.0.1") as server:
        url = server.url.replace("127.0.0.1", host)
        landing = fly(url, "-c", "3", "-n", "300")
        truth = server.truth()
    assert (landing.exit_code, landing.errors) == (0, {})
    assert landing.requests == truth["requests"] == 300
