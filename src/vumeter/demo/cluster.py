"""A temporary PostgreSQL of our own: up in about a second, and nothing of it stays."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import msgspec

from vumeter.demo.folders import remove
from vumeter.demo.keeper import Failed, Order, Started
from vumeter.demo.server import SUPERUSER
from vumeter.errors import VumeterError

_STOP_TIMEOUT_S = 15.0

_ANSWERS: msgspec.json.Decoder[Started | Failed] = msgspec.json.Decoder(Started | Failed)


class Cluster:
    """
    A PostgreSQL server in a temporary folder, for as long as this process lives.

    Blocking: asynchronous code starts and stops it through `asyncio.to_thread`. A keeper
    process owns the server and removes it when this process ends, however it ends.

        with Cluster.start() as cluster:
            connection = await asyncpg.connect(cluster.dsn())
    """

    def __init__(self, keeper: subprocess.Popen[bytes], started: Started) -> None:
        self._keeper = keeper
        self._started = started

    @classmethod
    def start(
        cls,
        *,
        max_connections: int = 30,
        tcp: bool = False,
        settings: Mapping[str, str] | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> "Cluster":
        """
        Return a server that accepts connections.

        Args:
            max_connections: Of which three are reserved for the superuser.
            tcp: Listen on a free port of 127.0.0.1 too, with a password.
            settings: postgresql.conf's settings, beyond or instead of ours.
            meanwhile: Called once while the server comes up, which takes about a second.

        Raises:
            VumeterError: There are no server binaries, or the server did not come up.
        """
        order = Order(
            tcp=tcp, settings={"max_connections": str(max_connections), **(settings or {})}
        )
        keeper = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "vumeter.demo.keeper",
                msgspec.json.encode(order).decode(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Its own session: a ctrl+c at the terminal is the holder's, not the server's.
            start_new_session=True,
        )
        try:
            meanwhile()
            return cls(keeper, _answer(keeper))
        except BaseException:
            _end(keeper)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        """Holds the data and the Unix socket; only the server's user may enter it."""
        return Path(self._started.folder)

    @property
    def port(self) -> int:
        """Of the Unix socket's name, and of 127.0.0.1 where TCP was asked for."""
        return self._started.port

    @property
    def version(self) -> str:
        """The server's: "15.18"."""
        return self._started.version

    @property
    def has_pg_stat_statements(self) -> bool:
        """Whether the library is loaded; the extension has still to be created."""
        return self._started.has_pg_stat_statements

    @property
    def server_pid(self) -> int:
        """The postmaster's."""
        return self._started.pid

    @property
    def keeper_pid(self) -> int:
        """The process that owns the server."""
        return self._keeper.pid

    @property
    def is_up(self) -> bool:
        """Whether the keeper, and with it the server, is there."""
        return self._keeper.poll() is None

    def dsn(self, user: str = SUPERUSER, *, database: str = "postgres") -> str:
        """Return the address for *user* over the Unix socket, which asks for no password."""
        place = urlencode({"host": self._started.folder, "port": self.port}, safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?{place}"

    def tcp_dsn(self, *, database: str = "postgres") -> str:
        """Return the superuser's address over 127.0.0.1, password and all."""
        credentials = f"{SUPERUSER}:{quote(self._started.password, safe='')}"
        return f"postgresql://{credentials}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def stop(self) -> None:
        """Stop the server and remove its folder; afterwards there is nothing left."""
        _end(self._keeper)
        # Only where the keeper was killed is there still something to do.
        remove(self.folder)


def _answer(keeper: subprocess.Popen[bytes]) -> Started:
    assert keeper.stdout is not None, "the keeper was started with a pipe"
    line = keeper.stdout.readline()
    if not line:
        raise VumeterError(f"The keeper of PostgreSQL ended with {keeper.wait()} and no answer.")
    answer = _ANSWERS.decode(line)
    if isinstance(answer, Failed):
        raise VumeterError(answer.message, hint=answer.hint)
    return answer


def _end(keeper: subprocess.Popen[bytes]) -> None:
    for pipe in (keeper.stdin, keeper.stdout):
        if pipe is not None:
            pipe.close()
    try:
        keeper.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
