"""Horizontal bars and sparks: small pictures of one number, or of a few."""

from collections.abc import Sequence

from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line


def level_glyph(ratio: float, look: Look) -> str:
    """Return one cell filled from below; anything above zero shows."""
    levels = look.glyphs.levels
    if ratio <= 0:
        return levels[0]
    return levels[max(1, min(len(levels) - 1, round(ratio * (len(levels) - 1))))]


def spark(values: Sequence[float | None], *, top: float, width: int, look: Look) -> str:
    """Return the newest *width* values as columns from zero to *top*; `None` is a gap."""
    shown = values[-width:] if width > 0 else ()
    scale = top or 1.0
    glyphs = "".join(" " if v is None else level_glyph(v / scale, look) for v in shown)
    return glyphs.rjust(width)


def bar(ratio: float, *, width: int, look: Look, ink: Ink = Ink.BAR) -> Line:
    """Return a bar of *width* cells filled to *ratio*, cut at full."""
    filled = min(width, max(0, round(ratio * width)))
    if ratio > 0 and not filled and width:
        filled = 1
    line = Line(look).add(look.glyphs.bar * filled, ink)
    return line.add(look.glyphs.bar_rest * (width - filled), Ink.BAR_REST)


def stacked_bar(
    parts: Sequence[tuple[float, str, Ink]], *, top: float, width: int, look: Look
) -> Line:
    """
    Return values side by side on a scale from zero to *top*, each with its letter in it.

    Args:
        parts: Value, letter and ink of each, in the order in which they stand.
        top: What the whole width means, > 0.
        width: Cells.
        look: What to draw with.
    """
    line = Line(look)
    total = 0.0
    for value, letter, ink in parts:
        total += value
        end = min(width, round(total / top * width))
        line.add(letter * (end - line.width), ink)
    return line.pad_to(width, look.glyphs.bar_rest, Ink.BAR_REST)
