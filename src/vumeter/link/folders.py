"""
Where runs live on disk, and which of them are alive.

Each run has a folder of its own, mode 0700, named like the run and the time of its start. The
run process holds a lock on a file in it for as long as it lives; the kernel lets go of that
lock however the process ends, so a folder whose lock is free belongs to a run that is over.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import platformdirs

from vumeter.clock import unix_ms
from vumeter.errors import LinkError
from vumeter.link.protocol import ADDRESS_NAME, SOCKET_NAME, TOKEN_NAME

RUNS_VARIABLE = "VUMETER_RUNS"
"""The environment variable that puts the runs' folder elsewhere."""

PARTIAL_FILES = ".*.partial"
"""What `run.writing` calls a file until it is whole."""

KEPT_UNSTORED = 10
"""How many folders of ended runs that were not stored, with log and summary, are kept."""

_LOCK_NAME = "lock"
_CLAIMS_NAME = ".claims"
_STORE_NAME = "run.sqlite"
_STAMP = "%Y%m%d-%H%M%S"
_ID = re.compile(r"(.+)-\d{8}-\d{6}")
_SUMMARY_NAME = "summary.msgpack"
_LOG_NAME = "run.log"
# sun_path is 104 bytes on BSD and macOS, 108 on Linux, with the closing zero.
_LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's place on disk. Nothing here says that the run is alive; `live()` does."""

    path: Path

    @property
    def id(self) -> str:
        """The run's name and the time of its start: no other run is called so."""
        return self.path.name

    @property
    def name(self) -> str:
        """The run's name."""
        match = _ID.fullmatch(self.path.name)
        return match[1] if match else self.path.name

    @property
    def lock(self) -> Path:
        """What the run process holds while it lives; made when the run began."""
        return self.path / _LOCK_NAME

    @property
    def socket(self) -> Path:
        """Where the control API listens while the run lives."""
        return self.path / SOCKET_NAME

    @property
    def token(self) -> Path:
        """What callers over TCP have to show, while the run lives; it may be elsewhere."""
        return self.path / TOKEN_NAME

    @property
    def address(self) -> Path:
        """Where TCP is listened on, while the run lives and if it is."""
        return self.path / ADDRESS_NAME

    @property
    def log(self) -> Path:
        """What a detached run printed."""
        return self.path / _LOG_NAME

    @property
    def summary(self) -> Path:
        """The summary (msgpack); there from the run's end on."""
        return self.path / _SUMMARY_NAME

    @property
    def store(self) -> Path:
        """What `store` keeps of the run, unless nothing was to be kept."""
        return self.path / _STORE_NAME

    @property
    def reservation(self) -> str:
        """What people must know of this place, in words; empty: it is where runs usually are."""
        if self.path.parent != spare_folder():
            return ""
        return (
            f"{runs_folder()} cannot be written. This run, and what is stored of it, is in "
            f"{self.path} instead, and may not outlast a restart of the machine"
        )


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


def spare_folder() -> Path | None:
    """
    Return where runs are kept when `runs_folder` cannot be written; `None`: nowhere else.

    A place that somebody has named is meant. The usual one may be on a file system that is
    read-only for the moment, which must not keep anybody from putting load on.
    """
    if os.environ.get(RUNS_VARIABLE):
        return None
    return Path(tempfile.gettempdir()).absolute() / f"vumeter-{os.getuid()}"


def places() -> tuple[Path, ...]:
    """Return the folders that runs may be in, which need not be there, the usual one first."""
    spare = spare_folder()
    return (runs_folder(),) if spare is None else (runs_folder(), spare)


@contextmanager
def create(name: str, *, or_numbered: bool = False) -> Iterator[RunFolder]:
    """
    Claim the folder of a run that begins now, and hold it until the context ends.

    Of ended runs that were not stored, the oldest beyond `KEPT_UNSTORED` are swept away. The
    socket is removed at the end, the rest is kept.

    Args:
        name: The run's name.
        or_numbered: Where *name* is taken by a live run, take the first free of
            `name-2`, `name-3` and so on, instead of refusing.

    Raises:
        LinkError: A live run has the name, or the folder cannot be made.
    """
    folder, lock = _claimed(name, or_numbered=or_numbered)
    try:
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
    return [run for run in newest_first() if is_live(run) and _listens(run)]


