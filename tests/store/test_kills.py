"""
A run process that is killed at any moment leaves a store that is whole up to that moment.

The suite kills a few times. A hundred times each, by hand:

    VUMETER_KILLS=100 pytest -s tests/store/test_kills.py
"""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.errors import LinkError, StoreError
from vumeter.link import archive, folders
from vumeter.link.archive import StoredState
from vumeter.link.client import status
from vumeter.link.folders import RUNS_VARIABLE, RunFolder
from vumeter.store.reader import open_run
from vumeter.testing.server_process import ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("VUMETER_KILLS", "3"))
BY_HAND = "VUMETER_KILLS" in os.environ
PROGRAM = Path(sys.executable).parent / "vumeter"
ORPHANS_S = 2.0
GENEROUS_S = 30.0

# Seconds of a tenth of a millisecond: rows age and are merged all the time.
_WRITES = """
import sys
from pathlib import Path
from msgspec.structs import replace
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.model.retention import Retention
from vumeter.store.writer import StoreWriter
from vumeter.testing.seconds import MadeUpRun

run, digest = MadeUpRun(endpoints=2, requests=4), Digest()
readings = [run.reading(second) for second in range(40)]
steps = (Pick(choices=(Choice(steps=(Request(name="x", url="http://127.0.0.1/"),)),)),)
plan = Plan(name="killed", scenarios=(Scenario(name="x", steps=steps, load=Load(vus=1)),))
quick = Retention(seconds_s=30, tens_s=120)
writer = StoreWriter(Path(sys.argv[1]), Redactor(plan), version="1", retention=quick)
for second in range(1_000_000):
    reading = replace(readings[second % 40], second=second)
    writer.second(reading, digest.add(reading, vus_target=1.0, rate_target_per_s=None))
    if writer.drain(30):
        print(second, flush=True)
"""


def integrity(path: Path) -> str:
    """What SQLite itself says of the file, log taken in."""
    connection = sqlite3.connect(path)
    try:
        ((said,),) = connection.execute("PRAGMA integrity_check").fetchall()
        return str(said)
    finally:
        connection.close()


def test_a_writer_that_is_killed_while_it_writes_and_merges_loses_no_commit(
    tmp_path: Path,
) -> None:
    chance = random.Random(20)
    for number in range(KILLS):
        path = tmp_path / f"{number}.sqlite"
        with subprocess.Popen(
            [sys.executable, "-c", _WRITES, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 1.0))
            process.kill()
            said = process.stdout.read().splitlines()
        # The last line may be cut off in the middle.
        committed = max((int(line) for line in said[:-1]), default=0)
        assert integrity(path) == "ok"
        with open_run(path) as run:
            assert run.newest_second >= committed
            seconds = 0
            for reading in run.readings():
                assert reading.second == seconds, "a gap, or something twice"
                seconds += reading.span_s
            assert seconds == run.newest_second + 1
            assert len(run.points()) == seconds


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(RUNS_VARIABLE, str(path))
    yield path
    shutil.rmtree(path)


def test_a_run_process_that_is_killed_at_random_leaves_its_store_and_no_worker(
    runs: Path,
) -> None:
    chance = random.Random(21)
    with ServerProcess("--law", "fixed:20ms") as server:
        # Each fourth one while it starts, the others under load.
        killed = [
            killed_after(chance.uniform(0.0, 3.0), server.url, starts=number % 4 == 3)
            for number in range(KILLS)
        ]
    if BY_HAND:
        outlived_s = sorted(it.orphans_s for it in killed)
        tenths = ", ".join(f"{1000 * outlived_s[len(outlived_s) * n // 10]:.0f}" for n in range(10))
        print(
            f"{len(killed)} killed, {sum(it.shown >= 0 for it in killed)} of them under load; "
            f"workers were gone after {1000 * outlived_s[-1]:.0f} ms at most; tenths: {tenths} ms; "
            f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
    for each in killed:
        if each.folder is not None and each.folder.store.exists():
            check(each)
    assert all(each.shown >= 0 for number, each in enumerate(killed) if number % 4 != 3)
    assert max(it.orphans_s for it in killed) <= ORPHANS_S


@dataclass(frozen=True)
class Killed:
    """A run process that was killed."""

    folder: RunFolder | None
    shown: int
    """The newest second that it had shown just before; −1: none."""
    orphans_s: float
    """How long its workers outlived it."""


def killed_after(life_s: float, url: str, *, starts: bool) -> Killed:
    process = psutil.Popen(
        [PROGRAM, "run", url, "-c", "4", "--workers", "2", "--headless", "--name", "killed"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline_ns = monotonic_ns() + round(GENEROUS_S * NANOSECONDS_PER_S)
    while not starts and newest_shown() < 0:
        assert monotonic_ns() < deadline_ns, "no load"
        time.sleep(0.05)
    time.sleep(life_s)
    shown = newest_shown()
    workers = process.children(recursive=True)
    process.kill()
    process.wait()
    killed_ns = monotonic_ns()
    while not all(map(has_ended, workers)):
        assert elapsed_s(killed_ns) < GENEROUS_S, "orphans"
        time.sleep(0.002)
    orphans_s = elapsed_s(killed_ns)
    found = folders.newest_first("killed")
    return Killed(folder=found[0] if found else None, shown=shown, orphans_s=orphans_s)


def elapsed_s(since_ns: int) -> float:
    return (monotonic_ns() - since_ns) / NANOSECONDS_PER_S


def has_ended(process: psutil.Process) -> bool:
    """Whether it sends nothing any more; whoever has inherited it may take seconds to bury it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def newest_shown() -> int:
    try:
        return asyncio.run(status(folders.find("killed").socket)).second
    except LinkError:
        return -1


def check(killed: Killed) -> None:
    assert killed.folder is not None
    path = killed.folder.store
    assert integrity(path) == "ok"
    try:
        with open_run(path) as run:
            # What was shown was left with the store before: at most one second is lost.
            assert run.newest_second >= killed.shown - 1
            assert len(list(run.readings())) == run.newest_second + 1
    except StoreError as nothing:
        assert "is empty" in nothing.message
        assert killed.shown < 1
    else:
        assert archive.brief(killed.folder).state is StoredState.DIED
        assert archive.summary(killed.folder).duration_s >= killed.shown
