"""Under a real limit of descriptors, as `ulimit -n` sets it."""

import subprocess
import sys
from pathlib import Path

import pytest

from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
GENEROUS_S = 30.0


def limited(descriptors: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with so many descriptors, soft half of that."""
    limits = f"ulimit -Sn {descriptors // 2}; ulimit -Hn {descriptors}"
    return subprocess.run(
        ["/bin/sh", "-c", f'{limits}; exec "$0" "$@"', PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S * 2,
        check=False,
    )


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("way", ["--headless", "--detach"])
def test_more_vus_than_descriptors_are_refused_before_anything_is_sent(
    server: ServerProcess, way: str
) -> None:
    ended = limited(256, "run", server.url, "-c", "400", "-z", "1s", way)
    assert ended.returncode == 2
    assert "400 VUs need 432 file descriptors in a worker, which may have 256." in ended.stderr
    assert "ulimit -n 432" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert server.truth()["connections"] == 0


@pytest.mark.usefixtures("runs")
def test_the_soft_limit_is_no_limit(server: ServerProcess) -> None:
    ended = limited(512, "run", server.url, "-c", "400", "-n", "1200", "--headless")
    assert ended.returncode == 0, ended.stderr
    assert "file descriptors" not in ended.stderr
    assert server.truth()["connections"] > 256


def test_vus_raised_beyond_it_by_hand_are_warned_of(runs: Path, server: ServerProcess) -> None:
    started = limited(
        256, "run", server.url, "-c", "5", "--max-vus", "900", "--name", "r", "--detach"
    )
    assert started.returncode == 0, started.stderr
    raised = limited(256, "ctl", "r", "set", "vus", "240")
    assert raised.returncode == 0, raised.stderr
    stopped = limited(256, "ctl", "r", "stop")
    assert stopped.returncode == 0, stopped.stderr
    (log,) = runs.glob("*/*.log")
    assert "240 VUs need 272 file descriptors in a worker" in log.read_text()
