"""Real shops and clusters, and what it takes to see that nothing of them stays."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from vumeter.demo.binaries import NoPostgresError, found_binaries
from vumeter.demo.shop import DemoShop
from vumeter.testing.patience import wait_until

DEADLINE_S = 20.0


@pytest.fixture(scope="session")
def postgres() -> None:
    """Skip where there is no PostgreSQL to run."""
    try:
        found_binaries()
    except NoPostgresError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def shop(postgres: None) -> Iterator[DemoShop]:
    """
    A shop that the tests of a module share; each leaves every bottleneck in.

    It is patient: a request that a test holds up is not given up on a busy machine.
    """
    with DemoShop.open(patience_s=DEADLINE_S) as opened:
        yield opened


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition holds; fail when it does not in a generous time."""
    return partial(wait_until, within_s=DEADLINE_S)


class Traces:
    """The processes and the folder of something that is to vanish."""

    def __init__(self, *, folder: Path, pids: list[int]) -> None:
        self.folder = folder
        self._processes: list[psutil.Process] = []
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has gone already
                self._processes.append(psutil.Process(pid))

    def all_there(self) -> bool:
        return self.folder.exists() and all(map(_is_alive, self._processes))

    def gone(self) -> bool:
        return not self.folder.exists() and not any(map(_is_alive, self._processes))


def _is_alive(process: psutil.Process) -> bool:
    try:
        # psutil compares start times as well: a pid given out again is another process.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def traces() -> type[Traces]:
    return Traces


@pytest.fixture
def holder() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start Python with some code that prints a line and then waits to be killed."""
    holders: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        holders.append(process)
        return process

    yield start
    for process in holders:
        process.kill()
        process.communicate()
