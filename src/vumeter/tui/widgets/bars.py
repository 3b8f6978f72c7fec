"""Horizontal bars and sparks: small pictures of one number, or of a few."""

from collections.abc import Sequence

from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, cells, narrow


def level_glyph(ratio: float, look: Look) -> str:
    """Return one cell filled from below; anything above zero shows."""
    levels = look.glyphs.levels
    if ratio <= 0:
        return levels[0]
    return levels[max(1, min(len(levels) - 1, round(ratio * (len(levels) - 1))))]


def spark(values: Sequence[float | None], *, top: float, width: int, look: Look) -> str:
    """
    Return the newest *width* values as columns from zero to *top*; `None` is a gap.

    A value of zero still shows a foot, so that it differs from a gap.
    """
    shown = values[-width:] if width > 0 else ()
    foot = look.glyphs.levels[1]
    columns = [
        " " if value is None else level_glyph(value / top, look) if value and top else foot
        for value in shown
    ]
    return "".join(columns).rjust(width)


def core_spark(percents: Sequence[float], *, width: int, look: Look) -> str:
    """
    Return one column for each core; where they do not fit, the busiest of each few.

    >>> from vumeter.tui.terminal import DEFAULT_LOOK
    >>> core_spark([100, 0, 50, 12], width=2, look=DEFAULT_LOOK)
    '█▄'
    """
    if not percents or width < 1:
        return ""
    each = -(-len(percents) // width)
    groups = [percents[start : start + each] for start in range(0, len(percents), each)]
    busiest: list[float | None] = [max(group) for group in groups]
    return spark(busiest, top=100, width=len(busiest), look=look)


def bar(ratio: float, *, width: int, look: Look, ink: Ink = Ink.BAR) -> Line:
    """
    Return a bar of *width* cells filled to *ratio*.

    What is above zero shows, and what is below one leaves a rest to see.
    """
    filled = max(0, min(width, round(ratio * width)))
    if 0 < ratio < 1 and width > 1:
        filled = max(1, min(width - 1, filled))
    line = Line(look).add(look.glyphs.bar * filled, ink)
    return line.add(look.glyphs.bar_rest * (width - filled), Ink.BAR_REST)


def stacked_bar(
    parts: Sequence[tuple[str, float, Ink]],
    *,
    top: float,
    width: int,
    look: Look,
    mark_at: float | None = None,
) -> Line:
    """
    Return values side by side on a scale from zero to *top*, each with its name in it.

    Args:
        parts: Name, value and ink of each, in the order in which they stand.
        top: What the whole width means, > 0.
        width: Cells.
        look: What to draw with.
        mark_at: Where on the scale to set a mark for comparison.
    """
    mark = (
        None if mark_at is None or mark_at > top else min(width - 1, round(mark_at / top * width))
    )
    row: list[tuple[str, Ink]] = []
    total = 0.0
    for name, value, ink in parts:
        total += value
        start, end = len(row), max(len(row), min(width, round(total / top * width)))
        text = _named(narrow(name, look), end - start, None if mark is None else mark - start, look)
        row.extend((character, ink) for character in text)
    row.extend([(look.glyphs.bar_rest, Ink.BAR_REST)] * (width - len(row)))
    if mark is not None and mark >= 0:
        row[mark] = (look.glyphs.bar_target, Ink.STRONG)
    return cells(look, row)


def _named(name: str, room: int, mark: int | None, look: Look) -> str:
    """Return *room* cells with the name in them: clear of the mark, or its initial alone."""
    shown = name if len(name) <= room else name[: min(1, room)]
    before = ""
    if mark is not None and 0 <= mark < len(shown) <= room - mark - 1:
        before = look.glyphs.share * (mark + 1)
    return (before + shown).ljust(room, look.glyphs.share)
