"""A loopback server in a process of its own, and the line to it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, cast

from vumeter.testing.truth import TruthReport


class ServerProcess:
    """
    `python -m vumeter.testing.server` with *arguments*, as a context manager.

    A server in the test's own process would share its thread with the test; here what the
    server measures is disturbed by nothing but the machine.
    """

    def __init__(self, *arguments: str) -> None:
        self._command: Sequence[str] = (sys.executable, "-m", "vumeter.testing.server", *arguments)
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        told = self._hear()
        self.url, self.port = told["url"], told["port"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        # The end of its standard input is the server's sign to leave.
        self._process.communicate(timeout=10)

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def truth(self) -> TruthReport:
        """Return what the server has seen so far."""
        return cast(TruthReport, self.tell("truth"))

    def arrivals_ns(self) -> list[int]:
        """Return when each request came, by the monotonic clock that all processes share."""
        return list(self.tell("arrivals")["arrivals_ns"])

    def path_arrivals_ns(self, path: str) -> list[int]:
        """Return the same for the requests of one path."""
        return list(self.tell("paths").get(path, []))

    def connections_ns(self) -> tuple[list[int], list[int]]:
        """Return when connections were accepted, and when those that are gone were closed."""
        told = self.tell("connections")
        return list(told["opened_ns"]), list(told["closed_ns"])

    def close_gate(self) -> None:
        """Hold all answers back from now on."""
        self.tell("gate close")

    def open_gate(self) -> None:
        """Let all answers out."""
        self.tell("gate open")

    def go_away(self) -> None:
        """Stop listening and break every connection."""
        self.tell("away")

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self.tell("back")

    def wait_for_requests(self, at_least: int) -> None:
        """Return when so many requests have come since the server began."""
        self.wait_until(lambda truth: truth["requests"] >= at_least)

    def wait_until(
        self, holds: Callable[[TruthReport], bool], *, within_s: float = 30.0
    ) -> TruthReport:
        """
        Return the server's truth as soon as it *holds*.

        Raises:
            TimeoutError: It did not in time.
        """
        deadline_s = time.monotonic() + within_s
        while not holds(truth := self.truth()):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not within {within_s:g} s; the server has seen {truth}")
            time.sleep(0.02)
        return truth

    def tell(self, line: str) -> dict[str, Any]:
        """Send a command of `serve_until_told`, and return what the server answers."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the test server ended with code {self._process.wait()}")
        return cast(dict[str, Any], json.loads(line))
