"""What a run watches beside host and database: on the screen, in the log, and in the store."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from vumeter.model.frame import EventLevel, Frame
from vumeter.model.throttle import CommandKind
from vumeter.model.watched import ProcessMonitor, Watched, WatchedKind, WatchedState
from vumeter.store.reader import open_run

pytestmark = pytest.mark.slow


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def seen(frame: Frame, name: str) -> Watched:
    return next(each for each in frame.watched if each.name == name)


async def test_a_process_is_in_frames_and_in_the_store_and_its_end_is_told(
    fly, a_plan, server, until, sleeper
) -> None:
    own = ProcessMonitor(name="target", pid=os.getpid())
    other = ProcessMonitor(name="jobs", pid=sleeper.pid)
    plan = a_plan(server.url, monitors=(own, other))
    async with fly(plan) as flight, await flight.link("reader") as link:
        frame = await until(link, lambda frame: "cpu_percent" in seen(frame, "target").series)
        assert [(each.name, each.kind, each.state) for each in frame.watched] == [
            ("target", WatchedKind.PROCESS, WatchedState.UP),
            ("jobs", WatchedKind.PROCESS, WatchedState.UP),
        ]
        sleeper.kill()
        sleeper.wait()
        down = await until(link, lambda frame: seen(frame, "jobs").state is WatchedState.DOWN)
        assert seen(down, "jobs").series == {}
        assert f"there is no process {sleeper.pid}" in seen(down, "jobs").remark
        assert seen(down, "target").state is WatchedState.UP
        last = await until(link, lambda frame: frame.second > down.second + 1)
        told = [event for event in last.events if event.text.startswith("jobs")]
        assert [(event.level, event.text.partition(" →")[0]) for event in told] == [
            (EventLevel.WARNING, f"jobs: there is no process {sleeper.pid}")
        ]
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
        assert any(f"no process {sleeper.pid}" in remark for remark in summary.remarks)
        with open_run(flight.folder.store) as stored:
            watched = [reading.watched for reading in stored.readings(0) if reading.watched]
        states = [jobs.state for _, jobs in watched]
        assert states[-1] is WatchedState.DOWN
        assert WatchedState.UP in states
        seen_up = [target for target, _ in watched if target.state is WatchedState.UP]
        assert len(seen_up) >= len(watched) - 2
        assert all(target.series["rss_bytes"] > 2**20 for target in seen_up)
