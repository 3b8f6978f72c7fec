"""`vumeter slo`: service levels, ready-made or as a run has earned them."""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vumeter.model.summary import Summary

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Service levels as thresholds: ready-made sets, and what a run suggests.",
)


@app.command("list")
def list_() -> None:
    """Print the sets that --threshold takes by name, with their rules."""
    from vumeter.thresholds.objectives import OBJECTIVES

    for name, rules in OBJECTIVES.items():
        print(name, *(f"  {rule}" for rule in rules), sep="\n")


@app.command("suggest")
def suggest(
    run: RunName = None,
    margin: Annotated[
        str, typer.Option("--margin", metavar="PERCENT", help="Above what was measured.")
    ] = "15%",
) -> None:
    """
    Print thresholds for a profile: what a run measured, and a margin of 10 to 20 % above.

    They go to standard output as TOML; what speaks against them goes to standard error.
    """
    from vumeter.link import archive
    from vumeter.profiles.writing import thresholds_text
    from vumeter.thresholds.objectives import suggestions

    summary = archive.summary(archive.find(run))
    if summary.total.latency is None:
        raise UsageError(
            f"{summary.plan.name}: nothing was answered, so there is no level to suggest."
        )
    for doubt in _doubts(summary):
        print(f"! {doubt}", file=sys.stderr)
    thresholds = tuple(suggestions(summary, margin_ratio=_margin_ratio(margin)))
    print(thresholds_text(thresholds), end="")


def _margin_ratio(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if match is None:
        raise UsageError(f'--margin: "{text}" is no percentage.', hint='Write for example "15%".')
    return float(match[1]) / 100


def _doubts(summary: "Summary") -> "Iterator[str]":
    from vumeter.stats.verdict import verdict

    if verdict(summary.generator) == "generator-limited":
        yield "vumeter itself was the limit: the target may be faster than this."
    if summary.total.error_ratio > 0.01:
        yield f"{summary.total.error_ratio:.1%} of the requests failed: this was no healthy run."
    if summary.duration_s < 300:
        yield "A run of less than five minutes: nights and batch jobs are not in it."
