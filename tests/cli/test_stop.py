"""`vumeter stop`: the run ends, and the command says what it came to."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.link import folders
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

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
