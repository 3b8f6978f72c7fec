"""
Baselines: runs that are kept under a name, to compare later ones with.

A baseline is the whole stored run, so that all of it can be compared, and nothing that prunes
runs touches it. They are in a folder of their own beside the runs.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from vumeter.errors import StoreError, UsageError
from vumeter.link.folders import RunFolder, runs_folder
from vumeter.store.reader import StoredRun, open_run

_FOLDER = ".baselines"
_SUFFIX = ".sqlite"
_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,99}")


def path_of(name: str) -> Path:
    """
    Return where the baseline *name* is, or would be.

    Raises:
        UsageError: No baseline can be called so.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" cannot be the name of a baseline.',
            hint="Take letters, digits, dots, dashes and underscores.",
        )
    return _folder() / f"{name}{_SUFFIX}"


def find(name: str) -> Path:
    """
    Return where the baseline *name* is: one that was saved, or a file of a stored run.

    Raises:
        StoreError: There is none.
        UsageError: No baseline can be called so.
    """
    path = Path(name)
    if path.suffix == _SUFFIX:
        if path.is_file():
            return path.absolute()
        raise StoreError(f"There is no baseline at {path}.", hint=_known())
    path = path_of(name)
    if not path.is_file():
        raise _unknown(name)
    return path


def names() -> list[str]:
    """Return the names of all baselines, in their order."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in _folder().glob(f"*{_SUFFIX}"))


class Kept(Struct, frozen=True, kw_only=True):
    """A baseline in a line."""

    name: str
    size_bytes: int
    run: str = ""
    """What the run was called."""
    target: str = ""
    started_unix_ms: int = 0
    duration_s: float = 0.0
    requests: int = 0
    p95_us: int | None = None
    problem: str = ""
    """Why it cannot be read."""


def listed() -> Iterator[Kept]:
    """Yield each baseline; also those that cannot be read."""
    for name in names():
        known = Kept(name=name, size_bytes=path_of(name).stat().st_size)
        try:
            with open_run(path_of(name)) as stored:
                yield _kept(known, stored)
        except StoreError as error:
            yield replace(known, problem=error.message)


def _kept(known: Kept, stored: StoredRun) -> Kept:
    meta, summary = stored.meta, stored.summary or stored.so_far(None)
    latency = summary.total.latency
    return replace(
        known,
        run=meta.plan.name,
        target=" and ".join(meta.plan.targets),
        started_unix_ms=meta.started_unix_ms or 0,
        duration_s=summary.duration_s,
        requests=summary.total.requests,
        p95_us=None if latency is None else latency.p95_us,
    )


def save(name: str, folder: RunFolder) -> Path:
    """
    Keep the run in *folder* under *name*, in place of what was called so, and return where.

    Raises:
        UsageError: No baseline can be called so.
        StoreError: The run cannot be read, or the baseline not be written.
    """
    path = path_of(name)
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"file:{folder.store}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(partial)) as target,
        ):
            # SQLite's own copy: of one moment, also where the run goes on.
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        partial.replace(path)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"The baseline {name} cannot be written to {path}: {error}.") from error
    return path


def remove(name: str) -> None:
    """
    Remove the baseline *name*.

    Raises:
        StoreError: There is none, or it cannot be removed.
    """
    path = path_of(name)
    if not path.is_file():
        raise _unknown(name)
    try:
        path.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be removed: {error.strerror}.") from error


def _folder() -> Path:
    return runs_folder() / _FOLDER


def _unknown(name: str) -> StoreError:
    return StoreError(f'There is no baseline "{name}".', hint=_known())


def _known() -> str:
    known = ", ".join(names())
    return f"There are: {known}." if known else "vumeter baseline save NAME makes one of a run."
