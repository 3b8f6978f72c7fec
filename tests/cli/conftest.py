"""The installed command, as a person or a script calls it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.link.folders import RUNS_VARIABLE
from vumeter.testing.server_process import ServerProcess

PROGRAM = Path(sys.executable).parent / "vumeter"
GENEROUS_S = 30.0

Vumeter = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for runs that no one else sees; whatever still runs in it at the end is ended."""
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(RUNS_VARIABLE, str(path))
    monkeypatch.delenv("VUMETER_PG", raising=False)
    yield path
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(RUNS_VARIABLE) == str(path):
            process.send_signal(signal.SIGKILL)
            process.wait(GENEROUS_S)
    shutil.rmtree(path)


@pytest.fixture
def vumeter(runs: Path) -> Vumeter:
    """Run the command to its end, without a terminal."""

    def run(
        *arguments: str, env_of: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [PROGRAM, *arguments],
            env=os.environ | dict(env_of or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GENEROUS_S * 2,
            check=False,
        )

    return run


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    # Slow enough that the load leaves the machine to the test.
    with ServerProcess("--law", "fixed:20ms") as target:
        yield target


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Return when something has become true, or fail."""

    def wait(is_true: Callable[[], object]) -> None:
        deadline_ns = monotonic_ns() + round(GENEROUS_S * NANOSECONDS_PER_S)
        while not is_true():
            assert monotonic_ns() < deadline_ns, "it never became true"
            time.sleep(0.02)

    return wait
