"""A worker process dies with its run, whatever it is at, and however its run has died."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

GENEROUS_S = 30.0

# Hears of nothing: it never reads, as one that imports, or whose script blocks.
_BUSY = """
import os, signal, sys
print(os.getpid(), *sys.argv[1:], flush=True)
signal.pause()
"""
_PARENT = """
import socket, subprocess, sys
ours, theirs = socket.socketpair()
command = [sys.executable, "-m", "vumeter.engine.leash", "busy", str(theirs.fileno())]
with theirs:
    child = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
child.wait()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "busy.py").write_text(_BUSY)
    return os.environ | {"PYTHONPATH": str(tmp_path)}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_process_that_hears_of_nothing_is_gone_with_its_killed_parent(
    environment: dict[str, str],
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child, descriptor = map(int, parent.stdout.readline().split())
        assert descriptor > 2
        parent.kill()
        try:
            # Both have had the pipe: it ends when both are gone, whoever buries them.
            rest, _ = parent.communicate(timeout=GENEROUS_S)
        except subprocess.TimeoutExpired:
            os.kill(child, signal.SIGKILL)
            raise
    assert rest == ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_what_begins_after_its_parents_death_does_nothing(environment: dict[str, str]) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        ended = subprocess.run(
            [sys.executable, "-m", "vumeter.engine.leash", "busy", str(theirs.fileno())],
            env=environment,
            pass_fds=(theirs.fileno(),),
            capture_output=True,
            timeout=GENEROUS_S,
            check=False,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
