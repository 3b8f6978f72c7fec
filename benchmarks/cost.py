"""What a run of a generator cost, and what the target saw of it."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from target import Target


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One run of one generator."""

    requests: int
    """As the target counted them."""
    wall_s: float
    """From the start of the program to its end, starting up included."""
    cpu_s: float
    """Of the program and everything it started, starting up included."""
    first_process_cpu_s: float
    """Of the program's first process alone; in vumeter this is the conductor."""
    target_busy_ratio: float
    """Of the target's core; near 1 the target was the limit."""

    @property
    def per_cpu_s(self) -> float:
        """Requests for each CPU-second of the generator."""
        return self.requests / self.cpu_s

    @property
    def per_worker_cpu_s(self) -> float:
        """Requests for each CPU-second of what the first process started."""
        return self.requests / (self.cpu_s - self.first_process_cpu_s)


class GeneratorError(Exception):
    """A generator ended with an error, or sent nothing."""


def measure(command: list[str], *, target: Target, core: int, folder: Path) -> Cost:
    """Run *command* pinned to *core*, to its end."""
    asked_before, busy_before_s = target.requests(), target.cpu_s()
    started_s = time.monotonic()
    log = folder / "output.txt"
    with log.open("w") as output, _pinned(core):
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder
        )
    watch = _FirstProcess(process.pid)
    watch.start()
    # `wait4` gives the CPU time of the child and of all that it has waited for itself.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - started_s
    watch.join()
    requests = target.requests() - asked_before
    if process.returncode != 0 or requests == 0:
        raise GeneratorError(f"{' '.join(command)}: {log.read_text()[-2000:]}")
    return Cost(
        requests=requests,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        first_process_cpu_s=watch.cpu_s,
        target_busy_ratio=(target.cpu_s() - busy_before_s) / wall_s,
    )


@contextlib.contextmanager
def _pinned(core: int) -> Iterator[None]:
    """Pin this process to *core*: what it starts meanwhile stays there for good."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _FirstProcess(threading.Thread):
    """Follows the CPU time of one process until it ends; it misses the last 50 ms at most."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.cpu_s = 0.0

    def run(self) -> None:
        while True:
            try:
                times = self._process.cpu_times()
            except psutil.Error:
                return
            if times.user + times.system < self.cpu_s:
                return
            self.cpu_s = times.user + times.system
            time.sleep(0.05)
