"""Servers that nobody here wrote, each on a free loopback port, or the reason why not."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from vumeter.testing.patience import wait_until

_PATIENCE_S = 20


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(program: str, package: str, port: int, arguments: Sequence[str]) -> Iterator[None]:
    """Run *program*, of Debian's *package*, until it listens on *port*, and end it afterwards."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"no {program} on this machine (Debian: apt-get install {package})")
    process = subprocess.Popen(
        [path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"it ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    wait_until(listens, f"something listens on {port}")


@contextmanager
def redis_server(port: int, *arguments: str) -> Iterator[str]:
    """Yield the URL of a Redis that keeps nothing."""
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp")
    with served("redis-server", "redis-server", port, (*options, *arguments)):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def node_exporter(port: int) -> Iterator[str]:
    """Yield the URL of a node_exporter's page."""
    options = (f"--web.listen-address=127.0.0.1:{port}",)
    with served("prometheus-node-exporter", "prometheus-node-exporter", port, options):
        yield f"http://127.0.0.1:{port}/metrics"
