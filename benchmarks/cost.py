"""What a run of a generator costs while it is under way, and what the target saw of it."""

import contextlib
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from benchmarks.generators import Errand, Generator, GeneratorError
from benchmarks.machine import CpuTimes, TreeTimes, cpu_times, tree_memory_bytes, tree_times
from benchmarks.own_words import OwnWords

_MARGIN_S = 1.0
_FIRST_REQUEST_WITHIN_S = 60.0
_END_WITHIN_S = 60.0
_MOST_DISTURBANCE_RATIO = 0.1


class Target(Protocol):
    """What is under load. Its counter is the truth about how much it was asked."""

    def requests(self) -> int:
        """Return how many requests it has seen."""

    def cpu_s(self) -> float:
        """Return the CPU time that it has used."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One run of one generator, within its window."""

    requests: int
    """As the target counted them."""
    window_s: float
    cpu_s: float
    """Of all of the generator's processes."""
    kernel_s: float
    """Of that, what the kernel took for what they asked of it."""
    memory_bytes: int
    """Of all of the generator's processes at the end of the window, shared pages once."""
    target_busy_ratio: float
    """Of the target's core; near 1 the target was the limit."""
    others_busy_ratio: float
    """What neither generator nor target nor this program used, in cores."""
    steal_ratio: float
    """What the machine wanted and did not get from its host, in cores."""
    own_words: OwnWords
    """What the generator says of the whole run, not of the window alone."""

    @property
    def per_cpu_s(self) -> float:
        """Requests for each CPU-second of the generator."""
        return self.requests / self.cpu_s

    @property
    def kernel_ratio(self) -> float:
        """Of the CPU time, what was the kernel's."""
        return self.kernel_s / self.cpu_s

    @property
    def rate_per_s(self) -> float:
        """Requests for each second of the clock."""
        return self.requests / self.window_s

    @property
    def busy_ratio(self) -> float:
        """Of one core, what all of the generator's processes used."""
        return self.cpu_s / self.window_s

    @property
    def disturbance_ratio(self) -> float:
        """What others had of the machine, in cores."""
        return self.others_busy_ratio + self.steal_ratio

    @property
    def was_disturbed(self) -> bool:
        """Whether others had too much of the machine for the figures to be trusted."""
        return self.disturbance_ratio > _MOST_DISTURBANCE_RATIO


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at everything that counts."""

    machine: CpuTimes
    requests: int
    times: TreeTimes
    target_cpu_s: float
    own_cpu_s: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which seconds of a run are measured."""

    seconds: float
    settling_s: float = 1.0
    """From the first request on: connecting, and ramping up, are no load yet."""

    @property
    def told_s(self) -> int:
        """How long a generator is told to run, for its window to be all load."""
        return math.ceil(self.settling_s + self.seconds + _MARGIN_S)


def measure(
    generator: Generator, errand: Errand, *, target: Target, window: Window, core: int | None
) -> Cost:
    """
    Let *generator* go on its *errand*, pinned to *core*, and measure it for a while.

    Raises:
        GeneratorError: It is not installed, did not make load for so long, or ended with
            another code than 0.
    """
    with tempfile.TemporaryDirectory(prefix="vumeter-bench-") as name:
        folder = Path(name)
        command = [generator.required_path(), *generator.command(errand, folder)]
        asked_before = target.requests()
        with started(command, core=core, folder=folder) as process:
            try:
                wait_for_load(target, asked_before)
                time.sleep(window.settling_s)
                before = _look(process.pid, target)
                time.sleep(window.seconds)
                after = _look(process.pid, target)
                memory_bytes = tree_memory_bytes(psutil.Process(process.pid))
                code = process.wait(timeout=_END_WITHIN_S)
            except (psutil.Error, TimeoutError, subprocess.TimeoutExpired) as error:
                raise GeneratorError(f"{' '.join(command)}: {error}\n{_said(folder)}") from error
        if code != 0:
            raise GeneratorError(f"{' '.join(command)}: exit {code}\n{_said(folder)}")
        if after.times.cpu_s <= before.times.cpu_s:
            raise GeneratorError(f"{' '.join(command)}: did nothing in its window\n{_said(folder)}")
        return _cost(before, after, memory_bytes, generator.reads(folder))


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    core: int | None,
    folder: Path,
    environ: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in *folder*, pinned to *core* with all that it starts; kill it at the end."""
    with (folder / "output.txt").open("w") as output, pinned(core):
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **(environ or {})},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_load(target: Target, asked_before: int) -> None:
    """Return as soon as the target is asked more than *asked_before*."""
    deadline_s = time.monotonic() + _FIRST_REQUEST_WITHIN_S
    while target.requests() <= asked_before:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no request within {_FIRST_REQUEST_WITHIN_S:g} s")
        time.sleep(0.02)


def _said(folder: Path) -> str:
    return (folder / "output.txt").read_text()[-2000:]


def _look(pid: int, target: Target) -> _Look:
    own = os.times()
    return _Look(
        requests=target.requests(),
        machine=cpu_times(),
        times=tree_times(psutil.Process(pid)),
        target_cpu_s=target.cpu_s(),
        own_cpu_s=own.user + own.system,
    )


def _cost(before: _Look, after: _Look, memory_bytes: int, own_words: OwnWords) -> Cost:
    window_s = after.machine.at_s - before.machine.at_s
    cpu_s = after.times.cpu_s - before.times.cpu_s
    target_cpu_s = after.target_cpu_s - before.target_cpu_s
    known_s = cpu_s + target_cpu_s + after.own_cpu_s - before.own_cpu_s
    others_s = after.machine.busy_s - before.machine.busy_s - known_s
    return Cost(
        requests=after.requests - before.requests,
        window_s=window_s,
        cpu_s=cpu_s,
        kernel_s=after.times.kernel_s - before.times.kernel_s,
        memory_bytes=memory_bytes,
        target_busy_ratio=target_cpu_s / window_s,
        # The machine's times are counted in ticks, those of processes exactly.
        others_busy_ratio=max(0.0, others_s) / window_s,
        steal_ratio=(after.machine.steal_s - before.machine.steal_s) / window_s,
        own_words=own_words,
    )


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Pin this process to *core*: what it starts meanwhile stays there for good."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
