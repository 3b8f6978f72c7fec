"""`vumeter attach host:RUN` over OpenSSH's own server, on loopback, at a terminal."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.testing.server_process import ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

GENEROUS_S = 30.0
PROGRAM = Path(sys.executable).parent / "vumeter"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
SSH = shutil.which("ssh")
HOST = "jump"

# What a cockpit remembers of the views of whoever runs the tests is not to be seen here.
_SERVER = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
# The folders above these keys are those of a test, which anybody may write to.
StrictModes no
PasswordAuthentication no
UsePAM no
SetEnv {variable}={runs} LANG=C.UTF-8 XDG_CONFIG_HOME={folder} XDG_STATE_HOME={folder}
"""
_CLIENT = """
Host {host}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  LogLevel ERROR
"""


@pytest.fixture
def jump(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A host that ssh finds, which is this one; its sessions see the runs of the test."""
    if SSHD is None or SSH is None:
        pytest.skip("needs OpenSSH's server (Debian: apt-get install openssh-server)")
    if os.getuid() == 0:
        # Where it was never started as a service, nobody has made what it insists on.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for key in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / key)]
        subprocess.run(words, check=True, timeout=GENEROUS_S)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = (tmp_path / "host.pub").read_text().split()[:2]
    (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {' '.join(known)}\n")
    names = {"folder": tmp_path, "port": port, "host": HOST, "user": getpass.getuser()}
    (tmp_path / "server").write_text(_SERVER.format(**names, variable=RUNS_VARIABLE, runs=runs))
    (tmp_path / "client").write_text(_CLIENT.format(**names))
    # ssh looks for its configuration in the account's home, whatever HOME says.
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nexec {SSH} -F {tmp_path}/client "$@"\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with subprocess.Popen(
        [SSHD, "-D", "-e", "-f", str(tmp_path / "server")], stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None, "started with a pipe"
            said = server.stderr.readline()
            if "listening" not in said:
                pytest.skip(f"sshd does not start here: {said}")
            probe = subprocess.run(
                [tmp_path / "ssh", HOST, "true"], capture_output=True, text=True, check=False
            )
            if probe.returncode != 0:
                pytest.skip(f"sshd lets nobody in here: {probe.stderr}")
            yield HOST
        finally:
            for session in psutil.Process(server.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    session.kill()
            server.kill()


def test_the_cockpit_comes_over_ssh_steers_and_survives_the_connections_loss(
    jump: str,
    vumeter: Any,
    server: ServerProcess,
    at_a_terminal: Any,
    eventually: Any,
) -> None:
    started = vumeter("run", server.url, "--detach", "--name", "night", "-c", "4")
    assert started.returncode == 0, started.stderr
    there = ("attach", f"{jump}:night", "--program", str(PROGRAM))
    with at_a_terminal(*there) as screen:
        eventually(lambda: "GET /" in screen.read())
        screen.type("+")
        eventually(lambda: "VU 4 → 5" in screen.read())
        screen.type("d")
        eventually(screen.has_ended)
        assert screen.exit_code == 0
        assert "The run goes on: vumeter attach night" in screen.shown
    with at_a_terminal(*there) as screen:
        eventually(lambda: "GET /" in screen.read())
        [ssh] = [it for it in psutil.Process(screen.pid).children() if it.name() == "ssh"]
        ssh.send_signal(signal.SIGKILL)
        eventually(screen.has_ended)
        assert screen.exit_code == 128 + signal.SIGKILL
    eventually(lambda: "was lost" in vumeter("logs", "night").stdout)
    assert "night" in vumeter("ps").stdout


def test_a_run_that_is_not_there_is_said_by_the_other_end(
    jump: str, vumeter: Any, at_a_terminal: Any, eventually: Any
) -> None:
    with at_a_terminal("attach", f"{jump}:nothing", "--program", str(PROGRAM)) as screen:
        eventually(screen.has_ended)
        assert screen.exit_code == 2
        assert "nothing" in screen.shown
    with at_a_terminal("attach", f"{jump}:nothing", "--program", "/nowhere/vumeter") as screen:
        eventually(screen.has_ended)
        assert screen.exit_code != 0
        assert 'There is no "/nowhere/vumeter" on jump' in screen.shown
