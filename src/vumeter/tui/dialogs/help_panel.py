"""Every key in one panel, under the first rows, which go on showing the run."""

from collections.abc import Callable, Mapping, Sequence

from textual.events import Key as KeyEvent

from vumeter.tui.keys import KEYS, HelpRow, Key, help_rows
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, rule, title

_CAPS_WIDTH = 5
_TWO_COLUMNS_FROM = 78
_WIDE = 100
_EXAMPLES = "vu 150   rps 450 over 30s   +10%   -20   rps off   skip   extend 30s   plan"
_SCROLLS = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "space": 10, "pageup": -10}


class HelpPanel(Panel):
    """
    The keys in their groups. Any key closes it and does nothing else; where there is more than
    fits, arrows scroll.

    Args:
        keys: What there are.
        on_close: Called when the help is over.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        *,
        on_close: Callable[[], None],
        id: str,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._keys = keys
        self._on_close = on_close
        self._keymap: Mapping[str, str] = {}
        self._top = self._lowest_top = 0

    def show(self, keymap: Mapping[str, str]) -> None:
        """Show the keys as *keymap*, the user's own, changes them."""
        self._keymap, self._top = keymap, 0
        self.repaint()

    def take(self, event: KeyEvent) -> None:
        """Scroll, or close."""
        if self._lowest_top and event.key in _SCROLLS:
            self._top = max(0, self._top + _SCROLLS[event.key])
            self.repaint()
        else:
            self._on_close()

    def take_text(self, _text: str) -> None:
        """Close: nothing is pasted into a list of keys."""
        self._on_close()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the lines in view."""
        lines = help_lines(self._keymap, self._keys, width=width, look=self.look)
        self._lowest_top = max(0, len(lines) - height + 1)
        self._top = min(self._top, self._lowest_top)
        hidden = len(lines) - self._top - (height - 1)
        right = f"{hidden} more: arrow down" if hidden > 0 else "any key closes"
        head = rule(self.look, width, [title(self.look, "keys")], right=right)
        return [head, *lines[self._top :]]


def help_lines(
    keymap: Mapping[str, str], keys: Sequence[Key] = KEYS, *, width: int, look: Look
) -> list[Line]:
    """Return every group, in two columns where there is room for them."""
    groups = [
        [_heading(group.value, look), *(_row(row, look) for row in rows)]
        for group, rows in help_rows(keymap, keys)
    ]
    steers = any(key.action == "prompt" for key in keys)
    examples = Line(look).add("  :    ", Ink.KEY).add(f" {_EXAMPLES}", Ink.TEXT).crop_to(width)
    if width < _TWO_COLUMNS_FROM:
        return [
            *(line.crop_to(width) for group in groups for line in group),
            *([examples] if steers else []),
        ]
    left, right = _halves(groups)
    half = max(line.width for line in left) + (2 if width < _WIDE else 8)
    rows = [
        _at(left, row, look).pad_to(half).extend(_at(right, row, look)).crop_to(width)
        for row in range(max(len(left), len(right)))
    ]
    return [*rows, Line(look), examples] if steers else rows


def _halves(groups: Sequence[list[Line]]) -> tuple[list[Line], list[Line]]:
    """Return the groups in two columns of about one height, none torn apart."""
    total = sum(len(group) for group in groups)
    left: list[Line] = []
    right: list[Line] = []
    for group in groups:
        column = left if not right and len(left) + len(group) <= (total + 1) // 2 + 1 else right
        column.extend(group)
    return left, right


def _at(lines: Sequence[Line], row: int, look: Look) -> Line:
    return lines[row] if row < len(lines) else Line(look)


def _heading(text: str, look: Look) -> Line:
    return Line(look).add(f" {text}", Ink.TITLE)


def _row(row: HelpRow, look: Look) -> Line:
    caps = Line(look).add(f"  {row.caps}", Ink.KEY).pad_to(_CAPS_WIDTH + 2)
    return caps.add(" ").add(row.text, Ink.TEXT)
