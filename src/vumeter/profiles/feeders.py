"""Rows of data from the files that a profile names."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from vumeter.model.plan import Feeder, FeederOrder
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.models import FeederTable
from vumeter.profiles.problems import Problems, quoted

LARGEST_FEEDER_BYTES = 16 * 1024 * 1024

Rows = tuple[tuple[str, ...], ...]


class _Unreadable(Exception):  # noqa: N818 - becomes a problem at once
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def feeder_of(
    name: str, table: FeederTable, at: KeyPath, *, folder: Path, problems: Problems
) -> Feeder:
    """Return the feeder with its rows; without columns when its file is no use."""
    key = "rows" if table.rows is not None else "file"
    try:
        columns, rows = _rows_of(table, folder)
    except _Unreadable as error:
        problems.add((*at, key), error.message, hint=error.hint)
        columns, rows = (), ()
    return Feeder(name=name, columns=columns, rows=rows, order=FeederOrder(table.order))


def _rows_of(table: FeederTable, folder: Path) -> tuple[tuple[str, ...], Rows]:
    if table.file is not None and table.columns is None and table.rows is None:
        path = folder / table.file
        return _json_lines(path) if path.suffix == ".jsonl" else _csv(path)
    if table.file is not None or table.columns is None or table.rows is None:
        raise _Unreadable(
            "its rows come from a file, or from columns and rows.", 'Write file = "users.csv".'
        )
    for number, row in enumerate(table.rows, start=1):
        if len(row) != len(table.columns):
            raise _Unreadable(
                f"row {number} has {len(row)} values for {len(table.columns)} columns."
            )
    return _usable("It", tuple(table.columns), tuple(map(tuple, table.rows)))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FEEDER_BYTES:
            raise _Unreadable(f"{quoted(path.name)} is larger than 16 MiB.")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise _Unreadable(f"{quoted(path.name)} is not UTF-8 text.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _Unreadable(
            f"{quoted(path.name)} cannot be read: {reason}.", f"It is looked for at {path}."
        ) from None


def _csv(path: Path) -> tuple[tuple[str, ...], Rows]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader, []))
        rows = tuple(_whole_rows(reader, columns, path))
    except csv.Error as error:
        raise _Unreadable(f"{quoted(path.name)}, line {reader.line_num}: {error}.") from None
    return _usable(quoted(path.name), columns, rows)


def _whole_rows(
    reader: Iterator[list[str]], columns: tuple[str, ...], path: Path
) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(reader, start=1):
        if not row:
            continue
        if len(row) != len(columns):
            raise _Unreadable(
                f"{quoted(path.name)}: row {number} has {len(row)} values for {len(columns)}"
                " columns.",
                'A value with a comma in it stands in "double quotes".',
            )
        yield tuple(row)


def _json_lines(path: Path) -> tuple[tuple[str, ...], Rows]:
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, object])
        except (msgspec.DecodeError, RecursionError):
            raise _Unreadable(
                f"{quoted(path.name)}, line {number}: not a JSON object.",
                'Each line is one: {"user": "ada", "age": 36}',
            ) from None
        columns = columns or tuple(row)
        if set(row) != set(columns):
            raise _Unreadable(
                f"{quoted(path.name)}, line {number}: other keys than the first line's"
                f" {', '.join(columns)}."
            )
        rows.append(tuple(_value_text(row[column]) for column in columns))
    return _usable(quoted(path.name), columns, tuple(rows))


def _usable(where: str, columns: tuple[str, ...], rows: Rows) -> tuple[tuple[str, ...], Rows]:
    if not rows or not all(columns):
        raise _Unreadable(
            f"{where} has no rows, or a column without a name.",
            "The first line of a CSV has the columns' names, each further one a row.",
        )
    if len(set(columns)) < len(columns):
        raise _Unreadable(f"{where} has two columns of the same name.")
    return columns, rows


def _value_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
