"""
The temporary folder that a keeper holds: made, locked, removed, and swept when forgotten.

The lock tells a folder in use from one that a killed keeper left: the kernel gives it back
with the process, whatever ends that.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from vumeter.errors import VumeterError

_PREFIX = "vumeter-demo-"
_LOCK_NAME = "keeper.lock"
_SOCKET_NAME = ".s.PGSQL.65535"
_SOCKET_PATH_LIMIT_BYTES = 103
_STOP_TIMEOUT_S = 5.0
_STALE_AFTER_S = 60.0


@contextlib.contextmanager
def held_folder(account: pwd.struct_passwd | None) -> Iterator[Path]:
    """Yield a new folder that only *account* (`None`: we) may enter; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_parent(account)))
    try:
        with _locked(folder):
            if account is not None:
                os.chown(folder, account.pw_uid, account.pw_gid)
            yield folder
    finally:
        remove(folder)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    unlocked = folder / "unlocked"
    descriptor = os.open(unlocked, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Named only now, so that a sweep never meets our lock before it is locked.
        unlocked.rename(folder / _LOCK_NAME)
        yield
    finally:
        os.close(descriptor)


def _parents() -> tuple[Path, ...]:
    """Return where temporary folders may lie, best first."""
    return tuple(dict.fromkeys(map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp"))))


def _parent(account: pwd.struct_passwd | None) -> Path:
    for parent in _parents():
        if parent.is_dir() and _fits(parent) and (account is None or _open_to_all(parent)):
            return parent
    raise VumeterError(
        f"No temporary folder is fit for PostgreSQL: tried {', '.join(map(str, _parents()))}.",
        hint="Set TMPDIR to a folder with a short path that every user may enter.",
    )


def _fits(parent: Path) -> bool:
    socket_path = parent / f"{_PREFIX}xxxxxxxx" / _SOCKET_NAME
    return len(os.fsencode(socket_path)) <= _SOCKET_PATH_LIMIT_BYTES


def _open_to_all(folder: Path) -> bool:
    real = folder.resolve()
    return all(each.stat().st_mode & 0o001 for each in (real, *real.parents))


def remove(folder: Path) -> None:
    """Remove a keeper's folder, and stop what still runs in it."""
    for process in _servers_of(folder / "data"):
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGQUIT)
            process.wait(_STOP_TIMEOUT_S)
    deadline_s = time.monotonic() + _STOP_TIMEOUT_S
    # Backends that outlive their server by some milliseconds may still write here.
    while folder.exists() and time.monotonic() < deadline_s:
        shutil.rmtree(folder, ignore_errors=True)


def _servers_of(data: Path) -> Iterator[psutil.Process]:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        # The pid may be another process's by now: the server's own has its data as cwd.
        if Path(process.cwd()) == data:
            yield process
    except (OSError, ValueError, psutil.Error):
        return


def kept_folders() -> list[Path]:
    """Return every keeper's folder on this machine that is to be seen from here."""
    return [folder for parent in _parents() for folder in parent.glob(f"{_PREFIX}*")]


def sweep() -> None:
    """Remove what keepers left that were killed together with their holders."""
    for folder in kept_folders():
        with contextlib.suppress(OSError):
            if _is_stale(folder):
                remove(folder)


def _is_stale(folder: Path) -> bool:
    lock = folder / _LOCK_NAME
    if not lock.exists():
        status = folder.lstat()
        return status.st_uid == os.geteuid() and time.time() - status.st_mtime > _STALE_AFTER_S
    if lock.lstat().st_uid != os.geteuid():
        return False
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
