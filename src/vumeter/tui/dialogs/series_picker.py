"""The list of all series, to choose which one stands under the latency chart."""

from collections.abc import Callable, Mapping, Sequence

from textual.events import Key

from vumeter.stats.series import names_of
from vumeter.tui.dialogs.line_editor import LineEditor
from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, rule, sentence, title
from vumeter.tui.widgets.series_chart import series_text

NONE = "(none)"
_MOVES = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10}
_VALUE_WIDTH = 12
_ENTERS = ("enter", "ctrl+j")


class SeriesPicker(Panel):
    """
    The names that contain every word that is typed, with their newest values.

    Args:
        on_close: Called when the list is over, with a choice or without.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._values: Mapping[str, float] = {}
        self._done: Callable[[str], None] = lambda _: None
        self._editor = LineEditor()
        self._selected = 0

    def open(
        self, values: Mapping[str, float], *, chosen: str, done: Callable[[str], None]
    ) -> None:
        """Offer these series; *done* is told the name, empty for none."""
        self._values, self._done = values, done
        self._editor = LineEditor()
        choices = self.choices
        self._selected = choices.index(chosen) if chosen in choices else min(1, len(choices) - 1)
        self.repaint()

    def show(self, values: Mapping[str, float]) -> None:
        """Show newer values; what is selected stays so."""
        before = self.choices
        selected = before[self._selected] if self._selected < len(before) else ""
        self._values = values
        after = self.choices
        self._selected = after.index(selected) if selected in after else 0
        self.repaint()

    @property
    def choices(self) -> list[str]:
        """What can be chosen: to show none, and all that contains what was typed."""
        words = self._editor.text.casefold().split()
        names = names_of(self._values)
        found = [name for name in names if all(word in name.casefold() for word in words)]
        return found if words else [NONE, *found]

    def take(self, event: Key) -> None:
        """Take a key: type, move, choose or leave."""
        choices = self.choices
        if event.key in ("escape", "ctrl+c"):
            self._on_close()
        elif event.key in _ENTERS:
            if choices:
                chosen = choices[min(self._selected, len(choices) - 1)]
                self._on_close()
                self._done("" if chosen == NONE else chosen)
        elif event.key in _MOVES:
            self._selected += _MOVES[event.key]
            self._selected = min(max(self._selected, 0), max(len(choices) - 1, 0))
        elif self._editor.press(event.key):
            self._selected = 0
        elif event.character and event.is_printable:
            self.take_text(event.character)
        self.repaint()

    def take_text(self, text: str) -> None:
        """Take what was typed or pasted."""
        self._editor.insert(text[:80])
        self._selected = 0
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, the line that is typed, and the names around the selected one."""
        look, choices = self.look, self.choices
        right = "enter shows it   esc leaves"
        head = rule(look, width, [title(look, "series under the latency chart")], right=right)
        typed = Line(look).add(" / ", Ink.KEY).add(self._editor.text, Ink.STRONG)
        typed.add(" ", Ink.SELECTED)
        if not self._editor.text:
            typed.add(" type words: cpu   lock   cache rss", Ink.DIM)
        if not choices:
            words = "no series yet: no second is over" if not self._values else "no series has this"
            return [head, typed, sentence(look, words)]
        room = max(1, height - 2)
        start = min(max(0, self._selected - room // 2), max(0, len(choices) - room))
        rows = enumerate(choices[start : start + room], start)
        return [head, typed, *(self._row(name, at == self._selected, width) for at, name in rows)]

    def _row(self, name: str, is_selected: bool, width: int) -> Line:
        look = self.look
        line = Line(look).add(f" {look.glyphs.selected if is_selected else ' '} ", Ink.ACTIVE)
        value = series_text(name, self._values[name]) if name in self._values else ""
        name_width = max(8, min(56, width - line.width - _VALUE_WIDTH - 1))
        line.add_fitted(name, name_width, Ink.STRONG if is_selected else Ink.TEXT)
        return line.add_right(value, _VALUE_WIDTH, Ink.VALUE)
