"""What all widgets share: lines are composed once, and only changed ones are drawn again."""

from collections.abc import Sequence

from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.line import Line, Spans, to_strip


class Panel(Widget):
    """
    A widget that composes itself as lines of text.

    A subclass keeps what it is shown, calls `repaint` when that changes, and gives its lines
    in `compose_lines`. Lines that come out as they were cost nothing further.

    Args:
        look: What to draw with; may be changed later through the attribute.
        divided: Whether the panel has a neighbour to its left, and draws the line between.
    """

    def __init__(
        self,
        *,
        look: Look = DEFAULT_LOOK,
        divided: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._look = look
        self._divided = divided
        self._shown: list[Spans] = []
        self._strips: list[Strip] = []

    @property
    def look(self) -> Look:
        """What the panel draws with."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self._shown = []
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what to draw in that many cells; fewer lines leave the rest empty."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Compose anew, and have drawn again what has changed."""
        width, height = self.size
        if not width or not height:
            return
        edge = 1 if self._divided else 0
        lines = list(self.compose_lines(width - edge, height))[:height]
        spans = [self._finished(line, row, width) for row, line in enumerate(lines)]
        spans += [self._finished(Line(self._look), row, width) for row in range(len(lines), height)]
        changed = [row for row in range(height) if spans[row] != self._old(row)]
        self._shown = spans
        if len(self._strips) != height:
            changed = list(range(height))
            self._strips = [Strip.blank(width)] * height
        for row in changed:
            self._strips[row] = to_strip(spans[row], self._look)
        if changed:
            self.refresh(*(Region(0, row, width, 1) for row in changed))

    def render_line(self, y: int) -> Strip:
        """Return a line as it was composed last."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def on_resize(self, _event: Resize) -> None:
        """Compose for the new size."""
        self._shown = []
        self.repaint()

    def _old(self, row: int) -> Spans | None:
        return self._shown[row] if row < len(self._shown) else None

    def _finished(self, line: Line, row: int, width: int) -> Spans:
        if not self._divided:
            return line.crop_to(width).pad_to(width).spans
        glyphs = self._look.glyphs
        edge = glyphs.tee if row == 0 else glyphs.divider
        whole = Line(self._look).add(edge, Ink.RULE).extend(line.crop_to(width - 1))
        return whole.pad_to(width).spans


def rule(look: Look, width: int, parts: Sequence[tuple[int, Line]], *, right: str = "") -> Line:
    """
    Return a panel's first line: a rule with its title and figures written into it.

    Args:
        look: What to draw with.
        width: Cells.
        parts: Title and figures with their ranks, as in `widgets.line.joined`.
        right: What stands at the far end, if there is room.
    """
    dash = look.glyphs.rule
    room = max(0, width - 3)
    line = Line(look).add(f"{dash} ", Ink.RULE)
    kept = [part for part in parts if part[1].width]
    while sum(part.width + 2 for _, part in kept) - 2 > room and any(rank for rank, _ in kept):
        greatest = max(rank for rank, _ in kept)
        del kept[max(index for index, (rank, _) in enumerate(kept) if rank == greatest)]
    for index, (_, part) in enumerate(kept):
        line.add("  " if index else "").extend(part)
    line.crop_to(width - 1).add(" ", Ink.RULE)
    if right and line.width + len(right) + 4 <= width:
        line.pad_to(width - len(right) - 3, dash, Ink.RULE)
        line.add(f" {right} ", Ink.DIM)
    return line.pad_to(width, dash, Ink.RULE)


def title(look: Look, text: str) -> tuple[int, Line]:
    """Return a panel's name as the part of its rule that always stays."""
    return 0, Line(look).add(text, Ink.TITLE)


def figure(
    look: Look, label: str, value: str, *, rank: int, ink: Ink = Ink.VALUE
) -> tuple[int, Line]:
    """Return a labelled number as a part of a rule or a row."""
    return rank, Line(look).add(f"{label} ", Ink.DIM).add(value, ink)


def empty_state(look: Look, text: str) -> Line:
    """Return the one sentence that a panel without numbers shows: what is missing, what to do."""
    return Line(look).add(f" {text}", Ink.DIM)
