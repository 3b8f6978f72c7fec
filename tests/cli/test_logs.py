"""`vumeter logs`: of a run that goes on, and of one that has ended."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.link import folders
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
Vumeter = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_log_is_followed_to_the_end_of_its_run_and_is_there_after_it(
    runs: Path, vumeter: Vumeter, server: ServerProcess
) -> None:
    assert "There has been no run." in vumeter("logs").stderr
    vumeter("run", server.url, "--detach", "--name", "night")
    folder = folders.find("night")
    with subprocess.Popen(
        [PROGRAM, "logs", "night", "--follow"], stdout=subprocess.PIPE, text=True
    ) as following:
        vumeter("ctl", "night", "mark", "deploy", "42")
        vumeter("stop", "night")
        followed, _ = following.communicate(timeout=30)
    assert "load on" in followed.splitlines()[0]
    assert "deploy 42" in followed
    assert "stopping: what is in flight has 30s to end" in followed.splitlines()[-1]
    assert vumeter("logs").stdout == vumeter("logs", folder.id).stdout == followed
    unknown = vumeter("logs", "day")
    assert unknown.returncode == 2
    assert 'There has been no run "day".' in unknown.stderr


def test_a_headless_run_has_a_log_too_and_a_reader_may_have_enough(
    runs: Path, vumeter: Vumeter, server: ServerProcess
) -> None:
    assert vumeter("run", server.url, "--headless", "-n", "10", "--name", "night").returncode == 0
    with folders.newest_first("night")[0].log.open("a") as log:
        log.write("x" * 80 + "\n" + ("y" * 80 + "\n") * 2000)
    first = subprocess.run(
        f"{PROGRAM} logs | head -n 1",
        shell=True,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "load on" in first.stdout
    assert first.stderr == ""
