"""Programs of somebody else's: real ones, that hang, fail, and print what they should not."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.run.programs import run_program

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


async def test_a_program_has_its_first_line_and_its_code() -> None:
    ended = await run_program(["sh", "-c", "echo; echo hello; echo more; exit 3"], ENVIRONMENT)
    assert ended == (3, "hello")


async def test_what_it_says_on_standard_error_counts_too() -> None:
    ended = await run_program(["sh", "-c", "echo wrong >&2"], ENVIRONMENT)
    assert ended == (0, "wrong")


async def test_it_has_the_environment_it_is_given_no_shell_and_no_input() -> None:
    ended = await run_program(
        ["printenv", "VUMETER_TEXT"], {**ENVIRONMENT, "VUMETER_TEXT": "$HOME *"}
    )
    assert ended == (0, "$HOME *")
    assert (await run_program(["cat"], ENVIRONMENT)).code == 0


async def test_one_that_is_not_there_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        await run_program(["no-such-program"], ENVIRONMENT)


@pytest.mark.slow
async def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $! >> {pids}; echo $$ >> {pids}; echo waiting; wait"
    ended = await run_program(["sh", "-c", script], ENVIRONMENT, limit_s=0.5)
    assert ended == (None, "waiting")
    for pid in map(int, pids.read_text().split()):
        # The kernel takes a moment to bury what it has killed.
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            gone = await asyncio.to_thread(psutil.wait_procs, [process], timeout=10)
            assert not gone[1] or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
async def test_one_that_prints_without_end_costs_next_to_nothing() -> None:
    before_s = sum(psutil.Process().cpu_times()[:2])
    ended = await run_program(["yes"], ENVIRONMENT, limit_s=1.0)
    assert ended == (None, "y")
    # Twenty pipes full, read in well under a millisecond each; a loop that reads all that
    # `yes` can print needs the whole second.
    assert sum(psutil.Process().cpu_times()[:2]) - before_s < 0.5


@pytest.mark.slow
async def test_one_that_prints_more_than_a_pipe_holds_ends_by_itself() -> None:
    ended = await run_program(["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' 'x'"], ENVIRONMENT)
    assert (ended.code, len(ended.said)) == (0, 1000)


@pytest.mark.slow
async def test_what_it_leaves_behind_holds_up_nothing(tmp_path: Path) -> None:
    left = tmp_path / "left"
    script = f"sleep 600 & echo $! > {left}; echo done"
    assert await run_program(["sh", "-c", script], ENVIRONMENT) == (0, "done")
    os.kill(int(left.read_text()), 9)


async def test_a_cancelled_one_is_killed(tmp_path: Path, becomes: Any) -> None:
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}.part; mv {pid}.part {pid}; exec sleep 600"
    running = asyncio.create_task(run_program(["sh", "-c", script], ENVIRONMENT))
    await becomes(pid.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not psutil.pid_exists(int(pid.read_text()))
