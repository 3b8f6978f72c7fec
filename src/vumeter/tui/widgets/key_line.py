"""The last row: what the keys do."""

from collections.abc import Sequence

from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import Panel

KeyHint = tuple[str, str]
"""A key as it is written on the keyboard, and what it does in a word or two."""


class KeyLine(Panel):
    """Hints for keys, the most important first; what does not fit is left to `?`."""

    _hints: tuple[KeyHint, ...] = ()

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show these keys, the most important first."""
        self._hints = tuple(hints)
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        parts = [
            (rank, Line(self.look).add(key, Ink.KEY).add(f" {text}", Ink.DIM))
            for rank, (key, text) in enumerate(self._hints)
        ]
        return [Line(self.look).add(" ").extend(joined(parts, width - 1, self.look))]
