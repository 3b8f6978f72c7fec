"""A PostgreSQL cluster of the tests' own, and what a second opinion on it needs."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import trustme

from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.postgres import PostgresProbe
from vumeter.testing.patience import until

_NO_STATEMENTS = "pg_stat_statements does not come with this PostgreSQL: install its contrib"
_DEBIAN = Path("/usr/lib/postgresql")
_PATIENCE_S = 30


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

    def make(self, pattern: Path) -> None:
        """Copy the fresh cluster in the folder *pattern*, which is quicker than initdb."""
        _run_as_owner("cp", "-a", pattern, self._data)
        settings = {
            "port": str(self.port),
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{self.folder}'",
            "fsync": "off",
            **self._settings,
        }
        self._set(**settings)

    def _set(self, **settings: str) -> None:
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def follow(self, leader: "Cluster") -> None:
        """Become a streaming replica of *leader*, which runs and lets replicas in."""
        source = ("-h", leader.folder, "-p", str(leader.port), "-U", "chief")
        _run_as_owner(
            self._binaries / "pg_basebackup", "-D", self._data, *source, "-c", "fast", "-R", "-N"
        )
        self._set(port=str(self.port), unix_socket_directories=f"'{self.folder}'")

    def start(self) -> None:
        _run_as_owner(
            self._binaries / "pg_ctl", "-D", self._data, "-l", self.folder / "log", "-w", "start"
        )

    def serve_tls(self, certificate: trustme.LeafCert) -> None:
        """Restart with TLS on."""
        key, chain = self.folder / "server.key", self.folder / "server.pem"
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(chain)
        key.chmod(0o600)
        for path in (key, chain):
            shutil.chown(path, self.folder.owner(), self.folder.group())
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.write(f"ssl = on\nssl_key_file = '{key}'\nssl_cert_file = '{chain}'\n")
        self.stop("fast")
        self.start()

    def stop(self, mode: str = "immediate") -> None:
        _run_as_owner(self._binaries / "pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def dsn(self, user: str = "chief", database: str = "postgres") -> str:
        """Over the Unix socket, where everybody is trusted."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_dsn(self, user: str, password: str, database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def rows(self, statement: str, *arguments: object) -> list[tuple[object, ...]]:
        """What another driver than the probe's has to say."""
        with psycopg.connect(self.dsn(), autocommit=True) as session:
            cursor = session.execute(statement, arguments)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.rows(statement)

    async def until(self, statement: str, expected: list[tuple[object, ...]]) -> None:
        """Wait until *statement* answers what is *expected*."""
        await until(lambda: self.rows(statement) == expected, lambda: self.rows(statement))

    def postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[int]:
        """The postmaster and all its children."""
        postmaster = self.postmaster()
        listed = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        return [postmaster, *map(int, listed.split())]

    @staticmethod
    def end(backend: int) -> None:
        """End one backend; needs no slot and no lock, as pg_terminate_backend() would."""
        os.kill(backend, signal.SIGTERM)

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


class Sessions:
    """Sessions of people who use the database while the probe watches."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._open: list[psycopg.AsyncConnection] = []
        self._busy: list[asyncio.Task[object]] = []

    async def open(self, *statements: str, user: str = "chief", name: str = "app") -> int:
        """Open a session, let it do *statements*, leave it there; returns its pid."""
        dsn = self._cluster.dsn(user)
        session = await psycopg.AsyncConnection.connect(dsn, autocommit=True, application_name=name)
        self._open.append(session)
        for statement in statements:
            await session.execute(statement)  # type: ignore[arg-type]
        return session.info.backend_pid

    async def begin(self, statement: str, *before: str, user: str = "chief") -> int:
        """Open a session that does *before*, and begins *statement* without its end awaited."""
        pid = await self.open(*before, user=user)
        self._busy.append(asyncio.create_task(self._open[-1].execute(statement)))  # type: ignore[arg-type]
        return pid

    async def close(self) -> None:
        """End them all on the server's side, which also ends what they wait for."""
        pids = [session.info.backend_pid for session in self._open]
        # The test may have stopped the server.
        with contextlib.suppress(psycopg.OperationalError):
            self._cluster.rows("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", pids)
        await asyncio.gather(*self._busy, return_exceptions=True)
        for session in self._open:
            await session.close()
        self._busy.clear()
        self._open.clear()


class Watched:
    """A probe that runs, and patience with it."""

    def __init__(self, probe: PostgresProbe) -> None:
        self.probe = probe

    async def until(self, shows: Callable[[PostgresReading], bool]) -> PostgresReading:
        """Return the first reading that *shows* what is waited for."""

        def shown() -> PostgresReading | None:
            reading = self.probe.latest
            return reading if shows(reading) else None

        found: PostgresReading = await until(shown, lambda: self.probe.latest)
        return found

    async def until_state(self, state: PostgresState) -> PostgresReading:
        return await self.until(lambda reading: reading.state is state)

    async def next(self) -> PostgresReading:
        """Return a look whose whole span lies after this call."""
        await self._another()
        return await self._another()

    async def _another(self) -> PostgresReading:
        age_s = 0.0
        # An age that falls is another look.
        while (reading := self.probe.latest).age_s >= age_s:
            assert age_s < _PATIENCE_S, f"still {reading}"
            age_s = reading.age_s
            await asyncio.sleep(0.02)
        return reading


