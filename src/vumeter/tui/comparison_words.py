"""How a run stands beside what it is held to, in the few cells that a screen has for it."""

from vumeter.model.comparison import Comparison, Judgement, Line, Metric
from vumeter.tui.format import change_text
from vumeter.tui.terminal import Ink, Look

DELTAS = {
    "Δp50": Metric.P50,
    "Δp95": Metric.P95,
    "Δrps": Metric.RATE,
    "Δerr": Metric.ERRORS,
}
"""Columns, and what each is the change of."""

_INKS: dict[Judgement, Ink | None] = {
    Judgement.WORSE: Ink.BAD,
    Judgement.BETTER: Ink.GOOD,
    Judgement.SAME: None,
    Judgement.UNCLEAR: Ink.WARN,
    Judgement.UNTESTED: Ink.DIM,
}


def held_to(comparison: Comparison) -> str:
    """Return what it is compared with, as short as it can be said."""
    if comparison.prefix_b:
        return "a"
    return comparison.a.removeprefix("baseline ")


def compared_name(comparison: Comparison, name: str) -> str | None:
    """Return by what name a row of the table is compared; `None`: it is what others are held to."""
    if not name.startswith(comparison.prefix_b):
        return None
    return name.removeprefix(comparison.prefix_b)


def line_of(comparison: Comparison, name: str | None, metric: Metric) -> Line | None:
    """Return what is known of *metric* of the requests called *name*; empty: of all."""
    if name and name not in comparison.only_b and {it.name for it in comparison.lines} == {""}:
        name = ""  # it is alone, and so it is all of them
    fitting = (it for it in comparison.lines if it.name == name and it.metric is metric)
    return next(fitting, None)


def delta_text(line: Line | None, look: Look) -> tuple[str, Ink | None]:
    """
    Return a change with the sign of what is to be thought of it, and the ink of that.

    `✗` and `✓` are real and beyond the budget, `=` is within it; `?` may be chance, and of what
    ends in `…` nobody can tell yet.
    """
    if line is None:
        return "", None
    glyphs = look.glyphs
    signs = {
        Judgement.WORSE: glyphs.bad,
        Judgement.BETTER: glyphs.good,
        Judgement.SAME: "=",
        Judgement.UNCLEAR: "?",
        Judgement.UNTESTED: "" if line.low is not None else glyphs.ellipsis,
    }
    sign = signs[line.verdict]
    if line.verdict is Judgement.WORSE and line.low is None:
        sign = glyphs.ellipsis
    return f"{_change(line)}{sign}", _INKS[line.verdict]


def headline(comparison: Comparison, look: Look) -> tuple[str, Ink]:
    """Return what a light says of all of it: of p95, or of what else has got worse."""
    line = line_of(comparison, "", Metric.P95) or line_of(comparison, "", Metric.RATE)
    if line is None:
        return f"{look.glyphs.unknown} nothing to compare", Ink.DIM
    text, ink = delta_text(line, look)
    if line.low is None:
        return f"{line.metric} {text} not enough yet", Ink.DIM
    others = sum(it is not line for it in comparison.regressions)
    more = f" {others} worse" if others else ""
    return f"{line.metric} {text}{more}", Ink.BAD if others else ink or Ink.TEXT


def _change(line: Line) -> str:
    if line.metric is Metric.ERRORS:
        points = f"{line.change * 100:+.1f}"
        return "0" if float(points) == 0 else points
    return change_text(1 + line.change, 1.0)
