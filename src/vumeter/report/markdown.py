"""A report as Markdown, for a pull request or a page of a wiki."""

from collections.abc import Iterable, Iterator

from vumeter.report.schema import Report
from vumeter.report.tables import Cell, Table, tables_of
from vumeter.units import duration_text

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|!~"})


def markdown(report: Report, more: Iterable[Table] = ()) -> str:
    """Return *report* as GitHub reads Markdown, with its tables and *more* of them."""
    return "\n".join(_lines(report, (*tables_of(report), *more))) + "\n"


def escaped(text: str) -> str:
    r"""
    Return *text* so that Markdown shows it as it is, whatever it says.

    >>> escaped("GET /<b>|*")
    'GET /\\<b\\>\\|\\*'
    """
    # A bare address would become a link, and "@name" would call somebody.
    return text.translate(_SPECIAL).replace("@", "@\u200b").replace("://", ":\u200b//")


def table_lines(table: Table) -> Iterator[str]:
    """Yield *table* as lines of Markdown; numbers stand to the right."""
    columns = table.columns or ("",) * len(table.rows[0])
    yield _line(map(escaped, columns))
    yield _line("---:" if _is_numeric(table, at) else "---" for at in range(len(columns)))
    for row in table.rows:
        yield _line(escaped(cell.text) for cell in row)


def _lines(report: Report, tables: Iterable[Table]) -> Iterator[str]:
    run = report.run
    yield f"# {escaped(run.name)}"
    yield ""
    yield (
        f"{escaped(run.target)} · {run.started} · {duration_text(report.duration_s)} · "
        f"{run.model} model · {report.generator.verdict or 'generator not judged'}"
    )
    if report.remarks:
        yield ""
        yield from (f"- ! {escaped(remark)}" for remark in report.remarks)
    for table in tables:
        yield ""
        yield f"## {escaped(table.title)}"
        yield ""
        yield from table_lines(table)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _is_numeric(table: Table, at: int) -> bool:
    return any(_cell(row, at).path for row in table.rows)


def _cell(row: tuple[Cell, ...], at: int) -> Cell:
    return row[at]
