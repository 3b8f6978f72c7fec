"""Whose CPU time it was, held against what the kernel tells of processes that burn it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from benchmarks.machine import cpu_times, tree, tree_memory_bytes, tree_times

pytestmark = pytest.mark.slow

BURNS_S = 0.3
# Burns in a child that ends, then in one that lives on; says when each is done.
PARENT = f"""
import subprocess, sys
burn = "import time\\nwhile time.process_time() < {BURNS_S}: pass\\n"
subprocess.run([sys.executable, "-c", burn], check=True)
child = subprocess.Popen(
    [sys.executable, "-c", burn + "print(flush=True)\\ninput()"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
)
child.stdout.readline()
print(flush=True)
input()
child.communicate(b"\\n")
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.communicate("\n")


def test_a_generators_time_is_that_of_its_children_too_dead_or_alive(
    parent: subprocess.Popen[str],
) -> None:
    process = psutil.Process(parent.pid)
    own_s = sum(process.cpu_times()[:2])
    assert tree_times(process).cpu_s >= own_s + 2 * BURNS_S - 0.02  # two ticks of the kernel
    assert len(tree(process)) == 2


@pytest.mark.parametrize(
    ("work", "is_kernels"),
    [("sum(range(100_000))", False), ("zeros.readinto(room)", True)],
    ids=["by itself", "by the kernel"],
)
def test_what_the_kernel_did_is_told_from_what_a_process_did_itself(
    work: str, is_kernels: bool
) -> None:
    program = f"""
import time
zeros, room = open("/dev/zero", "rb", buffering=0), bytearray(1_000_000)
while time.process_time() < {BURNS_S}: {work}
print(flush=True)
input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        times = tree_times(psutil.Process(process.pid))
        process.communicate("\n")
    assert (times.kernel_s > times.cpu_s / 2) is is_kernels


def test_pages_that_processes_share_are_counted_once(parent: subprocess.Popen[str]) -> None:
    process = psutil.Process(parent.pid)
    resident = sum(each.memory_info().rss for each in tree(process))
    unshared = sum(each.memory_full_info().uss for each in tree(process))
    assert unshared <= tree_memory_bytes(process) < resident


def test_the_machine_is_busy_when_somebody_is() -> None:
    before, own_before = cpu_times(), os.times()
    while os.times().user - own_before.user < BURNS_S:
        pass
    after, own_after = cpu_times(), os.times()
    assert after.at_s > before.at_s
    own_s = own_after.user - own_before.user
    assert after.busy_s - before.busy_s + after.steal_s - before.steal_s >= own_s - 0.05
