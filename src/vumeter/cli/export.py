"""`vumeter export`: a stored run in a format that other programs read."""

import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vumeter.store.reader import StoredRun


class Format(StrEnum):
    """What is written; docs/export.md describes each."""

    JSONL = "jsonl"
    CSV = "csv"
    HDR = "hdr"
    PROMETHEUS = "prometheus"
    LOCUST_CSV = "locust-csv"
    FLAMEGRAPH = "flamegraph"
    STACKS = "stacks"


def export(
    run: RunName = None,
    form: Annotated[Format, typer.Option("--format", help="What is written.")] = Format.JSONL,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to. [standard output] Of locust-csv how the three names begin. [RUN]",
        ),
    ] = None,
    flame: Annotated[
        int | None,
        typer.Option("--flame", metavar="N", help="Which flame graph. [the newest]"),
    ] = None,
) -> None:
    """
    Write a stored run, which may still go on, in a format that other programs read.

    There is a line for each second, or for ten or sixty where the run is so old by now.
    """
    from vumeter.link import archive

    folder = archive.find(run)
    with archive.opened(folder) as stored:
        if form in (Format.FLAMEGRAPH, Format.STACKS):
            _write(_flame_lines(form, stored, flame), output)
            return
        if form is Format.LOCUST_CSV:
            _write_locust(stored, str(output or folder.name))
        else:
            _write(_lines(form, stored), output)
        for remark in _missing(stored):
            print(remark, file=sys.stderr)


def _lines(form: Format, stored: "StoredRun") -> "Iterator[str]":
    from vumeter.cli.stored import rows_of, run_of

    rows = rows_of(stored)
    match form:
        case Format.CSV:
            from vumeter.export import tables

            return tables.lines(rows)
        case Format.HDR:
            from vumeter.export import hdr

            return hdr.lines(run_of(stored), rows)
        case Format.PROMETHEUS:
            from vumeter.export import openmetrics

            return openmetrics.lines(rows)
        case _:
            from vumeter.export import jsonl

            return jsonl.lines(run_of(stored), rows)


def _flame_lines(form: Format, stored: "StoredRun", number: int | None) -> "Iterator[str]":
    heads = stored.flames()
    chosen = None if not heads else stored.flame(heads[-1].id if number is None else number)
    if chosen is None:
        known = ", ".join(str(head.id) for head in heads)
        raise UsageError(
            f"There is no flame graph {number} in this run."
            if heads
            else "No flame graph was taken in this run.",
            hint=f"There is {known}." if heads else "P in the cockpit takes one.",
        )
    if form is Format.STACKS:
        return iter((f"{chosen.stacks}\n",))
    from vumeter.export.flamegraph import svg

    return svg(chosen)


def _write_locust(stored: "StoredRun", prefix: str) -> None:
    from vumeter.cli.stored import rows_of, run_of
    from vumeter.export.locust import Locust

    locust = Locust(run_of(stored))
    _write(locust.history(rows_of(stored)), Path(f"{prefix}_stats_history.csv"))
    tables = locust.tables()
    _write(tables.stats, Path(f"{prefix}_stats.csv"))
    _write(tables.failures, Path(f"{prefix}_failures.csv"))


def _write(lines: Iterable[str], path: Path | None) -> None:
    if path is None:
        _print(lines)
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise UsageError(f"--output: {path}: {error.strerror}.") from error


def _print(lines: Iterable[str]) -> None:
    try:
        sys.stdout.writelines(lines)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has had enough (`| head`). Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _missing(stored: "StoredRun") -> "Iterator[str]":
    """Yield what the run's totals have, and what was written has not."""
    late = sum(
        tally.requests for snapshot in stored.late_snapshots for tally in snapshot.tallies.values()
    )
    if late:
        yield f"{late} requests came too late for any second: the summary has them, no line has."
    for lost in stored.lost:
        yield f"Not in the store: seconds {lost.first_second} to {lost.last_second}."
