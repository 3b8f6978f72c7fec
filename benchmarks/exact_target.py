"""The exact server in a process of its own, and the line to it."""

import contextlib
import json
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cost import pinned

_ROOT = Path(__file__).resolve().parent.parent


class ExactTarget:
    """A running `benchmarks.exact_server`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self._usage = psutil.Process(process.pid)
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}/"

    def requests(self) -> int:
        """Return how many requests have come."""
        return int(self._ask("count"))

    def cpu_s(self) -> float:
        """Return the CPU time that it has used."""
        times = self._usage.cpu_times()
        return float(times.user + times.system)

    def service_ms(self) -> dict[str, float]:
        """Return p50 … p99 of all service times so far."""
        return dict(self._ask("service"))

    def arrivals_ns(self) -> "array[int]":
        """Return when each request came, by the kernel, on the monotonic clock; sorted."""
        with tempfile.NamedTemporaryFile(prefix="vumeter-bench-") as file:
            self._ask(f"arrivals {file.name}")
            return array("q", sorted(array("q", Path(file.name).read_bytes())))

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextlib.contextmanager
def exact_target(law: str, *, core: int) -> Iterator[ExactTarget]:
    """Run a server that obeys *law* ("fixed:20ms", "none"), pinned to *core*."""
    with pinned(core):
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.exact_server", "--law", law],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )
    try:
        yield ExactTarget(process)
    finally:
        # The end of its standard input is its sign to leave.
        process.communicate(timeout=10)
