"""The real program in a real pseudo-terminal, with an emulator as the person before it."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pyte
import pytest

from vumeter.link.folders import RunFolder
from vumeter.testing.patience import until

DEADLINE_S = 40.0
PROGRAM = (sys.executable, "-m", "vumeter")


class Term:
    """A terminal of so many columns and rows, and the program that runs in it."""

    def __init__(
        self, master: int, process: "subprocess.Popen[bytes]", size: tuple[int, int]
    ) -> None:
        self.master = master
        self.process = process
        self.raw = bytearray()
        """Every byte that the program wrote."""
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._reads = False
        self.read()

    @property
    def rows(self) -> list[str]:
        """What a person sees."""
        return [row.rstrip() for row in self._screen.display]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.rows)

    def read(self) -> None:
        """Go on reading what the program writes."""
        if not self._reads:
            asyncio.get_running_loop().add_reader(self.master, self._take)
            self._reads = True

    def stall(self) -> None:
        """Stop reading, as a terminal behind a dead connection does."""
        if self._reads:
            asyncio.get_running_loop().remove_reader(self.master)
            self._reads = False

    def hang_up(self) -> None:
        """Close the terminal's end, as a lost SSH connection does."""
        self.stall()
        os.close(self.master)
        self.master = -1

    def press(self, keys: str) -> None:
        """Send *keys* as one burst."""
        os.write(self.master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    async def sees(self, words: str, *, where: slice = slice(None)) -> None:
        """Wait until *words* stand on the screen."""
        await self.until(lambda: words in "\n".join(self.rows[where]), words)

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something to become true."""
        await until(holds, lambda: f"{what}\n{self.text}", within_s=DEADLINE_S)

    async def ends(self, *, within_s: float) -> None:
        """Fail unless the program ends in so many seconds."""
        await until(lambda: self.process.poll() is not None, "its end", within_s=within_s)

    async def exit_code(self) -> int:
        """Wait for the program to end."""
        await self.until(lambda: self.process.poll() is not None, "the program's end")
        await asyncio.sleep(0)
        code = self.process.returncode
        assert code is not None
        return code

    def line_settings(self) -> list[Any]:
        """Return what stty would show."""
        return termios.tcgetattr(self.master)[:4]

    def _take(self) -> None:
        try:
            data = os.read(self.master, 65536)
        except OSError:
            # EIO: the program has closed its end.
            self.stall()
            return
        self.raw += data
        self._stream.feed(data)


def _control() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Desk:
    """A user's account for one test: folders of its own, and runs that end with it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }

    @asynccontextmanager
    async def open(
        self,
        *arguments: str,
        size: tuple[int, int] = (80, 24),
        stderr: int | None = None,
        is_controlling: bool = True,
        **environment: str,
    ) -> AsyncIterator[Term]:
        """
        Run the program in a terminal of its own; whatever is left of it ends with the test.

        Where the terminal is not the controlling one, nobody sends SIGHUP when it goes.
        """
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        process = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
            [*PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            env=self.environment | environment,
            start_new_session=True,
            # Nothing else makes it the controlling terminal.
            preexec_fn=_control if is_controlling else None,  # noqa: PLW1509
        )
        os.close(slave)
        term = Term(master, process, size)
        try:
            yield term
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            if term.master >= 0:
                term.hang_up()

    def ask(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the program without a terminal, to its end."""
        return subprocess.run(
            [*PROGRAM, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def vus(self, run: str) -> int:
        """Return how many VUs the run has at this moment, without becoming a viewer."""
        return round(self.status(run)["throttles"][0]["actual"])

    def status(self, run: str) -> dict[str, Any]:
        """Return the newest frame of a run."""
        with socket.socket(socket.AF_UNIX) as plug:
            plug.settimeout(DEADLINE_S)
            plug.connect(str(self.socket(run)))
            plug.sendall(b"GET /status HTTP/1.1\r\nHost: run\r\nConnection: close\r\n\r\n")
            answer = HTTPResponse(plug)
            answer.begin()
            return json.loads(answer.read())

    def socket(self, run: str) -> Path:
        """Return the run's control socket."""
        (found,) = self.home.glob(f"**/{run}-*/control.sock")
        return found


@pytest.fixture(autouse=True)
def somewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have local time be that of one place, wherever the tests run."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An account of its own. Short: the path of a socket must be."""
    home = Path(tempfile.mkdtemp(prefix="vu"))
    desk = Desk(home)
    yield desk
    for control in home.glob("**/control.sock"):
        desk.ask("ctl", RunFolder(control.parent).name, "abort")
    shutil.rmtree(home, ignore_errors=True)
