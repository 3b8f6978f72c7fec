"""A run that is told to end still tells the truth about what it did."""

import signal

import psutil
import pytest

from vumeter.testing.flight import Flight
from vumeter.testing.patience import wait_until
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_reports_exactly_what_the_server_saw(name: str) -> None:
    with ServerProcess("--law", "fixed:50ms") as server:
        with Flight(server.url, "-c", "10") as flight:
            server.wait_for_requests(50)
            flight.process.send_signal(signal.Signals[name])
            landing = flight.land()
        truth = server.truth()
    assert landing.exit_code == 105
    assert "Traceback" not in landing.complaints
    assert landing.report["run"]["stop"] == "signal"
    assert landing.requests == truth["requests"] == truth["answered"]
    assert landing.errors == {}


@pytest.mark.parametrize("library", ["msgspec", "aiohttp", "psutil"])
def test_a_run_that_is_interrupted_as_it_starts_says_so_without_a_traceback(library: str) -> None:
    with ServerProcess() as server, Flight(server.url, "-c", "5") as flight:
        program = psutil.Process(flight.process.pid)
        # Its libraries tell how far it has come, from importing to having a worker.
        wait_until(lambda: any(library in each.path for each in program.memory_maps()), library)
        flight.process.send_signal(signal.SIGINT)
        landing = flight.land()
    assert (landing.exit_code, landing.complaints) == (105, "")


def test_a_killed_run_leaves_no_worker_that_goes_on_firing() -> None:
    with ServerProcess() as server, Flight(server.url, "-c", "5", "--workers", "2") as flight:
        server.wait_for_requests(50)
        workers = flight.workers()
        assert len(workers) == 2
        flight.process.kill()
        for worker in workers:
            # Two seconds are the promise; a busy machine gets some more.
            worker.wait(timeout=6)
