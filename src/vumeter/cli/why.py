"""`vumeter why [RUN]`: what may explain a stored run's slow or failing seconds."""

from typing import Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError
from vumeter.model.explanation import CAVEAT, Explanation, Question


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
    earlier they changed, and with the statement, table or session that the database names.
    """
    from vumeter.link import archive
    from vumeter.run.archive import stored_why
    from vumeter.store.reader import open_run
    from vumeter.tui.moments import moment_s

    with open_run(archive.find(run).store) as stored:
        end_s = float(stored.newest_second + 1)
        first, last = (round(moment_s(each, now_s=end_s, end_s=end_s)) for each in (start, end))
        if last <= first:
            raise UsageError(f"--to: {end} is not after {start}.")
        found = stored_why(stored, of, first, last)
    print("\n".join(_lines(found)))


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
