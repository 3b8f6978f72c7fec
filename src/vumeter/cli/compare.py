"""`vumeter compare`: did it get worse?"""

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.errors import ExitCode, UsageError
from vumeter.units import parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vumeter.model.comparison import Comparison
    from vumeter.thresholds.budgets import Budget


class Form(StrEnum):
    """How it is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="A [B…]",
            help="Baselines, runs, or files (.sqlite, report.json); A is what others are held to."
            " One run alone: its two targets.",
        ),
    ],
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget",
            metavar="RULE",
            help="'p95 +5%', 'p99{name:POST /pay} +10%', 'rate -5%', 'errors +0.1%'. Repeatable.",
        ),
    ] = None,
    skip: Annotated[
        str, typer.Option("--skip", metavar="TIME", help="Leave out the beginning of each: 30s.")
    ] = "0s",
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
) -> None:
    """
    Compare runs figure by figure; the exit code is 99 when anything has got worse.

    A difference counts when chance does not explain it and it is more than its budget.
    """
    from vumeter.report.compared.comparison import compare
    from vumeter.report.compared.subjects import subjects_of
    from vumeter.thresholds.budgets import budget_of

    budgets = tuple(budget_of(text) for text in budget or ())
    skip_s = parse_duration_s(skip)
    if len(runs) == 1:
        comparisons = [_targets(runs[0], budgets, skip_s)]
    else:
        first, *others = subjects_of(runs, skip_s=skip_s)
        comparisons = [compare(first, each, budgets=budgets, skip_s=skip_s) for each in others]
    sys.stdout.buffer.write(_content(comparisons, form))
    if any(each.regressions for each in comparisons):
        raise typer.Exit(ExitCode.THRESHOLD)


def _targets(run: str, budgets: "tuple[Budget, ...]", skip_s: float) -> "Comparison":
    """Return how the two targets of one run stand beside each other."""
    from vumeter.report.compared.subjects import place_of
    from vumeter.run.versus import stored_versus
    from vumeter.store.reader import open_run

    if skip_s:
        raise UsageError("--skip is for runs: of two targets the same moments are compared.")
    title, path = place_of(run)
    if path.suffix == ".json":
        raise UsageError(f"{title} is a report, and there is nothing to compare it with.")
    with open_run(path) as stored:
        return stored_versus(stored, budgets=budgets)


def _content(comparisons: "Sequence[Comparison]", form: Form) -> bytes:
    from vumeter.report.compared import words

    match form:
        case Form.JSON:
            import msgspec

            return msgspec.json.format(msgspec.json.encode(comparisons), indent=2) + b"\n"
        case Form.JUNIT:
            return words.junit_bytes(comparisons)
        case Form.MARKDOWN:
            return words.markdown(comparisons).encode()
        case Form.GITHUB:
            return words.annotations(comparisons).encode()
        case Form.TEXT:
            colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
            return words.text(comparisons, colour=colour).encode()
