"""However a headless run ends: a report, a summary, an exit code, and nobody left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.link import folders
from vumeter.store.reader import open_run
from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
Vumeter = Callable[..., Any]


def test_a_run_to_its_end_is_code_0_with_progress_on_stderr_and_the_summary_on_stdout(
    server: ServerProcess,
) -> None:
    with Flight(server.url, "-c", "3", "-z", "2s") as flight:
        landing = flight.land()
    assert landing.exit_code == 0
    assert landing.complaints == ""
    *seconds, stored = landing.progress
    assert len(seconds) == 2
    assert stored.startswith("Stored as ")
    assert "http_reqs" in landing.output
    assert landing.requests == server.truth()["requests"]


def test_a_second_signal_does_not_wait_for_what_is_in_flight(server: ServerProcess) -> None:
    server.close_gate()
    with Flight(server.url, "-c", "3", "-t", "10m") as flight:
        server.wait_for_requests(3)
        flight.process.send_signal(signal.SIGINT)
        # The first is graceful: with thirty seconds for what is in flight, it goes on.
        with pytest.raises(subprocess.TimeoutExpired):
            flight.process.wait(1.0)
        flight.process.send_signal(signal.SIGINT)
        asked_ns = monotonic_ns()
        landing = flight.land()
        # One second is the promise; a busy machine gets some more, thirty would be a bug.
        assert monotonic_ns() - asked_ns < 5 * NANOSECONDS_PER_S
    assert landing.exit_code == 105
    assert landing.requests == 3
    assert landing.errors == {"interrupted": 3}
    assert "Traceback" not in landing.complaints


def test_a_second_signal_does_not_wait_for_a_worker_that_hangs(server: ServerProcess) -> None:
    with Flight(server.url, "-c", "3") as flight:
        server.wait_for_requests(50)
        (worker,) = flight.workers()
        worker.suspend()
        flight.process.send_signal(signal.SIGTERM)
        flight.process.send_signal(signal.SIGINT)
        asked_ns = monotonic_ns()
        landing = flight.land()
        assert monotonic_ns() - asked_ns < 5 * NANOSECONDS_PER_S
        assert not worker.is_running()
    assert landing.exit_code == 105
    assert any("ended by force" in remark for remark in landing.report["remarks"])


@pytest.mark.parametrize(
    "signal_number",
    [
        pytest.param(signal.SIGHUP, id="a terminal that goes away"),
        pytest.param(signal.SIGTERM, id="a service manager that stops its unit"),
    ],
)
def test_a_signal_to_the_whole_group_ends_a_headless_run_with_its_report(
    server: ServerProcess, signal_number: signal.Signals
) -> None:
    with Flight(server.url, "-c", "3") as flight:
        server.wait_for_requests(50)
        os.killpg(flight.process.pid, signal_number)
        landing = flight.land()
    assert landing.exit_code == 105
    assert landing.report["run"]["stop"] == "signal"
    assert landing.requests == server.truth()["requests"]


def test_a_terminal_that_goes_away_means_nothing_to_a_run_under_nohup(
    server: ServerProcess,
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as nohup does it
    try:
        with Flight(server.url, "-c", "3") as flight:
            server.wait_for_requests(50)
            os.killpg(flight.process.pid, signal.SIGHUP)
            server.wait_for_requests(server.truth()["requests"] + 100)
            assert flight.process.poll() is None
    finally:
        signal.signal(signal.SIGHUP, before)


JUMPING = """
import time

begun_ns, real = time.monotonic_ns(), time.time_ns

def jumping():
    return real() + ({jump_s} * 10**9 if time.monotonic_ns() - begun_ns > 3 * 10**9 else 0)

