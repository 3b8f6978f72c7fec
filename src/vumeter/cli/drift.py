"""`vumeter drift`: what climbed or fell over a run, and what it runs into."""

from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.calculating import Form
from vumeter.cli.flags import RunName
from vumeter.units import duration_text, parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vumeter.report.analysis.drift import Drift

_MOST_SPANS = 200


def drift(
    run: RunName = None,
    skip: Annotated[
        str, typer.Option("--skip", metavar="TIME", help="Leave out the beginning: 10m.")
    ] = "0s",
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
) -> None:
    """
    Tell what climbed or fell over a run: latency, memory, connections, whatever was watched.

    Slopes are per hour, with what chance makes of them; JSON has every series.
    """
    from vumeter.link import archive
    from vumeter.report.analysis.drift import drifts_of
    from vumeter.report.course import course_of
    from vumeter.store.reader import open_run

    folder = archive.find(run)
    summary = archive.summary(folder)
    with open_run(folder.store) as stored:
        course = course_of(stored, summary, most_spans=_MOST_SPANS, skip_s=parse_duration_s(skip))
    drifts = drifts_of(course, summary)
    if form is Form.JSON:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(drifts), indent=2).decode())
        return
    telling = [it for it in drifts if it.is_real or it.changes]
    seen = f"{len(drifts)} series over {duration_text(sum(course.spans_s))} of {folder.id}"
    if not telling:
        print(f"  {_nothing(drifts)} ({seen})")
    elif form is Form.MARKDOWN:
        from vumeter.report.analysis.tables import drift_table
        from vumeter.report.markdown import table_lines

        print("\n".join(table_lines(drift_table(telling))))
    else:
        print(f"  {seen}", *(line for it in telling for line in _lines(it)), sep="\n")


def _nothing(drifts: "Sequence[Drift]") -> str:
    if not drifts:
        return "The run is too short to tell a drift from chance."
    return "Nothing drifts, and nothing has changed its level."


def _lines(it: "Drift") -> "Iterator[str]":
    from vumeter.report.analysis.tables import change_text, direction, signed
    from vumeter.stats.plaintext import plain
    from vumeter.thresholds.amounts import amount_text

    levels = f"{amount_text(it.first, it.unit)} → {amount_text(it.last, it.unit)}"
    yield f"\n  {direction(it)}: {plain(it.series)}  {levels} (first and last quarter)"
    if it.is_real:
        between = f"{signed(it.low_per_h, it.unit)} to {signed(it.high_per_h, it.unit)}"
        yield f"    {signed(it.slope_per_h, it.unit)} per hour, between {between}"
    if it.hours_left is not None and it.limit is not None:
        least_h = it.hours_left_least
        least = "" if least_h is None else f", {duration_text(round(least_h * 3600))} at the least"
        limit = amount_text(it.limit, it.unit)
        yield f"    reaches {limit} in {duration_text(round(it.hours_left * 3600))}{least}"
    for change in it.changes:
        yield f"    another level at {change_text(change, it.unit)}"
