"""`vumeter stop`: the run ends, and the command says what it came to."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from vumeter.link import folders
from vumeter.testing.patience import wait_until
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
Vumeter = Callable[..., "subprocess.CompletedProcess[str]"]


def test_it_waits_for_the_end_and_says_what_the_run_came_to(
    runs: Path, vumeter: Vumeter, server: ServerProcess
) -> None:
    vumeter("run", server.url, "--detach", "--name", "night")
    server.wait_for_requests(10)
    ended = vumeter("stop", "--reason", "enough")
    assert ended.returncode == 0, ended.stderr
    assert "stopping: what is in flight has 30s to end" in ended.stdout
    requests = server.truth()["requests"]
    assert f"{requests} requests, 0 errors." in ended.stdout
    assert folders.live() == []
    again = vumeter("stop", "night")
    assert again.returncode == 2
    assert 'No run "night" is going on.' in again.stderr


def test_of_several_runs_nobody_guesses_which_and_now_cuts_off_what_is_in_flight(
    runs: Path, vumeter: Vumeter
) -> None:
    with ServerProcess("--law", "fixed:20s") as server:
        for name in ("night", "day"):
            vumeter("run", server.url, "--detach", "--name", name, "-c", "1")
        refused = vumeter("stop")
        assert refused.returncode == 2
        assert "2 runs are going on: day, night" in refused.stderr
        for name in ("night", "day"):
            ended = vumeter("stop", name, "--now")
            assert ended.returncode == 0, ended.stderr
            assert "ending at once" in ended.stdout
        assert folders.live() == []


def test_a_run_that_dies_before_its_end_is_told_and_not_waited_for(
    runs: Path, vumeter: Vumeter, server: ServerProcess
) -> None:
    server.close_gate()
    vumeter("run", server.url, "--detach", "--name", "night")
    server.wait_for_requests(1)
    (process,) = [
        each
        for each in psutil.process_iter(["environ", "cmdline"])
        if (each.info["environ"] or {}).get(folders.RUNS_VARIABLE) == str(runs)
        and "vumeter.cli.conduct" in each.info["cmdline"]
    ]
    with subprocess.Popen(
        [PROGRAM, "stop"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as stopping:
        assert stopping.stdout is not None
        assert "has 30s to end" in stopping.stdout.readline()
        # It may have taken the order and not have written that down yet.
        wait_until(lambda: "stopping: what" in vumeter("logs", "night").stdout, "the order")
        process.kill()
        _, complaints = stopping.communicate(timeout=30)
    assert stopping.returncode == 1
    assert "The run night is gone, and left no summary." in complaints
    assert "stopping: what is in flight" in vumeter("logs", "night").stdout
