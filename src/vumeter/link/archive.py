"""Runs that were stored: which there are, how they stand, and which one is meant."""

import shutil
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from vumeter.errors import StoreError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.frame import StopCause
from vumeter.model.summary import Summary
from vumeter.model.verdict import Standing, Verdict
from vumeter.store.reader import StoredRun, open_run


class StoredState(StrEnum):
    """How a stored run stands."""

    GOING_ON = "going on"
    ENDED = "ended"
    DIED = "died"
    """Its process ended without a word."""
    UNREADABLE = "unreadable"


class Brief(Struct, frozen=True, kw_only=True):
    """A stored run in a line."""

    folder: RunFolder
    state: StoredState
    size_bytes: int
    """On the disk, all files of its folder."""
    started_unix_ms: int
    """Of what cannot be read: when its folder was made."""
    duration_s: float = 0.0
    requests: int = 0
    errors: int = 0
    p95_us: int | None = None
    """Of the whole run; `None`: nothing was answered, or it has not ended."""
    target: str = ""
    passed: bool | None = None
    """Whether every threshold did; `None`: there is none."""
    problem: str = ""
    """Why it cannot be read."""


def briefs() -> list[Brief]:
    """Return every stored run, the newest first; also those that cannot be read."""
    return [brief(folder) for folder in _stored()]


def brief(folder: RunFolder) -> Brief:
    """Return the stored run in *folder* in a line."""
    try:
        with opened(folder) as run:
            return _brief(folder, run)
    except StoreError as error:
        return Brief(
            folder=folder,
            state=StoredState.UNREADABLE,
            size_bytes=_size_bytes(folder),
            started_unix_ms=_made_unix_ms(folder),
            problem=error.message,
        )


def find(run: str | None = None) -> RunFolder:
    """
    Return the stored run that is called *run*: by its id, its name or how its id begins.

    Of several with the same name it is the newest; without *run* the newest of all.

    Raises:
        StoreError: There is none, or the beginning is that of several.
    """
    stored = _stored()
    found = _called(run, stored)
    if not found:
        raise StoreError(
            "No run is stored." if run is None else f'No run "{run}" is stored.',
            hint="vumeter runs lists those that are."
            if stored
            else "Each run is, unless it was started with --no-store.",
        )
    if len({folder.name for folder in found}) > 1 and run is not None:
        raise StoreError(
            f'"{run}" is the beginning of {len(found)} runs.',
            hint=f"Which one? {_listed(found)}",
        )
    return found[0]


def find_one(run: str) -> RunFolder:
    """
    Return the stored run that is called *run*, when it can be no other.

    Raises:
        StoreError: There is none, or there are several.
    """
    folder = find(run)
    found = _called(run, _stored())
    if len(found) > 1:
        raise StoreError(
            f'There are {len(found)} runs called "{run}".', hint=f"Which one? {_listed(found)}"
        )
    return folder


def remove(folder: RunFolder) -> None:
    """
    Remove a run that is over, with its log and its summary.

    Raises:
        StoreError: It goes on, or its files cannot be removed.
    """
    if folders.is_live(folder):
        raise StoreError(
            f"{folder.id} goes on, and cannot be removed.",
            hint=f"vumeter stop {folder.name} ends it.",
        )
    try:
        shutil.rmtree(folder.path)
    except OSError as error:
        raise StoreError(f"{folder.path} cannot be removed: {error.strerror}.") from error


def opened(folder: RunFolder) -> StoredRun:
    """
    Open the stored run in *folder*, as `open_run` does.

    Raises:
        StoreError: It cannot be read.
    """
    return open_run(folder.store, is_over=not folders.is_live(folder))


def summary(folder: RunFolder) -> Summary:
    """
    Return the run in *folder* as one value: as it summed itself up, or as far as it came.

    Raises:
        StoreError: Nothing of it can be read.
    """
    with opened(folder) as run:
        own = run.summary
        if own is not None:
            return own
        return run.so_far(None if folders.is_live(folder) else StopCause.KILLED)


def _stored() -> list[RunFolder]:
    return [folder for folder in folders.newest_first() if folder.store.is_file()]


def _called(run: str | None, stored: Sequence[RunFolder]) -> list[RunFolder]:
    if run is None:
        return list(stored[:1])
    exact = [folder for folder in stored if folder.id == run]
    named = [folder for folder in stored if folder.name == run]
    return exact or named or [folder for folder in stored if folder.id.startswith(run)]


def _listed(found: Sequence[RunFolder]) -> str:
    shown = [folder.id for folder in found[:5]]
    return ", ".join(shown) + (", …" if len(found) > len(shown) else "")


def _brief(folder: RunFolder, run: StoredRun) -> Brief:
    meta, own = run.meta, run.summary
    known = Brief(
        folder=folder,
        state=StoredState.ENDED,
        size_bytes=_size_bytes(folder),
        started_unix_ms=meta.started_unix_ms or _made_unix_ms(folder),
        target=meta.plan.target,
    )
    if own is not None:
        latency = own.total.latency
        return replace(
            known,
            duration_s=own.duration_s,
            requests=own.total.requests,
            errors=own.total.errors,
            p95_us=None if latency is None else latency.p95_us,
            passed=_passed(own.verdicts),
        )
    requests, errors = run.counted
    return replace(
        known,
        state=StoredState.GOING_ON if folders.is_live(folder) else StoredState.DIED,
        duration_s=float(run.newest_second + 1),
        requests=requests,
        errors=errors,
        passed=_passed(run.verdicts),
    )


def _passed(verdicts: Sequence[Verdict]) -> bool | None:
    return all(it.standing is Standing.PASSED for it in verdicts) if verdicts else None


def _made_unix_ms(folder: RunFolder) -> int:
    return folder.lock.stat().st_mtime_ns // 1_000_000


def _size_bytes(folder: RunFolder) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.path.iterdir())
