"""One sentence in the place of the key line: the link is lost, or the run has ended."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel


class NoticeLine(Panel):
    """What has happened, and what can be done about it."""

    words: var[str] = var("", init=False)
    advice: var[str] = var("", init=False)

    def watch_words(self) -> None:
        """Draw the new words."""
        self.repaint()

    def watch_advice(self) -> None:
        """Draw the new advice."""
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        line = Line(self.look).add(f" {self.words} ", Ink.ALARM)
        return [line.add(f"  {self.advice}", Ink.TEXT).crop_to(width)]
