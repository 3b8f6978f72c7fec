"""What is compared: a stored run or a baseline, window by window, or a report.json as a whole."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from vumeter.errors import StoreError, UsageError
from vumeter.link import archive, baselines, folders
from vumeter.model.frame import StopCause
from vumeter.model.measure import Tally
from vumeter.model.plan import Load
from vumeter.report.course import span_for
from vumeter.report.json_report import report
from vumeter.report.schema import Report
from vumeter.stats.tally import merge
from vumeter.stats.windows import Windows, windows_of
from vumeter.store.reader import StoredRun, open_run

MOST_WINDOWS = 300
"""More would be shorter, and say nothing more."""


class Subject(Struct, frozen=True, kw_only=True):
    """One side of a comparison."""

    title: str
    """What it was called, and which run that is."""
    report: Report
    windows: Mapping[str, Windows] | None
    """By endpoint, "" of all requests; `None`: only the whole is known."""
    span_s: int = 0
    loads: tuple[Load, ...] = ()
    """What its plan puts on, scenario by scenario."""


def subjects_of(names: Iterable[str], *, skip_s: float = 0.0) -> tuple[Subject, ...]:
    """
    Return what *names* call, in windows of one length: files, baselines, else runs.

    Raises:
        StoreError: There is no such run, or it cannot be read.
        UsageError: A file is neither a report nor a stored run.
    """
    places = [place_of(name) for name in names]
    lengths = [_seconds(path) for _, path in places if path.suffix != ".json"]
    span_s = span_for(round(max(lengths, default=0)), MOST_WINDOWS)
    return tuple(_subject(title, path, span_s=span_s, skip_s=skip_s) for title, path in places)


def place_of(name: str) -> tuple[str, Path]:
    """
    Return what *name* calls, a file, a baseline or a run, and where that is.

    Raises:
        StoreError: There is none of that name.
    """
    path = Path(name)
    if path.suffix in (".json", ".sqlite") and path.is_file():
        return path.name, path
    if name in baselines.names():
        return f"baseline {name}", baselines.path_of(name)
    try:
        folder = archive.find(name)
    except StoreError as error:
        raise StoreError(
            f'No run, baseline or file is called "{name}".',
            hint=f"{error.hint} vumeter baseline list has the baselines.",
        ) from error
    return folder.id, folder.store


def _seconds(path: Path) -> int:
    with open_run(path) as stored:
        return stored.newest_second + 1


def _subject(title: str, path: Path, *, span_s: int, skip_s: float) -> Subject:
    if path.suffix == ".json":
        return Subject(title=title, report=_read(path), windows=None)
    with open_run(path) as stored:
        summary = stored.summary or stored.so_far(_stop(path))
        return Subject(
            title=title,
            report=report(summary),
            windows=_windows(stored, span_s, skip_s, duration_s=summary.duration_s),
            span_s=span_s,
            loads=tuple(scenario.load for scenario in summary.plan.scenarios),
        )


def _stop(path: Path) -> StopCause | None:
    is_live = folders.is_live(folders.RunFolder(path.parent))
    return None if is_live else StopCause.KILLED


def _read(path: Path) -> Report:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"{path} is no report: {error}.", hint="vumeter report RUN -o report.json writes one."
        ) from error


def _windows(
    stored: StoredRun, span_s: int, skip_s: float, *, duration_s: float
) -> dict[str, Windows]:
    """Return all requests, those that were heard of late as well: sums are the summary's."""
    rows = [
        (reading.second, reading.span_s, dict(reading.tallies))
        for reading in stored.readings(span_s=span_s)
        if reading.second >= skip_s
    ]
    for late in stored.late_snapshots:
        for second, length_s, tallies in rows:
            if second <= late.second < second + length_s:
                for name, tally in late.tallies.items():
                    tallies[name] = merge((tallies.get(name, Tally()), tally))
    names = {name for _, _, tallies in rows for name in tallies}
    lengths_s = [max(0.0, min(length_s, duration_s - second)) for second, length_s, _ in rows]
    found = {"": windows_of([merge(tallies.values()) for _, _, tallies in rows], lengths_s)}
    for name in sorted(names):
        found[name] = windows_of([row[2].get(name, Tally()) for row in rows], lengths_s)
    return found
