"""The machine: what it is, and who else was using it while something was measured."""

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class CpuTimes:
    """What all of the machine's CPUs have done since it booted."""

    at_s: float
    busy_s: float
    steal_s: float
    """What the host of a virtual machine gave to others while this one wanted to run."""


def cpu_times() -> CpuTimes:
    """Return what the CPUs have done so far, by the kernel."""
    first_line = Path("/proc/stat").read_text().partition("\n")[0]
    user, nice, system, _, _, irq, softirq, steal = map(int, first_line.split()[1:9])
    return CpuTimes(
        at_s=time.monotonic(),
        busy_s=(user + nice + system + irq + softirq) * _TICK_S,
        steal_s=steal * _TICK_S,
    )


@dataclass(frozen=True, kw_only=True)
class TreeTimes:
    """What a process and all that it has started have used of the CPUs, ended ones included."""

    cpu_s: float
    kernel_s: float
    """Of it, what the kernel did for them, as seen at each tick: over 6 s right to 1 %."""


def tree_times(process: psutil.Process) -> TreeTimes:
    """Return what *process* and all that it has started have used so far."""
    user_s = kernel_s = 0.0
    for each in tree(process):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        user_s += times.user + times.children_user
        kernel_s += times.system + times.children_system
    return TreeTimes(cpu_s=user_s + kernel_s, kernel_s=kernel_s)


def tree_memory_bytes(process: psutil.Process) -> int:
    """Return the memory of *process* and of all that it has started, shared pages once."""
    return sum(each.memory_full_info().pss for each in tree(process))


def tree(process: psutil.Process) -> list[psutil.Process]:
    """Return *process* and all of its descendants that live."""
    return [process, *process.children(recursive=True)]


def description() -> str:
    """Return what was measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory_gib = round(psutil.virtual_memory().total / 2**30)
    return (
        f"{os.cpu_count()} × {model}, {memory_gib} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def cores() -> tuple[int, int]:
    """
    Return the core for targets and the core for generators.

    Raises:
        LookupError: This process may use one only.
    """
    ours: Iterable[int] = sorted(os.sched_getaffinity(0))
    try:
        target, generator, *_ = ours
    except ValueError:
        raise LookupError("Two cores are needed: one for the target, one for the load.") from None
    return target, generator
