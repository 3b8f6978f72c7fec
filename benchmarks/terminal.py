"""A pseudo-terminal with a program in it, and what it draws."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte


class Terminal:
    """Run *command* in a terminal of its own, as a context manager; it is killed at the end."""

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int], environ: Mapping[str, str]
    ) -> None:
        self._command = command
        self._size = size
        self._environ = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **environ,
        }
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self.pid = 0
        self._descriptor = -1

    def __enter__(self) -> Self:
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            width, height = self._size
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execvpe(self._command[0], list(self._command), self._environ)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def read_for(self, seconds: float) -> int:
        """Read what is drawn for so long, without looking at it; return how many bytes it was."""
        end_s = time.monotonic() + seconds
        count = 0
        while (left_s := end_s - time.monotonic()) > 0:
            count += len(self._read(left_s))
        return count

    def fileno(self) -> int:
        """Return the descriptor from which to read what is drawn."""
        return self._descriptor

    def wait_for(self, *texts: str, within_s: float = 30.0) -> None:
        """
        Return as soon as all *texts* stand on the screen.

        Raises:
            TimeoutError: They did not in time.
        """
        end_s = time.monotonic() + within_s
        while not all(text in "\n".join(self._screen.display) for text in texts):
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                shown = "\n".join(line.rstrip() for line in self._screen.display)
                raise TimeoutError(f"{texts} not on the screen within {within_s:g} s:\n{shown}")
            self._stream.feed(self._read(left_s))

    def _read(self, at_most_s: float) -> bytes:
        if not select.select([self._descriptor], [], [], at_most_s)[0]:
            return b""
        return os.read(self._descriptor, 65_536)
