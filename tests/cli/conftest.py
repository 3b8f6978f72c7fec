"""The installed command, as a person or a script calls it."""

import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.testing.patience import wait_until
from vumeter.testing.server_process import ServerProcess

PROGRAM = Path(sys.executable).parent / "vumeter"
GENEROUS_S = 60.0

Vumeter = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for runs that no one else sees; whatever still runs in it at the end is ended."""
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(RUNS_VARIABLE, str(path))
    monkeypatch.delenv("VUMETER_PG", raising=False)
    yield path
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(RUNS_VARIABLE) == str(path):
            process.send_signal(signal.SIGKILL)
            process.wait(GENEROUS_S)
    shutil.rmtree(path)


@pytest.fixture
def vumeter(runs: Path) -> Vumeter:
    """Run the command to its end, without a terminal."""

    def run(
        *arguments: str, env_of: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [PROGRAM, *arguments],
            env=os.environ | dict(env_of or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GENEROUS_S * 2,
            check=False,
        )

    return run


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    # Slow enough that the load leaves the machine to the test.
    with ServerProcess("--law", "fixed:20ms") as target:
        yield target


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Return when something has become true, or fail."""
    return partial(wait_until, within_s=GENEROUS_S)


class Screen:
    """The program at a terminal of its own, which a thread of nobody reads: the test does."""

    def __init__(self, pid: int, terminal: int) -> None:
        self.pid = pid
        self.terminal = terminal
        self.shown = ""
        self.exit_code: int | None = None

    def read(self) -> str:
        """Take in what has been drawn since, and return everything so far."""
        # Nothing to read now (BlockingIOError), or the program has gone (EIO).
        with suppress(OSError):
            self.shown += os.read(self.terminal, 65_536).decode(errors="replace")
        return self.shown

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def has_ended(self) -> bool:
        """Read on, as a terminal does: the program's last words wait for that."""
        self.read()
        if self.exit_code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.exit_code = os.waitstatus_to_exitcode(status) if ended else None
        return self.exit_code is not None


@contextmanager
def _at_a_terminal(*arguments: str) -> Iterator[Screen]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(PROGRAM, [str(PROGRAM), *arguments])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.set_blocking(terminal, False)
    screen = Screen(pid, terminal)
    try:
        yield screen
    finally:
        os.close(terminal)
        if screen.exit_code is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


AtATerminal = Callable[..., AbstractContextManager[Screen]]


@pytest.fixture
def at_a_terminal() -> AtATerminal:
    """Run the command at a terminal of its own, until the context ends."""
    return _at_a_terminal
