"""A disk that is full: the load goes on, people are told, and what was written can be read."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.store.reader import open_run
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
GENEROUS_S = 60.0
SIZE_KB = 1_500
FREE_KB = 160

# A file system of its own that nobody else sees, full but for a little; room is made as soon
# as there is a file "room", and what is on it in the end is copied out of it.
_ON_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size={size}k tmpfs "$DISK"
head -c {filler}k /dev/zero > "$DISK/filler"
(while [ ! -e "$PLACE/room" ]; do sleep 0.1; done; rm "$DISK/filler") &
watcher=$!
set +e
"$@" > "$PLACE/out" 2> "$PLACE/err"
code=$?
kill $watcher 2>/dev/null
cp -r "$DISK" "$PLACE/kept"
exit $code
"""


def _can_mount() -> bool:
    folder = tempfile.mkdtemp()
    try:
        tried = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", folder]
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
    finally:
        os.rmdir(folder)  # noqa: PTH106


if not _can_mount():
    pytest.skip("no file system of one's own can be mounted here", allow_module_level=True)


@dataclass
class Voyage:
    """A headless run whose folder is on a small disk."""

    place: Path
    process: "subprocess.Popen[bytes]"

    def make_room(self) -> None:
        (self.place / "room").touch()

    @property
    def said(self) -> str:
        file = self.place / "err"
        return file.read_text() if file.exists() else ""

    @property
    def printed(self) -> str:
        return (self.place / "out").read_text()

    @property
    def store(self) -> Path:
        (found,) = (self.place / "kept").glob("full-*/run.sqlite")
        return found

    def end(self) -> int:
        """Stop the run, and return its exit code."""
        _run_process(self.process.pid).send_signal(signal.SIGINT)
        return self.process.wait(GENEROUS_S)


def _run_process(shell: int) -> "psutil.Process":
    (found,) = [
        child
        for child in psutil.Process(shell).children(recursive=True)
        if child.cmdline()[1:3] == [str(PROGRAM), "run"]
    ]
    return found


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess("--law", "fixed:20ms") as target:
        yield target


@pytest.fixture
def voyage(server: ServerProcess) -> Iterator[Voyage]:
    place, disk = Path(tempfile.mkdtemp(prefix="vu")), Path(tempfile.mkdtemp(prefix="vu"))
    script = _ON_A_SMALL_DISK.format(size=SIZE_KB, filler=SIZE_KB - FREE_KB)
    command = [PROGRAM, "run", server.url, "-c", "3", "--headless", "--name", "full"]
    process = subprocess.Popen(
        ["unshare", "-Urm", "sh", "-c", script, "sh", *command],
        env=os.environ | {"DISK": str(disk), "PLACE": str(place), RUNS_VARIABLE: str(disk)},
        stdin=subprocess.DEVNULL,
    )
    try:
        yield Voyage(place, process)
    finally:
        for child in (
            psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ()
        ):
            child.kill()
        process.kill()
        process.wait()
        shutil.rmtree(place)
        shutil.rmtree(disk)


def test_what_could_not_be_written_is_written_when_there_is_room_again(
    voyage: Voyage, server: ServerProcess, eventually: Callable[[Callable[[], object]], None]
) -> None:
    eventually(lambda: "The run is not stored at present" in voyage.said)
    assert "database or disk is full" in voyage.said
    assert "The load goes on" in voyage.said
    server.wait_for_requests(server.truth()["requests"] + 100)
    voyage.make_room()
    server.wait_for_requests(server.truth()["requests"] + 300)
    voyage.end()
    assert "is not stored at present" in voyage.printed, "in the summary's remarks"
    with open_run(voyage.store) as run:
        assert run.summary is not None
        assert run.lost == ()
        seconds = [reading.second for reading in run.readings()]
        assert seconds == list(range(len(seconds)))
        requests = sum(it.requests for reading in run.readings() for it in reading.tallies.values())
        late = sum(it.requests for each in run.late_snapshots for it in each.tallies.values())
        assert requests + late == run.summary.total.requests == server.truth()["requests"]
        assert any(event.text == "The run is stored again" for event in run.events)


def test_where_the_disk_stays_full_what_was_written_before_can_be_read(
    voyage: Voyage, server: ServerProcess, eventually: Callable[[Callable[[], object]], None]
) -> None:
    eventually(lambda: "The run is not stored at present" in voyage.said)
    server.wait_for_requests(server.truth()["requests"] + 100)
    voyage.end()
    assert "The end of the run is not stored" in voyage.printed
    assert f"{server.truth()['requests']}" in voyage.printed.replace(",", "")
    with open_run(voyage.store) as run:
        assert run.newest_second >= 0
        assert len(list(run.readings())) == run.newest_second + 1
        assert run.summary is None
