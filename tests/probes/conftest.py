"""A PostgreSQL cluster of the tests' own, and what a second opinion on it needs."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_DEBIAN = Path("/usr/lib/postgresql")


class Cluster:
    """A temporary cluster on a Unix socket and a loopback port."""

    def __init__(self, folder: Path, binaries: Path, *, settings: dict[str, str]) -> None:
        self.folder = folder
        self._binaries = binaries
        self._settings = settings
        self._data = folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def make(self) -> None:
        options = ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
        self._as_owner("initdb", "-D", self._data, "-U", "chief", *options)
        settings = {
            "port": str(self.port),
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{self.folder}'",
            "fsync": "off",
            **self._settings,
        }
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def start(self) -> None:
        self._as_owner("pg_ctl", "-D", self._data, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._as_owner("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def dsn(self, user: str = "chief", database: str = "postgres") -> str:
        """Over the Unix socket, where everybody is trusted."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_dsn(self, user: str, password: str, database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def session(self, user: str = "chief", **options: object) -> "psycopg.Connection[tuple]":
        """One more session, through another driver than the probe's."""
        return psycopg.connect(self.dsn(user), autocommit=True, **options)  # type: ignore[arg-type]

    def execute(self, *statements: str) -> None:
        with self.session() as session:
            for statement in statements:
                session.execute(statement)  # type: ignore[arg-type]

    def postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[int]:
        """The postmaster and all its children."""
        postmaster = self.postmaster()
        listed = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, listed.split())]

    def freeze(self) -> list[int]:
        """Stop every process where it stands."""
        frozen = self.processes()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        return frozen

    @staticmethod
    def thaw(frozen: list[int]) -> None:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)

    def _as_owner(self, program: str, *arguments: str | Path) -> None:
        command = [str(self._binaries / program), *map(str, arguments)]
        if os.geteuid() == 0:
            # The server refuses to run as root.
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        quiet = subprocess.DEVNULL
        subprocess.run(
            command, check=True, timeout=60, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/"
        )


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        pytest.skip("no PostgreSQL server binaries: neither initdb on PATH nor in " + str(_DEBIAN))
    return versions[-1].parent


def _running(**settings: str) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="vumeter-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = Cluster(folder, _binaries(), settings=settings)
    try:
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One that lives as long as the tests: leave it as you found it."""
    yield from _running()


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One for a single test, which may stop, freeze or fill it; it has 12 slots."""
    yield from _running(
        max_connections="12", superuser_reserved_connections="3", max_wal_senders="0"
    )