Watch = Callable[[str], Awaitable[Watched]]


@contextlib.asynccontextmanager
async def _watched(dsn: str) -> AsyncIterator[Watched]:
    probe = PostgresProbe(dsn)
    running = asyncio.create_task(probe.run())
    try:
        yield Watched(probe)
    finally:
        await probe.close()
        assert running.cancelled(), "run() has ended by itself"


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """Starts a probe on a DSN; it ends with the test."""
    async with contextlib.AsyncExitStack() as stack:
        yield lambda dsn: stack.enter_async_context(_watched(dsn))


@pytest.fixture
async def sessions(cluster: Cluster) -> AsyncIterator[Sessions]:
    """Sessions on `cluster` that end with the test."""
    opened = Sessions(cluster)
    yield opened
    await opened.close()


@pytest.fixture
async def own_sessions(own_cluster: Cluster) -> AsyncIterator[Sessions]:
    """Sessions on `own_cluster` that end with the test."""
    opened = Sessions(own_cluster)
    yield opened
    await opened.close()


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        pytest.skip("no PostgreSQL server binaries: neither initdb on PATH nor in " + str(_DEBIAN))
    return versions[-1].parent


def _binaries_with_statements() -> bool:
    config = _binaries() / "pg_config"
    if not config.exists():
        return False
    library = subprocess.run((config, "--pkglibdir"), capture_output=True, text=True, check=True)
    return Path(library.stdout.strip(), "pg_stat_statements.so").exists()


def _owner() -> pwd.struct_passwd:
    names = {user.pw_name for user in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _run_as_owner(program: str | Path, *arguments: str | Path) -> None:
    command = [str(program), *map(str, arguments)]
    if os.geteuid() == 0:
        # The server refuses to run as root.
        ids = (f"--reuid={_owner().pw_uid}", f"--regid={_owner().pw_gid}", "--clear-groups")
        command = ["setpriv", *ids, *command]
    quiet = subprocess.DEVNULL
    subprocess.run(
        command, check=True, timeout=60, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/"
    )


@contextlib.contextmanager
def _owned_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vumeter-pg-"))
    try:
        if os.geteuid() == 0:
            owner = _owner()
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _running(pattern: Path, **settings: str) -> Iterator[Cluster]:
    with _owned_folder() as folder:
        cluster = Cluster(folder, _binaries(), settings=settings)
        cluster.make(pattern)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def pattern() -> Iterator[Path]:
    """A cluster's files as initdb leaves them."""
    with _owned_folder() as folder:
        options = ("--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync")
        data = folder / "data"
        _run_as_owner(_binaries() / "initdb", "-D", data, "-U", "chief", *options)
        yield data


@pytest.fixture(scope="session")
def cluster(pattern: Path) -> Iterator[Cluster]:
    """One that lives as long as the tests: leave it as you found it."""
    settings = {"max_prepared_transactions": "5"}
    if _binaries_with_statements():
        settings["shared_preload_libraries"] = "'pg_stat_statements'"
    with _running(pattern, **settings) as running:
        yield running


@pytest.fixture
def statements(cluster: Cluster) -> Iterator[Cluster]:
    """The same with pg_stat_statements in it, for one test."""
    if not _binaries_with_statements():
        pytest.skip(_NO_STATEMENTS)
    cluster.execute("CREATE EXTENSION pg_stat_statements")
    yield cluster
    cluster.execute("DROP EXTENSION IF EXISTS pg_stat_statements")


@pytest.fixture
def leader(pattern: Path) -> Iterator[Cluster]:
    """One that replicas may follow, for a single test, which may stop it."""
    if not _binaries_with_statements():
        pytest.skip(_NO_STATEMENTS)
    with _running(pattern, shared_preload_libraries="'pg_stat_statements'") as running:
        running.execute("CREATE EXTENSION pg_stat_statements")
        yield running


@pytest.fixture
def follower(leader: Cluster) -> Iterator[Cluster]:
    """A streaming replica of `leader`."""
    with _owned_folder() as folder:
        replica = Cluster(folder, _binaries(), settings={})
        replica.follow(leader)
        replica.start()
        try:
            yield replica
        finally:
            replica.stop()


@pytest.fixture
def own_cluster(pattern: Path) -> Iterator[Cluster]:
    """One for a single test, which may stop, freeze or fill it; it has 12 slots."""
    settings = {"max_connections": "12", "superuser_reserved_connections": "3"}
    with _running(pattern, max_wal_senders="0", **settings) as running:
        yield running