time.time_ns = jumping
time.time = lambda: jumping() / 1e9
"""


@pytest.mark.parametrize("jump_s", [3600, -3600], ids=["an hour on", "an hour back"])
def test_a_wall_clock_that_is_set_in_mid_run_loses_doubles_and_misdates_no_second(
    runs: Path, vumeter: Vumeter, server: ServerProcess, tmp_path: Path, jump_s: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(JUMPING.format(jump_s=jump_s))
    environment = {"PYTHONPATH": str(tmp_path)}
    flags = ("-q", "50", "-z", "6s", "--headless", "--name", "night")
    # The clock of every process of the run jumps, each at a moment of its own.
    ended = vumeter("run", server.url, *flags, env_of=environment)
    assert ended.returncode == 0, ended.stderr
    with open_run(folders.newest_first("night")[0].store) as stored:
        points, summary = stored.points(), stored.summary
        told = [*stored.readings(), *stored.late_snapshots]
    assert summary is not None
    assert 6.0 <= summary.duration_s < 10.0
    assert [point.second for point in points] == list(range(len(points)))
    requests = sum(tally.requests for each in told for tally in each.tallies.values())
    assert requests == server.truth()["requests"] == 300
    dates_ms = [point.at_unix_ms - summary.started_unix_ms for point in points]
    assert dates_ms == [dates_ms[0] + 1000 * point.second for point in points]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("/proc/vumeter", id="nothing can be made there"),
        pytest.param("/dev/null/runs", id="no folder"),
    ],
)
def test_a_place_where_no_run_can_be_kept_is_said_before_any_load(
    vumeter: Vumeter, server: ServerProcess, place: str
) -> None:
    there = {folders.RUNS_VARIABLE: place}
    for way in ("--headless", "--detach"):
        refused = vumeter("run", server.url, way, env_of=there)
        assert refused.returncode == 2
        assert f"Cannot make a folder for the run in {place}" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert "No run is going on" in vumeter("ps", env_of=there).stdout
    assert "There has been no run" in vumeter("logs", env_of=there).stderr
    assert server.truth()["requests"] == 0


@pytest.mark.parametrize(
    ("flags", "word", "code", "stop"),
    [
        pytest.param((), "stop", 0, "stopped", id="stop-is-how-a-run-without-an-end-ends-well"),
        pytest.param(("-z", "10m"), "stop", 103, "stopped", id="stop-cuts-a-run-with-an-end-short"),
        pytest.param((), "abort", 103, "aborted", id="abort"),
    ],
)
def test_an_operators_end_has_its_exit_code(
    server: ServerProcess, flags: tuple[str, ...], word: str, code: int, stop: str
) -> None:
    with Flight(server.url, "-c", "2", *flags) as flight:
        server.wait_for_requests(10)
        flight.tell(word)
        landing = flight.land()
    assert landing.exit_code == code
    assert landing.report["run"]["stop"] == stop


def test_a_reader_that_has_enough_is_no_reason_for_a_traceback(
    runs: Path, server: ServerProcess
) -> None:
    ended = subprocess.run(
        f"{PROGRAM} run {server.url} -n 10 --headless | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert "Broken" not in ended.stderr


def test_a_report_can_go_to_a_pipe_and_keeps_what_is_there_until_it_is_whole(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    report.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(report)
    assert vumeter("run", server.url, "-n", "5", "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert '"totals"' in report.read_text()
    assert [path.name for path in tmp_path.iterdir()] != ["old"]
    ended = vumeter("run", server.url, "-n", "5", "-o", "/dev/stdout")
    assert ended.returncode == 0
    assert '"totals"' in ended.stdout


def test_where_stdout_is_no_terminal_a_run_is_headless_by_itself(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    ended = vumeter("run", server.url, "-n", "20", "-c", "2")
    assert ended.returncode == 0, ended.stderr
    assert "http_reqs" in ended.stdout
    assert server.truth()["requests"] == 20


def test_a_report_that_cannot_be_written_after_all_is_said_beside_the_summary(
    server: ServerProcess, runs: Path
) -> None:
    place = runs / "reports"
    place.mkdir()
    before = server.truth()["requests"]
    command = [PROGRAM, "run", server.url, "-o", str(place / "r.json")]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        server.wait_for_requests(before + 10)
        place.rmdir()
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "http_reqs" in output
    assert "The report could not be written" in complaints
    assert "Traceback" not in complaints
