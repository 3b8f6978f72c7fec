"""Which sequential scans are worth a word."""

from collections.abc import Sequence

from vumeter.model.database import TableFigures

_LEAST_ROWS = 1000
"""A table with fewer is best read as a whole, and who does so does nothing wrong."""


def scanned_large(tables: Sequence[TableFigures]) -> list[TableFigures]:
    """Return those of *tables* that were read from end to end and are not small, worst first."""
    found = [
        each
        for each in tables
        if each.sequential_rows and each.sequential_rows >= _LEAST_ROWS * each.sequential_scans
    ]
    return sorted(found, key=lambda each: -each.sequential_rows)
