"""Tables, a title and remarks as text for a terminal, or as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from vumeter.report.markdown import escaped, table_lines
from vumeter.report.sections.lines import TEXT_WIDTH, Ink
from vumeter.report.tables import Table
from vumeter.stats.plaintext import cells, fitted

_LABEL_WIDTH = 28


def text(title: str, tables: Iterable[Table], remarks: Iterable[str], *, colour: bool) -> str:
    """Return everything for a terminal, ending in a line break."""
    ink = Ink(colour)
    blocks = [["  " + ink.heading(title)], *(list(_text(table, ink)) for table in tables)]
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


def _text(table: Table, ink: Ink) -> Iterator[str]:
    yield "  " + ink.heading(table.title.upper())
    if not table.columns:
        for label, value in table.rows:
            first, *rest = wrap(value.text, TEXT_WIDTH - _LABEL_WIDTH) or [""]
            yield f"    {fitted(label.text, _LABEL_WIDTH - 1)} {first}"
            yield from (f"    {'':{_LABEL_WIDTH}}{line}" for line in rest)
        return
    written = [[cell.text for cell in row] for row in table.rows]
    widths = [max(map(cells, column)) for column in zip(table.columns, *written, strict=True)]
    yield "    " + ink.heading(_aligned(table.columns, widths))
    yield from ("    " + _aligned(row, widths) for row in written)


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    """The first column stands to the left, all others to the right."""
    first, *others = zip(texts, widths, strict=True)
    shown = [each + " " * (width - cells(each)) for each, width in [first]]
    shown += [" " * (width - cells(each)) + each for each, width in others]
    return "  ".join(shown).rstrip()


def _remark(remark: str, ink: Ink) -> Iterator[str]:
    first, *rest = wrap(remark, TEXT_WIDTH - 4) or [""]
    yield f"  {ink.warning('!')} {first}"
    yield from (f"    {line}" for line in rest)
