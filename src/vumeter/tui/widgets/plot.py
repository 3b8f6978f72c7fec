"""
The picture of latency over time: a band from p50 to p95 and a line for p99, in any glyphs.

One cell of braille holds 2 × 4 dots, one of block glyphs 1 × 2, one of ASCII a single one;
`GRAINS` says which. The band is a light weave, so that the line stands out without colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vumeter.tui.history import Column
from vumeter.tui.terminal import GlyphSet, Ink, Look
from vumeter.tui.widgets.axis import LogAxis

Cell = tuple[str, Ink]
BLANK: Cell = (" ", Ink.TEXT)

GRAINS = {GlyphSet.BRAILLE: (2, 4), GlyphSet.BLOCK: (1, 2), GlyphSet.ASCII: (1, 1)}
"""Dots across and down in one cell."""

_BRAILLE_BASE = 0x2800
# The bit of each dot, by its column and its row from the top.
_BRAILLE_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass(slots=True, kw_only=True)
class _Dots:
    """Two bitmaps over the same grid, rows from the bottom: which dots are band, which line."""

    band: set[tuple[int, int]]
    line: set[tuple[int, int]]


def latency_cells(
    columns: Sequence[Column], *, axis: LogAxis, height: int, look: Look
) -> list[list[Cell]]:
    """
    Return rows of cells from the top, one cell wide for each dot column of the look's grain.

    Args:
        columns: One for each dot column; a column without an answer stays blank.
        axis: Where values stand.
        height: Rows of cells, ≥ 1.
        look: Which glyphs to use.
    """
    across, down = GRAINS[look.glyphs.set]
    dots = _dots(columns, axis=axis, rows=height * down, is_woven=down > 2)
    width = -(-len(columns) // across)
    return [
        [_cell(dots, x * across, (height - 1 - y) * down, look) for x in range(width)]
        for y in range(height)
    ]


def _dots(columns: Sequence[Column], *, axis: LogAxis, rows: int, is_woven: bool) -> _Dots:
    dots = _Dots(band=set(), line=set())
    before: int | None = None
    for x, column in enumerate(columns):
        if column.p50_us is None or column.p95_us is None or column.p99_us is None:
            before = None
            continue
        low, high = axis.row(column.p50_us, rows), axis.row(column.p95_us, rows)
        # The edges always have their dots; within, every other would be enough for the eye.
        inner = (y for y in range(low + 1, high) if not is_woven or (x + y) % 2 == 0)
        dots.band.update((x, y) for y in (low, high, *inner))
        at = axis.row(column.p99_us, rows)
        dots.line.update((x, y) for y in _stroke(before, at))
        before = at
    return dots


def _stroke(before: int | None, at: int) -> range:
    """Return the rows that join a line to its height in the column before."""
    if before is None or before == at:
        return range(at, at + 1)
    return range(before + 1, at + 1) if before < at else range(at, before)


def _cell(dots: _Dots, left: int, bottom: int, look: Look) -> Cell:
    match look.glyphs.set:
        case GlyphSet.BRAILLE:
            return _braille_cell(dots, left, bottom)
        case GlyphSet.BLOCK:
            return _block_cell(dots, left, bottom, look)
        case GlyphSet.ASCII:
            return _ascii_cell(dots, left, bottom, look)


def _braille_cell(dots: _Dots, left: int, bottom: int) -> Cell:
    bits, ink = 0, Ink.BAND
    for across in range(2):
        for down in range(4):
            dot = (left + across, bottom + 3 - down)
            if dot in dots.line:
                ink = Ink.P99
            elif dot not in dots.band:
                continue
            bits |= _BRAILLE_BITS[across][down]
    return (chr(_BRAILLE_BASE + bits), ink) if bits else BLANK


def _block_cell(dots: _Dots, left: int, bottom: int, look: Look) -> Cell:
    lower, upper = (left, bottom) in dots.line, (left, bottom + 1) in dots.line
    if lower or upper:
        return ("█" if lower and upper else "▄" if lower else "▀", Ink.P99)
    is_band = (left, bottom) in dots.band or (left, bottom + 1) in dots.band
    return (look.glyphs.band, Ink.BAND) if is_band else BLANK


def _ascii_cell(dots: _Dots, left: int, bottom: int, look: Look) -> Cell:
    if (left, bottom) in dots.line:
        return ("*", Ink.P99)
    return (look.glyphs.band, Ink.BAND) if (left, bottom) in dots.band else BLANK
