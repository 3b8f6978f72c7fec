"""
Where runs live on disk, and which of them are alive.

Each run has a folder of its own, mode 0700, named like the run. The run process holds a
lock on a file in it for as long as it lives; the kernel lets go of that lock however the
process ends, so a folder whose lock is free belongs to a run that is over.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from vumeter.errors import LinkError
from vumeter.link.protocol import SOCKET_NAME

RUNS_VARIABLE = "VUMETER_RUNS"
"""The environment variable that puts the runs' folder elsewhere."""

KEPT_ENDED = 10
"""How many folders of ended runs, with their logs and summaries, are kept."""

_LOCK_NAME = "lock"
_SUMMARY_NAME = "summary.msgpack"
_LOG_NAME = "run.log"
# sun_path is 104 bytes on BSD and macOS, 108 on Linux, with the closing zero.
_LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's place on disk. Nothing here says that the run is alive; `live()` does."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def socket(self) -> Path:
        """Where the control API listens while the run lives."""
        return self.path / SOCKET_NAME

    @property
    def log(self) -> Path:
        """What a detached run printed."""
        return self.path / _LOG_NAME

    @property
    def summary(self) -> Path:
        """The summary (msgpack); there from the run's end on."""
        return self.path / _SUMMARY_NAME


def runs_folder() -> Path:
    """
    Return the folder of all runs, which may not be there yet.

    The state folder, not the runtime folder: that one is removed when the user's last
    session ends, and a detached run goes on beyond it.
    """
    named = os.environ.get(RUNS_VARIABLE)
    folder = Path(named) if named else platformdirs.user_state_path("vumeter") / "runs"
    # A run process leaves the folder that it was started in.
    return folder.absolute()


@contextmanager
def create(name: str, *, or_numbered: bool = False) -> Iterator[RunFolder]:
    """
    Claim the folder of a run that begins now, and hold it until the context ends.

    What an ended run of the same name left is replaced; the oldest ended runs beyond
    `KEPT_ENDED` are swept away. The socket is removed at the end, the rest is kept.

    Args:
        name: The run's name.
        or_numbered: Where *name* is taken by a live run, take the first free of
            `name-2`, `name-3` and so on, instead of refusing.

    Raises:
        LinkError: A live run has the name, or the folder cannot be made.
    """
    folder, lock = _claimed(name, or_numbered=or_numbered)
    try:
        _sweep(keep=folder)
        yield folder
    finally:
        folder.socket.unlink(missing_ok=True)
        os.close(lock)


def find(name: str | None = None) -> RunFolder:
    """
    Return the live run *name*, or without a name the one that began last.

    Raises:
        LinkError: There is none; the hint names those that there are.
    """
    runs = live()
    if not runs:
        raise LinkError(
            "No run is going on." if name is None else f'No run "{name}" is going on.',
            hint="Start one: vumeter run URL",
        )
    if name is None:
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    raise LinkError(
        f'No run "{name}" is going on.',
        hint=f"Going on: {', '.join(run.name for run in runs)}",
    )


def live() -> list[RunFolder]:
    """Return the runs that are going on and can be attached to, newest first."""
    begun = [(_lock_file(path), RunFolder(path)) for path in _folders()]
    alive = [
        (lock.stat().st_mtime_ns, run) for lock, run in begun if _is_locked(lock) and _listens(run)
    ]
    return [run for _, run in sorted(alive, key=lambda pair: pair[0], reverse=True)]


def is_live(run: RunFolder) -> bool:
    """Return whether the process of *run* is there."""
    return _is_locked(_lock_file(run.path))


def _claimed(name: str, *, or_numbered: bool) -> tuple[RunFolder, int]:
    number = 1
    while True:
        folder = RunFolder(runs_folder() / (name if number == 1 else f"{name}-{number}"))
        _refuse_long_path(folder)
        try:
            lock = _take(folder)
        except OSError as error:
            raise LinkError(
                f"Cannot make the run's folder {folder.path}: {error.strerror}.",
                hint=f"Name another place for runs in the environment: {RUNS_VARIABLE}=/tmp/runs",
            ) from error
        if lock is not None:
            _empty(folder.path)
            return folder, lock
        if not or_numbered:
            raise LinkError(
                f'A run "{name}" is going on already.',
                hint=f"vumeter attach {name}, or give this one another --name.",
            )
        number += 1


def _refuse_long_path(folder: RunFolder) -> None:
    if len(os.fsencode(folder.socket)) > _LONGEST_SOCKET_PATH:
        raise LinkError(
            f"The path of the control socket is longer than the system allows: {folder.socket}",
            hint=f"Give a shorter --name, or name a shorter place: {RUNS_VARIABLE}=/tmp/runs",
        )


def _take(folder: RunFolder) -> int | None:
    """Return the descriptor that holds the folder's lock; `None`: another run holds it."""
    runs_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_foreign(runs_folder())
    while True:
        folder.path.mkdir(mode=0o700, exist_ok=True)
        # It may be an older folder, or one made under another umask.
        folder.path.chmod(0o700)
        with suppress(FileNotFoundError):  # swept away between two lines: make it again
            lock = os.open(_lock_file(folder.path), os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock_at_once(lock):
                os.close(lock)
                return None
            if _is_still(_lock_file(folder.path), lock):
                os.utime(lock)  # its time is the run's beginning: `live` sorts by it
                return lock
            os.close(lock)


def _refuse_foreign(path: Path) -> None:
    """Refuse a folder whose owner could put something else in the place of ours."""
    if path.stat().st_uid != os.getuid():
        raise LinkError(
            f"The folder for runs, {path}, belongs to another user.",
            hint=f"Name one of your own in the environment: {RUNS_VARIABLE}=…",
        )


def _lock_at_once(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether *descriptor* is the file at *path*, and not one that a sweep has removed."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _empty(path: Path) -> None:
    for entry in path.iterdir():
        if entry.name != _LOCK_NAME:
            entry.unlink()


def _sweep(*, keep: RunFolder) -> None:
    """Remove the oldest folders of ended runs, and the dead sockets of those that stay."""
    ended = [path for path in _folders() if path != keep.path and not _is_locked(_lock_file(path))]
    ended.sort(key=lambda path: _lock_file(path).stat().st_mtime_ns, reverse=True)
    for position, path in enumerate(ended):
        lock = os.open(_lock_file(path), os.O_RDWR)
        try:
            # Taken by a run that began since: it is not ours to touch.
            if not _lock_at_once(lock):
                continue
            if position < KEPT_ENDED:
                RunFolder(path).socket.unlink(missing_ok=True)
            else:
                shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)


def _folders() -> list[Path]:
    try:
        return [path for path in runs_folder().iterdir() if _lock_file(path).is_file()]
    except OSError:  # no run was ever begun here, or the folder is not ours to read
        return []


def _lock_file(path: Path) -> Path:
    return path / _LOCK_NAME


def _is_locked(lock_file: Path) -> bool:
    try:
        lock = os.open(lock_file, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _listens(run: RunFolder) -> bool:
    # Between the claim of the folder and the opening of the socket a run only gets ready.
    return run.socket.is_socket()
