"""What a worker asks of the kernel, as the kernel has understood it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ASKING = """
import os
from vumeter.engine.promptness import ask_for_short_turns
os.nice(3)
print(ask_for_short_turns(), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
print(open("/proc/self/sched").read() if os.path.exists("/proc/self/sched") else "")
"""


def asked(*, by: tuple[str, ...] = ()) -> list[str]:
    command = [*by, sys.executable, "-c", _ASKING]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def knows_slices() -> bool:
    release = os.uname().release.split(".")
    return (
        sys.platform == "linux"
        and os.uname().machine in ("x86_64", "aarch64")
        and (int(release[0]), int(release[1])) >= (6, 12)
    )


@pytest.mark.skipif(not knows_slices(), reason="Linux takes no notice before 6.12")
def test_turns_are_short_and_nothing_else_is_changed() -> None:
    outcome, *scheduling = asked()
    assert outcome == f"True 3 {os.SCHED_OTHER}"
    turns = [line.split() for line in scheduling if line.startswith("se.slice")]
    if Path("/proc/self/sched").exists():
        assert turns == [["se.slice", ":", "100000"]]


@pytest.mark.skipif(sys.platform != "linux", reason="chrt is Linux's")
def test_who_runs_it_by_another_policy_has_chosen_that() -> None:
    outcome, *_ = asked(by=("chrt", "--batch", "0"))
    assert outcome == f"False 3 {os.SCHED_BATCH}"
