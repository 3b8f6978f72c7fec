"""The list of moments that were kept whole, to open one of them."""

from collections.abc import Callable, Sequence

from textual.events import Key

from vumeter.model.spike import SpikeHead
from vumeter.tui.format import clock_text
from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, rule, sentence, title

_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10}
_ENTERS = ("enter", "ctrl+j")


class SpikeList(Panel):
    """
    The newest first; enter opens one.

    Args:
        on_close: Called when the list is over, with a choice or without.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._heads: Sequence[SpikeHead] = ()
        self._choose: Callable[[int], None] = lambda _: None
        self._selected = 0

    def open(self, heads: Sequence[SpikeHead], *, choose: Callable[[int], None]) -> None:
        """Offer these, oldest first; *choose* is told the id of one."""
        self._heads, self._choose, self._selected = heads[::-1], choose, 0
        self.repaint()

    def take(self, event: Key) -> None:
        """Take a key: move, open or leave."""
        if event.key in _MOVES:
            self._selected += _MOVES[event.key]
            self._selected = min(max(self._selected, 0), max(len(self._heads) - 1, 0))
            self.repaint()
            return
        self._on_close()
        if event.key in _ENTERS and self._heads:
            self._choose(self._heads[self._selected].id)

    def take_text(self, _text: str) -> None:
        """Close: nothing is pasted here."""
        self._on_close()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the moments around the selected one."""
        head = rule(self.look, width, [title(self.look, "snapshots")], right="enter opens   esc")
        if not self._heads:
            return [head, sentence(self.look, "none yet: x takes one, as does whatever fires")]
        room = max(1, height - 1)
        start = min(max(0, self._selected - room // 2), max(0, len(self._heads) - room))
        shown = enumerate(self._heads[start : start + room], start)
        return [head, *(self._row(each, at == self._selected, width) for at, each in shown)]

    def _row(self, head: SpikeHead, is_selected: bool, width: int) -> Line:
        look = self.look
        line = Line(look).add(f" {look.glyphs.selected if is_selected else ' '} ", Ink.ACTIVE)
        line.add_right(str(head.id), 3, Ink.DIM).add(f"  {clock_text(head.second)}  ", Ink.VALUE)
        line.add(head.reason, Ink.STRONG if is_selected else Ink.TEXT)
        return line.add(f"  {head.author}", Ink.TITLE).crop_to(width)
