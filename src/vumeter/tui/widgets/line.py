"""
One line of a widget: pieces of text, each with the ink it is written in.

All text passes `clean`, whoever wrote it: what a target or a database says is hostile until
its control characters, escapes and characters without a width are gone. Nothing is ever
parsed as markup.
"""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from vumeter.tui.terminal import Ink, Look

Spans = tuple[tuple[str, Ink], ...]

_FILLED = frozenset({Ink.ALARM, Ink.SELECTED, Ink.CURSOR})
"""Inks in which a blank does not look like any other blank."""

_ASCII_SIGNS = str.maketrans("–—→←×µ…·•“”‘’", "--><xu~.*\"\"''")


def clean(text: str, look: Look) -> str:
    """
    Return *text* with a placeholder for each character that must not reach the terminal.

    Those are control and format characters (escapes, zero width, changes of direction),
    combining marks, private and unassigned ones; in an ASCII look, all that is not ASCII,
    but for the signs that our own words use, which have something like them there.
    """
    if text.isascii():
        if text.isprintable():
            return text
    elif not look.is_ascii and text.isprintable() and cell_len(text) == len(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    if look.is_ascii:
        composed = composed.translate(_ASCII_SIGNS)
    return "".join(_clean_character(character, look) for character in composed)


def _clean_character(character: str, look: Look) -> str:
    if character in "\t\n\r":
        return " "
    is_shown = character.isprintable() and not unicodedata.combining(character)
    if not is_shown or cell_len(character) == 0 or (look.is_ascii and not character.isascii()):
        return look.glyphs.placeholder
    return character


def narrow(text: str, look: Look) -> str:
    """Return *text*, cleaned, with a placeholder for each character that is two cells wide."""
    shown = clean(text, look)
    if shown.isascii() or cell_len(shown) == len(shown):
        return shown
    placeholder = look.glyphs.placeholder
    return "".join(sign if cell_len(sign) == 1 else placeholder for sign in shown)


def cropped(text: str, width: int, look: Look) -> str:
    """
    Return *text*, cleaned, in at most *width* cells; an ellipsis says that more follows.

    >>> from vumeter.tui.terminal import DEFAULT_LOOK
    >>> cropped("GET /portfolio", 8, DEFAULT_LOOK)
    'GET /po…'
    """
    shown = clean(text, look)
    if cell_len(shown) <= width:
        return shown
    return _first_cells(shown, width - 1) + look.glyphs.ellipsis if width > 0 else ""


def _first_cells(text: str, width: int) -> str:
    if text.isascii() or cell_len(text) == len(text):
        return text[:width]
    taken, used = [], 0
    for character in text:
        used += cell_len(character)
        if used > width:
            break
        taken.append(character)
    return "".join(taken) + " " * (width - cell_len("".join(taken)))


class Line:
    """A line under construction; `spans` is what it came to."""

    __slots__ = ("_look", "_spans", "width")

    def __init__(self, look: Look) -> None:
        self._look = look
        self._spans: list[tuple[str, Ink]] = []
        self.width = 0

    @property
    def spans(self) -> Spans:
        """The pieces, none of them empty."""
        return tuple(self._spans)

    @property
    def text(self) -> str:
        """What a person reads, without the ink."""
        return "".join(text for text, _ in self._spans)

    def add(self, text: str, ink: Ink = Ink.TEXT) -> "Line":
        """Append *text*, cleaned."""
        shown = clean(text, self._look)
        if shown:
            self._append(shown, ink)
            self.width += len(shown) if shown.isascii() else cell_len(shown)
        return self

    def add_glyphs(self, glyphs: Sequence[str], ink: Ink) -> "Line":
        """Append glyphs of our own, each one cell wide, without looking at them again."""
        if glyphs:
            self._append("".join(glyphs), ink)
            self.width += len(glyphs)
        return self

    def add_fitted(self, text: str, width: int, ink: Ink = Ink.TEXT) -> "Line":
        """Append *text* in exactly *width* cells, from the left."""
        shown = cropped(text, width, self._look)
        return self.add(shown + " " * (width - cell_len(shown)), ink)

    def add_right(self, text: str, width: int, ink: Ink = Ink.TEXT) -> "Line":
        """Append *text* in exactly *width* cells, from the right."""
        shown = cropped(text, width, self._look)
        return self.add(" " * (width - cell_len(shown)) + shown, ink)

    def extend(self, other: "Line") -> "Line":
        """Append all of *other*, which is clean already."""
        self._spans.extend(other.spans)
        self.width += other.width
        return self

    def pad_to(self, width: int, fill: str = " ", ink: Ink = Ink.TEXT) -> "Line":
        """Append *fill*, one cell wide, until the line has *width* cells."""
        if self.width < width:
            self._append(fill * (width - self.width), ink)
            self.width = width
        return self

    def crop_to(self, width: int) -> "Line":
        """Cut the line to at most *width* cells, with an ellipsis where something was cut."""
        if self.width <= width:
            return self
        kept, self._spans, self.width = self._spans, [], 0
        for text, ink in kept:
            room = width - self.width
            if cell_len(text) > room or (cell_len(text) == room and (text, ink) is not kept[-1]):
                self._spans.append((cropped(text + "  ", room, self._look), ink))
                self.width = width
                break
            self._spans.append((text, ink))
            self.width += cell_len(text)
        self._spans = [(text, ink) for text, ink in self._spans if text]
        return self

    def _append(self, text: str, ink: Ink) -> None:
        """Append to the last piece where that looks the same: each piece costs 40 bytes."""
        if self._spans:
            last_text, last_ink = self._spans[-1]
            is_blank = text.isspace() and not (ink in _FILLED or last_ink in _FILLED)
            if last_ink is ink or is_blank:
                self._spans[-1] = (last_text + text, last_ink)
                return
        self._spans.append((text, ink))


def spans_width(spans: Spans) -> int:
    """Return how many cells the pieces take."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in spans)


def to_strip(spans: Spans, width: int, look: Look) -> Strip:
    """Return the pieces, which are *width* cells wide, as what Textual draws."""
    return Strip([Segment(text, look.styles[ink]) for text, ink in spans], width)


def cells(look: Look, row: Iterable[tuple[str, Ink]]) -> Line:
    """Return single cells of our own glyphs as a line, in as few pieces as look the same."""
    line = Line(look)
    texts: list[str] = []
    current: Ink | None = None
    for text, ink in row:
        if ink is not current and (text != " " or ink in _FILLED or current in _FILLED):
            if current is not None or ink in _FILLED:
                line.add_glyphs(texts, current or Ink.TEXT)
                texts = []
            current = ink
        texts.append(text)
    return line.add_glyphs(texts, current or Ink.TEXT)


Part = tuple[int, Line]
"""A line with its rank: 0 always stays, and the greatest goes first when room is short."""


def joined(parts: Sequence[Part], width: int, look: Look, *, gap: int = 2) -> Line:
    """
    Return the parts side by side, in their order, as many as fit into *width*.

    They move closer together before one is left out.

    Args:
        parts: What to join.
        width: Cells to fill at most.
        look: What to draw with.
        gap: Blank cells between two parts.
    """
    kept = fitting(parts, width + 1, gap=1)
    if sum(line.width + gap for _, line in kept) - gap > width:
        gap = 1
    whole = Line(look)
    for _, line in kept:
        if whole.width:
            whole.add(" " * gap)
        whole.extend(line)
    return whole.crop_to(width)


def fitting(parts: Sequence[Part], width: int, *, gap: int) -> list[Part]:
    """Return the parts that fit, each with *gap* behind it; those of rank 0 in any case."""
    kept = [part for part in parts if part[1].width]
    while sum(line.width + gap for _, line in kept) > width:
        greatest = max((rank for rank, _ in kept), default=0)
        if greatest == 0:
            break
        del kept[max(index for index, (rank, _) in enumerate(kept) if rank == greatest)]
    return kept


def wrapped(text: str, width: int, look: Look) -> list[str]:
    """
    Return *text*, cleaned, in lines of at most *width* cells; none for an empty text.

    >>> from vumeter.tui.terminal import DEFAULT_LOOK
    >>> wrapped("permission denied for pg_stat_activity", 20, DEFAULT_LOOK)
    ['permission denied', 'for pg_stat_activity']
    """
    return textwrap.wrap(clean(text, look), max(1, width))
