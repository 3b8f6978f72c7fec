"""What the benchmarks found, as values: `results.json`, from which everything else is made."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).resolve().parent / "results.json"


class Spread(Struct, frozen=True):
    """A figure over the rounds."""

    median: float
    lowest: float
    highest: float


class Column(Struct, frozen=True, kw_only=True):
    """A figure that each row of a table may have."""

    key: str
    heading: str
    form: str
    """How a number of it is written, as `format` has it."""
    shows_spread: bool = False


class Row(Struct, frozen=True, kw_only=True):
    """What one generator came to."""

    name: str
    figures: dict[str, Spread]
    """By the column's key; one that was not measured is not there."""


class Bar(Struct, frozen=True, kw_only=True):
    """A promise in numbers."""

    says: str
    measured: float
    limit: float
    is_floor: bool
    """Whether what was measured must be at least the limit, and not at most."""
    form: str = ".2f"

    @property
    def holds(self) -> bool:
        """Whether the promise is kept, without rounding."""
        return self.measured >= self.limit if self.is_floor else self.measured <= self.limit


class Part(Struct, frozen=True, kw_only=True):
    """One question, and its answer."""

    key: str
    title: str
    how: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...] = ()
    notes: tuple[str, ...] = ()
    rounds: int = 1
    machine: str = ""
    measured_on: str = ""
    """The day, ISO 8601."""

    def row(self, name: str) -> Row:
        """Return the row of that name; KeyError if there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)


class Results(Struct, frozen=True):
    """All parts that were measured, in their order."""

    parts: tuple[Part, ...] = ()

    def with_part(self, new: Part, *, order: Sequence[str]) -> "Results":
        """Return these results with *new* in the place of what was measured before."""
        parts = {part.key: part for part in (*self.parts, new)}
        return Results(tuple(parts[key] for key in order if key in parts))

    def part(self, key: str) -> Part | None:
        """Return the part, `None` when it was not measured."""
        return next((part for part in self.parts if part.key == key), None)


def at_least(says: str, measured: float, limit: float, *, form: str = ".2f") -> Bar:
    """Return the promise that *measured* is no less than *limit*."""
    return Bar(says=says, measured=measured, limit=limit, is_floor=True, form=form)


def at_most(says: str, measured: float, limit: float, *, form: str = ".2f") -> Bar:
    """Return the promise that *measured* is no more than *limit*."""
    return Bar(says=says, measured=measured, limit=limit, is_floor=False, form=form)


def spread(values: Iterable[float]) -> Spread:
    """Return the median of *values*, and how far they lie apart."""
    ordered = sorted(values)
    return Spread(statistics.median(ordered), ordered[0], ordered[-1])


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return *ours* over *theirs*, taken within each round so that the machine's noise cancels."""
    return spread(a / b for a, b in zip(ours, theirs, strict=True))


def load(path: Path = FILE) -> Results:
    """Return what was measured so far; nothing where there is no file."""
    if not path.exists():
        return Results()
    return msgspec.json.decode(path.read_bytes(), type=Results)


def save(results: Results, path: Path = FILE) -> None:
    """Write *results* so that a change to them can be read."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
