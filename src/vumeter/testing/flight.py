"""The real program, as a person starts it: run headless to its end, and what came of it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from vumeter.link.client import send
from vumeter.link.folders import RUNS_VARIABLE
from vumeter.link.protocol import SOCKET_NAME
from vumeter.model.throttle import Command, CommandKind

_LONGEST_S = 60.0
_NAME = "flight"
_PROGRAM = Path(sys.executable).parent / "vumeter"
_PROGRESS = re.compile(r"\d\d:\d\d:\d\d [a-z]+ | *\d+\.\ds [^ ]+: |Stored as ")
"""A second's line, an event's, or the one that says where all of it is kept."""


@dataclass(frozen=True, kw_only=True)
class Landing:
    """What is left of a run."""

    exit_code: int
    output: str
    """Standard output: the summary."""
    progress: tuple[str, ...]
    """The lines on standard error that tell how the run goes, and where it is kept."""
    complaints: str
    """Everything else on standard error: nothing, when all is well."""
    wall_s: float
    """Of the whole program, from its first instruction."""
    report: dict[str, Any]
    """`report.json`; empty when none was written."""

    @property
    def requests(self) -> int:
        """Every attempt that ended, as the report counts them."""
        return int(self.report["totals"]["requests"])

    @property
    def errors(self) -> dict[str, int]:
        """Kind → count, as reported."""
        return dict(self.report["errors"])

    @property
    def lag_max_ms(self) -> float:
        """How late the generator's own clock ticked at most, by its own testimony."""
        lag = self.report["generator"]["tick_lag_ms"]
        return float(lag["max"]) if lag else 0.0

    def run_times_s(self, stamps_ns: Iterable[int]) -> list[float]:
        """Return moments of this host's monotonic clock in run time, in order, to the ms."""
        # The report has the run's start by the wall clock.
        start_unix_ns = self.report["run"]["started_unix_ms"] * 1_000_000
        start_ns = time.monotonic_ns() - (time.time_ns() - start_unix_ns)
        return [(at_ns - start_ns) / 1e9 for at_ns in sorted(stamps_ns)]


class Flight:
    """
    `vumeter run URL … --headless -o report.json`, through the installed entry point.

    As a context manager it is in the air within the context, and gone after it; `land`
    waits for its end. `fly` does both.
    """

    def __init__(self, url: str, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        self._url = url
        self._flags = flags
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[str] | None = None
        self._started_s = 0.0

    def __enter__(self) -> Self:
        # Runs live in a folder of their own here, so that tests do not see each other's.
        self._folder = tempfile.TemporaryDirectory(prefix="vu-")
        self._report = Path(self._folder.name, "report.json")
        self._variables = {
            **os.environ,
            RUNS_VARIABLE: self._folder.name,
            **self._environment,
        }
        obligatory = ("--name", _NAME, "--headless", "-o", str(self._report))
        self._started_s = time.monotonic()
        self._process = subprocess.Popen(
            [_PROGRAM, "run", self._url, *self._flags, *obligatory],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._variables,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            # Its own session: workers go with it, and nothing of anybody else's does.
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self._folder.cleanup()

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The program's first process."""
        assert self._process is not None, "only within the context"
        return self._process

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes that are alive now."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "vumeter.engine.worker" in child.cmdline()]

    def tell(self, *words: str) -> str:
        """
        Give a command to the run as `vumeter ctl` does, and return what it answers.

        Raises:
            RuntimeError: It was refused.
        """
        return self.ask("ctl", _NAME, *words).strip()

    def command(self, kind: CommandKind, **fields: Any) -> str:
        """
        Give a command straight to the run's socket, and return what it answers.

        On a busy machine a program like `vumeter ctl` takes seconds to begin.

        Raises:
            RuntimeError: It was refused.
        """
        socket = next(Path(self._folder.name).glob(f"{_NAME}-*/{SOCKET_NAME}"))
        command = Command(kind=kind, author="test", **fields)
        outcome = asyncio.run(send(socket, command))
        if not outcome.accepted:
            raise RuntimeError(f"{kind}: {outcome.message}")
        return outcome.message

    def exported(self) -> str:
        """
        Return the run so far as the profile that `vumeter export-profile` writes.

        Raises:
            RuntimeError: It was refused.
        """
        return self.ask("export-profile", _NAME)

    def ask(self, *words: str) -> str:
        """
        Return what a command of the same program prints, of the runs where this one is.

        Raises:
            RuntimeError: It was refused.
        """
        answer = subprocess.run(
            [_PROGRAM, *words],
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        if answer.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {answer.stderr}")
        return answer.stdout

    def land(self) -> Landing:
        """
        Return what is left of the run when it has ended by itself.

        Raises:
            subprocess.TimeoutExpired: It does not end.
        """
        output, error = self.process.communicate(timeout=_LONGEST_S)
        lines = error.splitlines(keepends=True)
        return Landing(
            exit_code=self.process.returncode,
            output=output,
            progress=tuple(line for line in lines if _PROGRESS.match(line)),
            complaints="".join(line for line in lines if not _PROGRESS.match(line)),
            wall_s=time.monotonic() - self._started_s,
            report=json.loads(self._report.read_text()) if self._report.exists() else {},
        )


def fly(url: str, *flags: str, environment: Mapping[str, str] | None = None) -> Landing:
    """Run the program to its end."""
    with Flight(url, *flags, environment=environment) as flight:
        return flight.land()
