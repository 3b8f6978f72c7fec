"""Whether the target or the generator was the limit, with each of them made so on purpose."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from vumeter.testing.disturbance import Disturbance
from vumeter.testing.flight import Flight, fly
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

ROUNDS = 3
CALM_MS = 2.5
"""Where a sleeper is woken so late, answers are read 5 ms late: at the verdict's own edge."""
_BUSY = "while True: pass"


@contextlib.contextmanager
def busy_loops(core: int, *, count: int) -> Iterator[None]:
    """Let so many processes that never pause share *core* with whatever runs there."""
    # Each in a session of its own: Linux shares a core among sessions first (sched_autogroup),
    # and all loops in the test's together would leave half of it to a worker in another.
    loops = [
        subprocess.Popen([sys.executable, "-c", _BUSY], start_new_session=True)
        for _ in range(count)
    ]
    try:
        for loop in loops:
            psutil.Process(loop.pid).cpu_affinity([core])
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_a_worker_that_shares_its_core_with_busy_loops_is_the_limit() -> None:
    core = min(os.sched_getaffinity(0))
    with ServerProcess() as server:
        rule = "generator.limited: rate < 5%"
        with Flight(server.url, "-c", "20", "-z", "6s", "--threshold", rule) as flight:
            server.wait_for_requests(100)
            [worker] = flight.workers()
            worker.cpu_affinity([core])
            with busy_loops(core, count=12):
                landing = flight.land()
    generator = landing.report["generator"]
    assert generator["verdict"] == "generator-limited"
    assert generator["limited_seconds"] >= 2
    # Starved or short of breath: which of them, the machine decides.
    assert any("answered" in reason for reason in generator["reasons"])
    # And all that look at it see it: exit code, summary, remarks, the line of each second.
    assert landing.exit_code == 99
    assert "generator-limited" in landing.output
    assert any("vumeter itself was the limit in" in remark for remark in landing.report["remarks"])
    assert any(line.rstrip().endswith("gen LIMIT") for line in landing.progress)


@pytest.mark.parametrize(
    ("law", "vus"),
    [
        # VUs wait, and the generator has next to nothing to do.
        pytest.param("fixed:20ms", "10", id="slow"),
        # A core is busy all the time, and yet every answer is read at once.
        pytest.param("none", "2", id="as fast as one core can ask"),
    ],
)
def test_a_generator_that_answers_in_time_is_not_accused(law: str, vus: str) -> None:
    # A busy machine lets nobody run in time, and then the verdict is right to say so: a thread
    # that only sleeps is the witness.
    for _ in range(ROUNDS):
        with ServerProcess("--law", law) as server, Disturbance() as disturbance:
            landing = fly(server.url, "-c", vus, "-z", "2s")
        generator = landing.report["generator"]
        if generator["verdict"] == "target-limited":
            assert "target-limited" in landing.output
            return
        assert disturbance.allowance_ms > CALM_MS, generator["reasons"]
    pytest.skip("the machine let nobody run in time")


def test_a_freeze_of_a_tenth_of_a_second_is_remarked_and_its_second_marked() -> None:
    with (
        ServerProcess("--law", "fixed:5ms") as server,
        Flight(server.url, "-c", "5", "-z", "3s") as flight,
    ):
        server.wait_for_requests(100)
        [worker] = flight.workers()
        worker.send_signal(signal.SIGSTOP)
        # The freeze itself takes this time; nothing is waited for.
        time.sleep(0.25)
        worker.send_signal(signal.SIGCONT)
        landing = flight.land()
    generator = landing.report["generator"]
    assert generator["limited_seconds"] >= 1
    assert generator["tick_lag_ms"]["max"] >= 200
    assert any("stood still for" in reason for reason in generator["reasons"])
    assert any("vumeter itself was the limit in" in remark for remark in landing.report["remarks"])
    # It is vumeter's stall and not the target's, so nothing of it is counted as one.
    stalls = landing.report["stalls"]
    assert stalls is None or stalls["longest_ms"] < 250
