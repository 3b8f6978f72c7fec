"""What all widgets share: lines are composed once, and only changed ones are drawn again."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from textual.events import Resize, Show
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vumeter.courtesy import give_way
from vumeter.model.frame import Frame
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.line import Line, Part, Spans, fitting, spans_width, to_strip


class Panel(Widget):
    """
    A widget that composes itself as lines of text.

    A subclass keeps what it is shown, calls `repaint` when that changes, and gives its lines
    in `compose_lines`. A line that comes out as it was is not drawn again, and of a changed
    one nothing behind its last change.

    Args:
        look: What to draw with; may be changed later through the attribute.
        divided: Whether the panel has a neighbour to its left, and draws the line between.
    """

    joins_above = False
    """Whether the line to the left neighbour goes on in the panel above."""

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
        self._rendered: tuple[Region, list[Strip]] | None = None

    @property
    def look(self) -> Look:
        """What the panel draws with."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self._shown = []
        self.repaint()

    @property
    def divided(self) -> bool:
        """Whether the panel draws the line to its left neighbour."""
        return self._divided

    @divided.setter
    def divided(self, divided: bool) -> None:
        if divided is not self._divided:
            self._divided = divided
            self.repaint()

    # Textual's metaclass stands in the way of ABC's: it is mypy that refuses a panel without it.
    @abstractmethod
    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what to draw in that many cells; fewer lines leave the rest empty."""

    def repaint(self) -> None:
        """Compose anew, and have drawn again what has changed."""
        width, height = self.size
        if not (width and height and self.display):
            return
        give_way()
        composed = list(self.compose_lines(width - self._divided, height))[:height]
        composed += [Line(self._look) for _ in range(height - len(composed))]
        spans = [self._finished(line, row, width) for row, line in enumerate(composed)]
        if len(self._shown) != height:
            self._shown = [()] * height
            self._strips = [Strip.blank(width)] * height
        give_way()
        regions = []
        for row, (old, new) in enumerate(zip(self._shown, spans, strict=True)):
            if old != new:
                self._strips[row] = to_strip(new, width, self._look)
                regions.append(Region(0, row, changed_width(old, new), 1))
        self._shown = spans
        if regions:
            self.refresh(*regions)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Have Textual draw anew, and know that what it was given before may be stale."""
        self._rendered = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """
        Return the lines in *crop*, made anew only if anything has changed.

        Whatever is to be drawn, Textual asks every panel on the screen for all of its lines. For
        the age in the header, drawn each second, that was half of the work.
        """
        if self._rendered is None or self._rendered[0] != crop:
            give_way()
            self._rendered = crop, super().render_lines(crop)
        return self._rendered[1]

    def render_line(self, y: int) -> Strip:
        """Return a line as it was composed last."""
        if y < len(self._strips):
            return self._strips[y]
        width = self.size.width
        return to_strip(((" " * width, Ink.TEXT),), width, self._look)

    def on_resize(self, _event: Resize) -> None:
        """Compose for the new size."""
        self._shown = []
        self.repaint()

    def on_show(self, _event: Show) -> None:
        """Compose what came while the panel was hidden."""
        self.repaint()

    def _finished(self, line: Line, row: int, width: int) -> Spans:
        if not self._divided:
            return line.crop_to(width).pad_to(width).spans
        glyphs = self._look.glyphs
        corner = glyphs.cross if self.joins_above else glyphs.tee
        edge = corner if row == 0 else glyphs.divider
        whole = Line(self._look).add(edge, Ink.RULE).extend(line.crop_to(width - 1))
        return whole.pad_to(width).spans


class FramePanel(Panel):
    """A panel that shows one frame, and nothing but that frame."""

    _frame: Frame | None = None

    @property
    def frame(self) -> Frame | None:
        """The frame that is shown; `None` before the first."""
        return self._frame

    def show(self, frame: Frame) -> None:
        """Show *frame* instead of what is shown."""
        self._frame = frame
        self.repaint()


def changed_width(old: Spans, new: Spans) -> int:
    """
    Return up to which column *new* differs from *old*, to the end of a piece.

    Textual draws a changed region from the widget's left edge in any case, so only the
    equal pieces at the right end are worth leaving out.
    """
    width = spans_width(new)
    if width != spans_width(old):
        return max(width, spans_width(old))
    for before, after in zip(reversed(old), reversed(new), strict=False):
        if before != after:
            break
        width -= spans_width((after,))
    return width


def rule(look: Look, width: int, parts: Sequence[Part], *, right: str = "") -> Line:
    """
    Return a panel's first line: a rule with its title and figures written into it.

    Args:
        look: What to draw with.
        width: Cells.
        parts: Title and figures.
        right: What stands at the far end, if there is room.
    """
    dash = look.glyphs.rule
    kept = fitting(parts, width - 1, gap=2)
    whole = Line(look).add(f"{dash} ", Ink.RULE)
    for index, (_, part) in enumerate(kept):
        whole.add("  " if index else "").extend(part)
    whole.crop_to(width - 1).add(" ")
    if right and whole.width + len(right) + 4 <= width:
        whole.pad_to(width - len(right) - 3, dash, Ink.RULE)
        whole.add(f" {right} ", Ink.DIM)
    return whole.pad_to(width, dash, Ink.RULE)


def title(look: Look, text: str) -> Part:
    """Return a panel's name as the part of its rule that always stays."""
    return 0, Line(look).add(text, Ink.TITLE)


def pair(look: Look, label: str, value: str, *, ink: Ink = Ink.VALUE) -> Line:
    """Return a number with its label before it."""
    return Line(look).add(f"{label} ", Ink.DIM).add(value, ink)


def sentence(look: Look, text: str, *, ink: Ink = Ink.DIM) -> Line:
    """Return one sentence as a line of a panel's body: what is missing, or what to do."""
    return Line(look).add(f" {text}", ink)
