"""
The cockpit's cells as an SVG that looks the same everywhere.

Textual's own export names a web font and leaves columns to it: without the font they shift,
and blocks and braille show seams. Here each character has its own x, and whatever draws
charts (blocks, shades, braille, rules) is drawn as shapes, so no font is asked about those.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

CELL_WIDTH = 8.4
CELL_HEIGHT = 18.0
FONT_SIZE = 14
MARGIN = 14.0
_BASELINE = 13.3
_FONTS = "ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"

_BRAILLE = range(0x2800, 0x2900)
_LOWER_BLOCKS = range(0x2581, 0x2589)
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
# Where each of a braille character's eight bits stands: column and row of its dot.
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_DOT = 1.9

# Box drawing as strokes from the cell's middle: left, right, up, down; width; dashes.
_STROKES: dict[str, tuple[str, float, str]] = {
    "─": ("lr", 1.0, ""),
    "│": ("ud", 1.0, ""),
    "┬": ("lrd", 1.0, ""),
    "━": ("lr", 3.0, ""),
    "┃": ("ud", 3.0, ""),
    "┄": ("lr", 1.0, "1.4 2.8"),
    "┆": ("ud", 1.2, "3 3"),
    "╵": ("u", 1.0, ""),
}


class Cell(NamedTuple):
    """One character in its place."""

    column: int
    row: int
    mark: str
    ink: str
    paper: str
    is_bold: bool


def svg(
    rows: list[list[Segment]], *, columns: int, ground: str, foreground: str, title: str
) -> str:
    """
    Return the rows as a picture.

    Args:
        rows: Segments of each row, from the left.
        columns: Cells in a row.
        ground: The terminal's background.
        foreground: The ink of text that has none.
        title: For those who cannot see it.
    """
    cells = list(_cells(rows, foreground))
    width = columns * CELL_WIDTH + 2 * MARGIN
    height = len(rows) * CELL_HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{ground}"/>',
        f'<g transform="translate({MARGIN:g} {MARGIN:g})" font-family="{_FONTS}"'
        f' font-size="{FONT_SIZE}">',
        # Without smoothing: neighbouring blocks would show a seam between them.
        '<g shape-rendering="crispEdges">',
        *_papers(cells),
        *_blocks(cells),
        "</g>",
        *_lines(cells),
        *_texts(cells),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _cells(rows: list[list[Segment]], foreground: str) -> Iterator[Cell]:
    for row, segments in enumerate(rows):
        column = 0
        for text, style, _ in segments:
            ink, paper, is_bold = _colours(style, foreground)
            for mark in text:
                if mark != " " or paper:
                    yield Cell(column, row, mark, ink, paper, is_bold)
                column += 1


def _colours(style: Style | None, foreground: str) -> tuple[str, str, bool]:
    """Return ink, paper (empty: the ground) and weight."""
    if style is None:
        return foreground, "", False
    ink = style.color.get_truecolor().hex if style.color else foreground
    paper = style.bgcolor.get_truecolor().hex if style.bgcolor else ""
    if style.reverse:
        ink, paper = paper or "#101418", ink
    return ink, paper, bool(style.bold)


def _papers(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield the backgrounds, neighbours of one colour in one piece."""
    runs: list[tuple[Cell, int]] = []
    for cell in cells:
        if not cell.paper:
            continue
        last, length = runs[-1] if runs else (None, 0)
        if last and (last.row, last.column + length, last.paper) == (
            cell.row,
            cell.column,
            cell.paper,
        ):
            runs[-1] = (last, length + 1)
        else:
            runs.append((cell, 1))
    for cell, length in runs:
        yield _rect(cell, 0.0, 0.0, length * CELL_WIDTH, CELL_HEIGHT, cell.paper)


def _blocks(cells: Iterable[Cell]) -> Iterator[str]:
    for cell in cells:
        code = ord(cell.mark)
        if code in _LOWER_BLOCKS:
            tall = CELL_HEIGHT * (code - 0x2580) / 8
            yield _rect(cell, 0.0, CELL_HEIGHT - tall, CELL_WIDTH, tall, cell.ink)
        elif cell.mark in _SHADES:
            shade = f'{cell.ink}" fill-opacity="{_SHADES[cell.mark]}'
            yield _rect(cell, 0.0, 0.0, CELL_WIDTH, CELL_HEIGHT, shade)


def _lines(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield braille dots and rules, all of one look in one path."""
    dots: dict[str, list[str]] = {}
    strokes: dict[tuple[str, float, str], list[str]] = {}
    for cell in cells:
        if ord(cell.mark) in _BRAILLE:
            dots.setdefault(cell.ink, []).extend(_dots(cell, ord(cell.mark) - 0x2800))
        elif cell.mark in _STROKES:
            arms, width, dashes = _STROKES[cell.mark]
            strokes.setdefault((cell.ink, width, dashes), []).extend(_arms(cell, arms))
    for ink, paths in dots.items():
        yield f'<path fill="{ink}" d="{"".join(paths)}"/>'
    for (ink, width, dashes), paths in strokes.items():
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<path stroke="{ink}" stroke-width="{width:g}"{dash} d="{"".join(paths)}"/>'


def _dots(cell: Cell, bits: int) -> Iterator[str]:
    for bit, (x, y) in enumerate(_DOTS):
        if bits >> bit & 1:
            left = (cell.column + 0.25 + 0.5 * x) * CELL_WIDTH - _DOT / 2
            top = (cell.row + 0.125 + 0.25 * y) * CELL_HEIGHT - _DOT / 2
            yield f"M{left:.1f} {top:.1f}h{_DOT}v{_DOT}h-{_DOT}z"


def _arms(cell: Cell, arms: str) -> Iterator[str]:
    x, y = (cell.column + 0.5) * CELL_WIDTH, (cell.row + 0.5) * CELL_HEIGHT
    for arm in arms:
        across = {"l": -0.5, "r": 0.5}.get(arm, 0.0) * CELL_WIDTH
        along = {"u": -0.5, "d": 0.5}.get(arm, 0.0) * CELL_HEIGHT
        yield f"M{x:.1f} {y:.1f}l{across:.1f} {along:.1f}"


def _texts(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield the words, each of its characters with a place of its own."""
    words: list[list[Cell]] = []
    for cell in cells:
        if cell.mark == " " or _is_shape(cell.mark):
            continue
        last = words[-1][-1] if words else None
        follows = last and (last.row, last.column + 1) == (cell.row, cell.column)
        if follows and last and (last.ink, last.is_bold) == (cell.ink, cell.is_bold):
            words[-1].append(cell)
        else:
            words.append([cell])
    for word in words:
        places = " ".join(f"{cell.column * CELL_WIDTH:.1f}" for cell in word)
        baseline = word[0].row * CELL_HEIGHT + _BASELINE
        weight = ' font-weight="bold"' if word[0].is_bold else ""
        text = escape("".join(cell.mark for cell in word))
        yield f'<text x="{places}" y="{baseline:.1f}" fill="{word[0].ink}"{weight}>{text}</text>'


def _is_shape(mark: str) -> bool:
    code = ord(mark)
    return code in _BRAILLE or code in _LOWER_BLOCKS or mark in _SHADES or mark in _STROKES


def _rect(cell: Cell, left: float, top: float, width: float, height: float, fill: str) -> str:
    x, y = cell.column * CELL_WIDTH + left, cell.row * CELL_HEIGHT + top
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'
    )
