"""Lines of the summary: headings, rows of cells, labels with text, and what is emphasised."""

from textwrap import wrap

from vumeter.model.frame import Latency
from vumeter.report.numbers import (
    duration_text,
)
from vumeter.stats.plaintext import fitted, plain

LABEL_WIDTH = 28
CELL_WIDTH = 9
TEXT_WIDTH = 96


class Ink:
    """Emphasis for a terminal that has it; plain text for all others."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def heading(self, text: str) -> str:
        """Return *text* in bold."""
        return self._in("1", text)

    def good(self, text: str) -> str:
        """Return *text* in green."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """Return *text* in bold red."""
        return self._in("1;31", text)

    def warning(self, text: str) -> str:
        """Return *text* in yellow."""
        return self._in("33", text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def heading(text: str, ink: Ink, columns: tuple[str, ...] = ()) -> str:
    """Return a heading, with the names of *columns* of cells that follow it."""
    cells = "".join(f"{column:>{CELL_WIDTH}}" for column in columns)
    width = LABEL_WIDTH - 2 if columns else 0
    return "  " + ink.heading(fitted(text, width) if columns else text) + cells


def row(label: str, cells: list[str], remark: str = "") -> str:
    """Return a label with *cells* under the columns of their heading, and a *remark* after them."""
    aligned = "".join(f"{cell:>{CELL_WIDTH}}" for cell in cells)
    return f"    {fitted(label, LABEL_WIDTH - 4)}{aligned}  {remark}".rstrip()


def text_row(label: str, text: str) -> str:
    """Return a label with words."""
    return f"    {fitted(label, LABEL_WIDTH - 4)} {text}"


def trend(latency: Latency | None) -> list[str]:
    """Return the cells of a distribution: mean, min, p50, max, p90, p95, p99, p99.9."""
    if latency is None:
        return ["-"] * 8
    values_us = (
        latency.mean_us,
        latency.min_us,
        latency.p50_us,
        latency.max_us,
        latency.p90_us,
        latency.p95_us,
        latency.p99_us,
        latency.p99_9_us,
    )
    return [duration_text(us) for us in values_us]


def bullet(sign: str, text: str, ink: Ink) -> list[str]:
    """Return *text* after a *sign* that catches the eye, in as many lines as it takes."""
    first, *rest = wrap(plain(text), TEXT_WIDTH - 4) or [""]
    return [f"    {ink.warning(sign)} {first}", *(f"      {line}" for line in rest)]
