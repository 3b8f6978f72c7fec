"""A line of text under the operator's fingers. Pure: keys in, text and cursor out."""

from msgspec import Struct


class LineEditor(Struct, kw_only=True):
    """Text, cursor, and the lines entered before, which up and down bring back."""

    text: str = ""
    cursor: int = 0
    past: list[str] = []
    """Oldest first. The list is the caller's, and may outlive the editor."""
    _recalled: int = 0
    """How many lines back; 0: the line that is being written."""
    _draft: str = ""

    def press(self, key: str) -> bool:
        """Obey a key that edits; return whether it was one."""
        edit = _EDITS.get(key)
        if edit is None:
            return False
        edit(self)
        return True

    def insert(self, text: str) -> None:
        """Put *text* where the cursor is; a pasted line break counts as a blank."""
        shown = "".join(
            " " if mark in "\r\n\t" else mark
            for mark in text
            if mark.isprintable() or mark in "\r\n\t"
        )
        self.text = self.text[: self.cursor] + shown + self.text[self.cursor :]
        self.cursor += len(shown)

    def replace(self, text: str) -> None:
        """Write *text* instead, the cursor behind it."""
        self.text, self.cursor = text, len(text)

    def remember(self) -> None:
        """Add the line to those entered before, once."""
        if self.text.strip() and (not self.past or self.past[-1] != self.text):
            self.past.append(self.text)

    def _backspace(self) -> None:
        if self.cursor:
            self.text = self.text[: self.cursor - 1] + self.text[self.cursor :]
            self.cursor -= 1

    def _delete(self) -> None:
        self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]

    def _left(self) -> None:
        self.cursor = max(0, self.cursor - 1)

    def _right(self) -> None:
        self.cursor = min(len(self.text), self.cursor + 1)

    def _home(self) -> None:
        self.cursor = 0

    def _end(self) -> None:
        self.cursor = len(self.text)

    def _cut_before(self) -> None:
        self.text, self.cursor = self.text[self.cursor :], 0

    def _cut_word(self) -> None:
        before = self.text[: self.cursor].rstrip()
        kept = before[: before.rfind(" ") + 1]
        self.text, self.cursor = kept + self.text[self.cursor :], len(kept)

    def _older(self) -> None:
        self._recall(self._recalled + 1)

    def _newer(self) -> None:
        self._recall(self._recalled - 1)

    def _recall(self, back: int) -> None:
        if not 0 <= back <= len(self.past):
            return
        if self._recalled == 0:
            self._draft = self.text
        self._recalled = back
        self.replace(self.past[-back] if back else self._draft)


_EDITS = {
    "backspace": LineEditor._backspace,
    "ctrl+h": LineEditor._backspace,
    "delete": LineEditor._delete,
    "left": LineEditor._left,
    "right": LineEditor._right,
    "home": LineEditor._home,
    "ctrl+a": LineEditor._home,
    "end": LineEditor._end,
    "ctrl+e": LineEditor._end,
    "ctrl+u": LineEditor._cut_before,
    "ctrl+w": LineEditor._cut_word,
    "up": LineEditor._older,
    "down": LineEditor._newer,
}
