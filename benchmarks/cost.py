"""What a run of a generator costs while it is under way, and what the target saw of it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from target import Target

SETTLING_S = 1.0
"""Between the first request and the window that is measured: connecting is no load yet."""

MARGIN_S = 2.0
"""How much longer than the window the generator is told to run, settling included."""

_FIRST_REQUEST_WITHIN_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One run of one generator."""

    requests: int
    """Within the window, as the target counted them."""
    window_s: float
    cpu_s: float
    """Of all of the generator's processes, within the window."""
    first_process_cpu_s: float
    """Of its first process alone; in vumeter this is the conductor."""
    start_up_cpu_s: float
    """Of all of its processes, before their first request."""
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


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at everything that counts."""

    at_s: float
    requests: int
    cpu_s: float
    first_process_cpu_s: float
    target_cpu_s: float


class GeneratorError(Exception):
    """A generator ended with an error, too early, or sent nothing."""


def measure(command: list[str], *, target: Target, core: int, seconds: float, folder: Path) -> Cost:
    """Run *command* pinned to *core*, and measure it for *seconds* of its load."""
    asked_before = target.requests()
    log = folder / "output.txt"
    with log.open("w") as output, _pinned(core):
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder
        )
    try:
        generator = psutil.Process(process.pid)
        start_up_cpu_s = _wait_for_load(generator, target, asked_before)
        time.sleep(SETTLING_S)
        before = _look(generator, target)
        time.sleep(seconds)
        after = _look(generator, target)
        code = process.wait(timeout=60)
    except (psutil.Error, TimeoutError) as error:
        raise GeneratorError(f"{' '.join(command)}: {error}\n{log.read_text()[-2000:]}") from error
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise GeneratorError(f"{' '.join(command)}: exit {code}\n{log.read_text()[-2000:]}")
    window_s = after.at_s - before.at_s
    return Cost(
        requests=after.requests - before.requests,
        window_s=window_s,
        cpu_s=after.cpu_s - before.cpu_s,
        first_process_cpu_s=after.first_process_cpu_s - before.first_process_cpu_s,
        start_up_cpu_s=start_up_cpu_s,
        target_busy_ratio=(after.target_cpu_s - before.target_cpu_s) / window_s,
    )


def _wait_for_load(generator: psutil.Process, target: Target, asked_before: int) -> float:
    """Return the CPU time that the generator had used just before its first request."""
    deadline_s = time.monotonic() + _FIRST_REQUEST_WITHIN_S
    while True:
        used_s = _cpu_s(generator)
        if target.requests() > asked_before:
            return used_s
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no request within {_FIRST_REQUEST_WITHIN_S:g} s")
        time.sleep(0.02)


def _look(generator: psutil.Process, target: Target) -> _Look:
    times = generator.cpu_times()
    return _Look(
        at_s=time.monotonic(),
        requests=target.requests(),
        cpu_s=_cpu_s(generator),
        first_process_cpu_s=times.user + times.system,
        target_cpu_s=target.cpu_s(),
    )


def _cpu_s(generator: psutil.Process) -> float:
    """Return the CPU time of the process and of all that it has started."""
    all_times = [each.cpu_times() for each in (generator, *generator.children(recursive=True))]
    return float(sum(times.user + times.system for times in all_times))


@contextlib.contextmanager
def _pinned(core: int) -> Iterator[None]:
    """Pin this process to *core*: what it starts meanwhile stays there for good."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
