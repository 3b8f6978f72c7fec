"""
The picture of latency over time: a band from p50 to p95 and a line for p99, in any glyphs.

One cell of braille holds 2 × 4 dots, one of block glyphs 1 × 2, one of ASCII a single one;
`GRAINS` says which. The band is a light weave, so that the line stands out without colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vumeter.tui.columns import Column
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.axis import LogAxis

Cell = tuple[str, Ink]
BLANK: Cell = (" ", Ink.TEXT)

GRAINS = {GlyphSet.BRAILLE: (2, 4), GlyphSet.BLOCK: (1, 2), GlyphSet.ASCII: (1, 1)}
"""Dots across and down in one cell."""

_BRAILLE_BASE = 0x2800
# Four dots of a column, lowest first, as braille numbers them: left and right half of a cell.
_BRAILLE_LEFT = tuple(
    sum(bit for row, bit in enumerate((0x40, 0x04, 0x02, 0x01)) if dots >> row & 1)
    for dots in range(16)
)
_BRAILLE_RIGHT = tuple(
    sum(bit for row, bit in enumerate((0x80, 0x20, 0x10, 0x08)) if dots >> row & 1)
    for dots in range(16)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dots:
    """One column of dots as two bit masks, the lowest row first: the band's and the line's."""

    band: int
    line: int


_NO_DOTS = _Dots(band=0, line=0)


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
    down = GRAINS[look.glyphs.set][1]
    dots = _dots(columns, axis=axis, rows=height * down, is_woven=down > 2)
    return _cells_of(dots, height, look)


def reach_cells(
    reaches: Sequence[tuple[float, float] | None], *, top: float, height: int, look: Look
) -> list[list[Cell]]:
    """
    Return rows of cells from the top: a line from lowest to highest, on a scale from 0 to *top*.

    *reaches* has one for each dot column of the look's grain; `None` stays blank.
    """
    rows = height * GRAINS[look.glyphs.set][1]
    dots: list[_Dots] = []
    before: int | None = None
    for reach in reaches:
        if reach is None:
            before = None
            dots.append(_NO_DOTS)
            continue
        low, high = (min(rows - 1, round(value / top * (rows - 1))) for value in reach)
        dots.append(_Dots(band=0, line=_between(low, high) | _stroke(before, high)))
        before = high
    return _cells_of(dots, height, look)


def _cells_of(dots: Sequence[_Dots], height: int, look: Look) -> list[list[Cell]]:
    across, down = GRAINS[look.glyphs.set]
    shifts = [(height - 1 - y) * down for y in range(height)]
    match look.glyphs.set:
        case GlyphSet.BRAILLE:
            pairs = list(zip(dots[::across], dots[1::across], strict=True))
            return [[_braille_cell(*pair, shift) for pair in pairs] for shift in shifts]
        case GlyphSet.BLOCK:
            return [[_block_cell(each, shift, look) for each in dots] for shift in shifts]
        case GlyphSet.ASCII:
            return [[_ascii_cell(each, shift, look) for each in dots] for shift in shifts]


def _dots(columns: Sequence[Column], *, axis: LogAxis, rows: int, is_woven: bool) -> list[_Dots]:
    row_of = axis.scale(rows)
    weave = sum(1 << row for row in range(0, rows, 2))
    dots: list[_Dots] = []
    before: int | None = None
    for x, column in enumerate(columns):
        if column.p50_us is None or column.p95_us is None or column.p99_us is None:
            before = None
            dots.append(_NO_DOTS)
            continue
        low, high = row_of(column.p50_us), row_of(column.p95_us)
        band = _between(low, high)
        if is_woven:
            # The edges always have their dots; within, every other is enough for the eye.
            band = band & (weave if x % 2 == 0 else weave << 1) | 1 << low | 1 << high
        at = row_of(column.p99_us)
        dots.append(_Dots(band=band, line=_stroke(before, at)))
        before = at
    return dots


def _between(low: int, high: int) -> int:
    """Return the mask of rows *low* to *high*, both included."""
    return (1 << (high + 1)) - (1 << low)


def _stroke(before: int | None, at: int) -> int:
    """Return the mask of the rows that join a line to its height in the column before."""
    if before is None or before == at:
        return 1 << at
    return _between(before + 1, at) if before < at else _between(at, before - 1)


def _braille_cell(left: _Dots, right: _Dots, shift: int) -> Cell:
    left_line, right_line = left.line >> shift & 15, right.line >> shift & 15
    left_all, right_all = left_line | left.band >> shift & 15, right_line | right.band >> shift & 15
    if not (left_all or right_all):
        return BLANK
    glyph = chr(_BRAILLE_BASE + _BRAILLE_LEFT[left_all] + _BRAILLE_RIGHT[right_all])
    return glyph, Ink.P99 if left_line or right_line else Ink.BAND


def _block_cell(dots: _Dots, shift: int, look: Look) -> Cell:
    line = dots.line >> shift & 3
    if line:
        return " ▄▀█"[line], Ink.P99
    return (look.glyphs.band, Ink.BAND) if dots.band >> shift & 3 else BLANK


def _ascii_cell(dots: _Dots, shift: int, look: Look) -> Cell:
    if dots.line >> shift & 1:
        return "*", Ink.P99
    return (look.glyphs.band, Ink.BAND) if dots.band >> shift & 1 else BLANK
