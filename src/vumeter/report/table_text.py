"""Tables as text for a terminal; with a title and remarks also as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from vumeter.report.markdown import escaped, table_lines
from vumeter.report.sections.lines import TEXT_WIDTH, Ink
from vumeter.report.tables import Table
from vumeter.stats.plaintext import cells, fitted

_LABEL_WIDTH = 28
_FIRST_WIDTH = 52
"""Of a first column, which may be a statement; all others are figures."""


def text(title: str, tables: Iterable[Table], remarks: Iterable[str], *, colour: bool) -> str:
    """Return everything for a terminal, ending in a line break."""
    ink = Ink(colour)
    blocks = [["  " + ink.heading(title)], *(list(table_text(table, ink)) for table in tables)]
    if lines := [line for each in remarks for line in _remark(each, ink)]:
        blocks.append(lines)
    return "\n" + "\n\n".join("\n".join(block) for block in blocks) + "\n"


def markdown(title: str, tables: Iterable[Table], remarks: Iterable[str]) -> str:
    """Return everything as Markdown, ending in a line break."""
    lines = [f"# {escaped(title)}"]
    for table in tables:
        lines += ["", f"## {escaped(table.title)}", "", *table_lines(table)]
    if told := [f"- ! {escaped(each)}" for each in remarks]:
        lines += ["", *told]
    return "\n".join(lines) + "\n"


def table_text(table: Table, ink: Ink) -> Iterator[str]:
    """Yield *table* as lines; the first column stands to the left, all others to the right."""
    yield "  " + ink.heading(table.title.upper())
    if not table.columns:
        width = max(_LABEL_WIDTH, *(cells(label.text) + 1 for label, _ in table.rows))
        for label, value in table.rows:
            first, *rest = wrap(value.text, TEXT_WIDTH - width) or [""]
            yield f"    {fitted(label.text, width - 1)} {first}"
            yield from (f"    {'':{width}}{line}" for line in rest)
        return
    written = [[cell.text for cell in row] for row in table.rows]
    widths = [max(map(cells, column)) for column in zip(table.columns, *written, strict=True)]
    widths[0] = min(widths[0], _FIRST_WIDTH)
    yield "    " + ink.heading(_aligned(table.columns, widths))
    yield from ("    " + _aligned(row, widths) for row in written)


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    others = zip(texts[1:], widths[1:], strict=True)
    shown = (" " * (width - cells(each)) + each for each, width in others)
    return "  ".join((fitted(texts[0], widths[0]), *shown)).rstrip()


def _remark(remark: str, ink: Ink) -> Iterator[str]:
    first, *rest = wrap(remark, TEXT_WIDTH - 4) or [""]
    yield f"  {ink.warning('!')} {first}"
    yield from (f"    {line}" for line in rest)
