"""PostgreSQL's own programs, run so that nothing outlives the process that runs them."""

import contextlib
import ctypes
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from vumeter.demo.binaries import Binaries
from vumeter.errors import VumeterError

SUPERUSER = "postgres"

# The data lives as long as the demo: nothing is ever flushed for the sake of a crash.
SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "64MB",
    "superuser_reserved_connections": "3",
    "jit": "off",
    "track_io_timing": "on",
    "timezone": "UTC",
    # Its segments lie in the data folder and go with it, also after a SIGKILL.
    "dynamic_shared_memory_type": "mmap",
    "huge_pages": "off",
    "cluster_name": "vumeter demo",
}

_SOCKET_PORT = 5432  # only part of the socket's name where TCP is off
_READY_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_PR_SET_PDEATHSIG = 1


def server_account() -> pwd.struct_passwd | None:
    """Return who the server is to run as; `None`: as ourselves. PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise VumeterError(
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody here.",
        hint="Run the demo as an ordinary user.",
    )


class Server:
    """One server in one folder, as a child of this process. Use once."""

    def __init__(
        self, binaries: Binaries, *, folder: Path, account: pwd.struct_passwd | None
    ) -> None:
        self._binaries = binaries
        self._folder = folder
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self.password = secrets.token_urlsafe(18)
        self.port = _SOCKET_PORT

    @property
    def pid(self) -> int:
        """The postmaster's; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def is_up(self) -> bool:
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, tcp: bool, settings: Mapping[str, str]) -> None:
        """
        Make the cluster and start it; when this returns it accepts connections.

        Raises:
            VumeterError: initdb or the server failed, with the last line of its log.
        """
        self._initialise()
        if tcp:
            self.port = _free_port()
        command = [str(self._binaries.folder / "postgres"), "-D", str(self._folder / "data")]
        for name, value in {**self._settings(tcp=tcp), **settings}.items():
            command += ["-c", f"{name}={value}"]
        self._process = self._spawn(command, log=self._folder / "server.log")
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server; afterwards there is none."""
        if self._process is None:
            return
        # SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint for data that goes anyway.
        for number in (signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT_S)
                return

    def _initialise(self) -> None:
        password_file = self._folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self._account is not None:
            os.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        command = [
            str(self._binaries.folder / "initdb"),
            f"--pgdata={self._folder / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth-local=trust",  # the folder's permissions keep others from the socket
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        log = self._folder / "initdb.log"
        code = self._spawn(command, log=log).wait()
        password_file.unlink()
        if code:
            raise VumeterError(
                f"{command[0]} ended with {code}: {_last_line(log)}",
                hint=f"Is there space left in {self._folder.parent}?",
            )

    def _settings(self, *, tcp: bool) -> dict[str, str]:
        settings = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
        }
        if self._binaries.has_pg_stat_statements:
            settings["shared_preload_libraries"] = "pg_stat_statements"
        return settings

    def _spawn(self, command: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        # A fresh environment: PGDATA, PGPORT and their like would point at a real cluster.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        account = self._account
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the keeper has no threads
            )

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + _READY_TIMEOUT_S
        while self.is_up and time.monotonic() < deadline_s:
            if _is_ready(self._folder / "data" / "postmaster.pid"):
                return
            time.sleep(0.01)
        raise VumeterError(
            f"PostgreSQL did not come up: {_last_line(self._folder / 'server.log')}",
            hint="Try again; if it stays, run its postgres by hand to see what it lacks.",
        )


def _die_with_parent() -> None:
    """Have the kernel stop this child (SIGQUIT: at once) when its parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(pid_file: Path) -> bool:
    """Return what the eighth line of the server's pid file says, from version 10 on."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"
