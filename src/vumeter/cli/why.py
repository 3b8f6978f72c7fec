"""`vumeter why [RUN]`: what may explain a stored run's slow or failing seconds."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError
from vumeter.model.explanation import CAVEAT, Explanation, Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vumeter.model.summary import Summary
    from vumeter.store.reader import StoredRun


def why(
    run: RunName = None,
    of: Annotated[
        Question, typer.Option("--of", help="What is to be explained.")
    ] = Question.LATENCY,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Where to begin: 90, 1:20:00, -5m.")
    ] = "start",
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="Where to end: 90, 1:20:00, end.")
    ] = "end",
) -> None:
    """
    Say what changed together with a run's latency or errors: a hint, no proof.

    Of all that was watched, the numbers whose ranks go with it best are named, with how much
    earlier they changed, and with the statement, table or session that the database names. Of a
    whole run also what was used up and when, what the database was busy with, and Little's law.
    """
    from vumeter.link import archive
    from vumeter.run.archive import stored_why
    from vumeter.store.reader import open_run
    from vumeter.tui.moments import moment_s

    folder = archive.find(run)
    with open_run(folder.store) as stored:
        end_s = float(stored.newest_second + 1)
        first, last = (round(moment_s(each, now_s=end_s, end_s=end_s)) for each in (start, end))
        if last <= first:
            raise UsageError(f"--to: {end} is not after {start}.")
        found = stored_why(stored, of, first, last)
        is_whole = first == 0 and last == round(end_s)
        bottlenecks = list(_bottlenecks(stored, archive.summary(folder))) if is_whole else []
    print("\n".join([*_lines(found), *bottlenecks]))


def _bottlenecks(stored: "StoredRun", summary: "Summary") -> "Iterator[str]":
    from vumeter.report.analysis.tables import bottleneck_tables
    from vumeter.report.analysis.whole import bottlenecks_of
    from vumeter.report.sections.lines import Ink
    from vumeter.report.table_text import table_text

    ink = Ink(sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    for table in bottleneck_tables(bottlenecks_of(stored, summary)):
        yield from ("", *table_text(table, ink))


def _lines(found: Explanation) -> list[str]:
    from vumeter.stats.plaintext import plain
    from vumeter.stats.series import shown_value, unit_of
    from vumeter.thresholds.amounts import amount_text

    def text(series: str, value: float) -> str:
        return amount_text(shown_value(series, value), unit_of(series))

    name, series = found.question.words, found.question.series
    head = f"{name}, seconds {found.from_second} to {found.to_second}"
    if found.typical is not None and found.worst is not None:
        head += f": {text(series, found.typical)} → {text(series, found.worst)}"
        head += f", worst in second {found.worst_second}"
    if found.problem:
        return [head, f"  {found.problem}"]
    lines = [head]
    for rank, each in enumerate(found.findings, 1):
        lines.append(f"{rank:>3}. {each.sentence}, {each.confidence.value} confidence")
        lines.append(
            f"     {each.series}: {text(each.series, each.typical)} → "
            f"{text(each.series, each.worst)}"
        )
        if each.culprit:
            lines.append(f"     {plain(each.culprit)}")
    return [*lines, f"  {CAVEAT}; {found.compared} series compared"]