def newest_first(name: str | None = None) -> list[RunFolder]:
    """Return the runs that are going on or have ended, all of them or those that are called so."""
    begun: list[tuple[int, RunFolder]] = []
    for run in map(RunFolder, _folders()):
        if name in (None, run.name):
            with suppress(FileNotFoundError):  # removed between two lines
                begun.append((run.lock.stat().st_mtime_ns, run))
    return [run for _, run in sorted(begun, key=lambda pair: pair[0], reverse=True)]


def is_live(run: RunFolder) -> bool:
    """Return whether the process of *run* is there."""
    return _is_locked(run.lock)


def _claimed(name: str, *, or_numbered: bool) -> tuple[RunFolder, int]:
    problems: list[OSError] = []
    for place in places():
        try:
            with _claiming(place):
                _sweep(place)
                return _take(place, _free_name(name, or_numbered=or_numbered))
        except OSError as error:
            problems.append(error)
    raise LinkError(
        f"Cannot make a folder for the run in {runs_folder()}: {problems[0].strerror}.",
        hint=f"Name another place for runs in the environment: {RUNS_VARIABLE}=/tmp/runs",
    ) from problems[0]


@contextmanager
def _claiming(place: Path) -> Iterator[None]:
    """Let no other run claim a name meanwhile; that takes no longer than a few files do."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_foreign(place)
    claims = os.open(place / _CLAIMS_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(claims, fcntl.LOCK_EX)
        yield
    finally:
        os.close(claims)


def _free_name(name: str, *, or_numbered: bool) -> str:
    taken = {run.name for run in newest_first() if is_live(run)}
    if name not in taken:
        return name
    if not or_numbered:
        raise LinkError(
            f'A run "{name}" is going on already.',
            hint=f"vumeter attach {name}, or give this one another --name.",
        )
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def _refuse_long_path(folder: RunFolder) -> None:
    if len(os.fsencode(folder.socket)) > _LONGEST_SOCKET_PATH:
        raise LinkError(
            f"The path of the control socket is longer than the system allows: {folder.socket}",
            hint=f"Give a shorter --name, or name a shorter place: {RUNS_VARIABLE}=/tmp/runs",
        )


def _take(place: Path, name: str) -> tuple[RunFolder, int]:
    """Make a new folder for the run *name*, and return it with the descriptor of its lock."""
    started = datetime.fromtimestamp(unix_ms() / 1000)  # local: people look for "last night"
    while True:
        folder = RunFolder(place / f"{name}-{started.strftime(_STAMP)}")
        _refuse_long_path(folder)
        with suppress(FileExistsError):
            folder.path.mkdir(mode=0o700)
            break
        # Runs of a second, one after the other, or a clock that was set back.
        started += timedelta(seconds=1)
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    # Whoever lists runs may look at it at this very moment, and lets go at once.
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def _refuse_foreign(path: Path) -> None:
    """Refuse a folder whose owner could put something else in the place of ours."""
    if not _is_ours(path):
        raise LinkError(
            f"The folder for runs, {path}, belongs to another user.",
            hint=f"Name one of your own in the environment: {RUNS_VARIABLE}=…",
        )


def _is_ours(path: Path) -> bool:
    # The spare place is in a folder where anybody may put a link.
    is_foreign_link = path == spare_folder() and path.is_symlink()
    return not is_foreign_link and path.stat().st_uid == os.getuid()


def _sweep(place: Path) -> None:
    """
    Remove what runs that were killed have left: sockets, tokens, half-written files, half-made
    folders; and the oldest folders of ended runs that were not stored.
    """
    unstored = 0
    for path in place.iterdir():
        # Whoever makes one holds the claims until it has its lock.
        if _ID.fullmatch(path.name) and not RunFolder(path).lock.exists():
            with suppress(OSError):  # not empty, or no folder: not ours
                path.rmdir()
    for run in newest_first():
        if run.path.parent != place or is_live(run):
            continue
        for left in (run.socket, run.token, run.address, *run.path.glob(PARTIAL_FILES)):
            left.unlink(missing_ok=True)
        unstored += not run.store.exists()
        if unstored > KEPT_UNSTORED and not run.store.exists():
            shutil.rmtree(run.path, ignore_errors=True)


def _folders() -> list[Path]:
    found: list[Path] = []
    for place in places():
        with suppress(OSError):  # no run was ever begun here, or the folder is not ours to read
            if _is_ours(place):
                found += [path for path in place.iterdir() if RunFolder(path).lock.is_file()]
    return found


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
