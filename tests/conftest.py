"""What every test can rely on, wherever the tests are started from."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with other tests must not fail one for being slow.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


def pytest_configure() -> None:
    """
    Let signals do what they do, also to the programs that tests start.

    Under nohup, or in a script's background, a shell has them ignored, and that is inherited.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            # Only the main thread may, and only there does pytest configure itself.
            with contextlib.suppress(ValueError):
                signal.signal(
                    number,
                    signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL,
                )


_BURNER = Path(__file__).parent / "probes" / "burner.py"


@dataclass(frozen=True)
class Burner:
    """A real Python server, which spends its time in `burn_here`."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @contextmanager
    def loaded(self, connections: int = 3) -> Iterator[None]:
        """Keep so many connections busy, until the end of the block."""
        enough = threading.Event()
        threads = [
            threading.Thread(target=self._ask, args=(enough,), daemon=True)
            for _ in range(connections)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            enough.set()
            for thread in threads:
                thread.join()

    def _ask(self, enough: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            while not enough.is_set():
                connection.request("GET", "/")
                connection.getresponse().read()


@contextmanager
def _burning(*arguments: str) -> Iterator[Burner]:
    process = subprocess.Popen(
        [sys.executable, str(_BURNER), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield Burner(process.pid, int(process.stdout.readline()))
    finally:
        # With its workers.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def burner() -> Callable[..., AbstractContextManager[Burner]]:
    """Start one, with these arguments."""
    return _burning
