"""
On which line each key of a TOML document stands.

The parsers of TOML in common use do not say. This scanner assumes what the parser has
accepted: it recognises keys, strings and brackets, and looks at nothing else.
"""

import re
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the top of a document: `("scenarios", "shop", "steps", 0)`."""

DEEPEST = 64

_BLANK = re.compile(r"(?:[\s,]+|#[^\n]*)+")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(
    r"""(?P<bare>[A-Za-z0-9_-]+)|"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<literal>[^'\n]*)'"""
)
_VALUE = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,\[\]{}#]+''',
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class TooDeep(Exception):  # noqa: N818 - an answer to whoever scans, never shown by itself
    """A key or a value lies deeper than `DEEPEST`."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def line_index(text: str) -> dict[KeyPath, int]:
    """
    Return the line, counted from 1, of every key and list item in *text*.

    What is not TOML ends the scan: the index has the lines up to there.

    Raises:
        TooDeep: A key lies deeper than `DEEPEST`.

    >>> line_index('a = 1\\n[b]\\nc.d = [\\n  { e = 2 },\\n]')[("b", "c", "d", 0, "e")]
    4
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Lost(Exception):  # noqa: N818 - the parser says it better
    """This is not TOML."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._last_items: dict[KeyPath, int] = {}
        """Arrays of tables, and the index of the table that was opened last."""

    def document(self) -> None:
        table: KeyPath = ()
        try:
            self._skip(_BLANK)
            while self._at < len(self._text):
                if self._text[self._at] == "[":
                    table = self._header()
                else:
                    self._pair(table)
                self._skip(_BLANK)
        except _Lost:
            return

    def _header(self) -> KeyPath:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        start = self._at
        self._at += brackets
        keys = self._keys(room=DEEPEST)
        self._expect("]" * brackets)
        path: KeyPath = ()
        for number, key in enumerate(keys, start=1):
            path = (*path, key)
            self._note(path, start)
            opens_item = brackets == 2 and number == len(keys)
            if path in self._last_items and not opens_item:
                path = (*path, self._last_items[path])
        if brackets == 2:
            self._last_items[path] = self._last_items.get(path, -1) + 1
            path = (*path, self._last_items[path])
            self._note(path, start)
        return path

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        path = table
        for key in self._keys(room=DEEPEST - len(table)):
            path = (*path, key)
            self._note(path, start)
        self._expect("=")
        self._value(path)

    def _keys(self, *, room: int) -> list[str]:
        keys = [self._key()]
        while self._text.startswith(".", self._at):
            self._at += 1
            keys.append(self._key())
            if len(keys) > room:
                raise TooDeep(self._line(self._at))
        return keys

    def _key(self) -> str:
        self._skip(_SPACE)
        match = _KEY.match(self._text, self._at)
        if match is None:
            raise _Lost
        self._at = match.end()
        self._skip(_SPACE)
        if match["basic"] is not None:
            return _ESCAPE.sub(_unescaped, match["basic"])
        return match["bare"] or match["literal"] or ""

    def _value(self, path: KeyPath) -> None:
        if len(path) > DEEPEST:
            raise TooDeep(self._line(self._at))
        self._skip(_SPACE)
        match self._text[self._at : self._at + 1]:
            case "[":
                self._items(path)
            case "{":
                self._pairs(path)
            case _:
                if not self._skip(_VALUE):
                    raise _Lost
                # A date may have a space before its time; nothing else goes on like this.
                self._skip(_SPACE)
                if self._text[self._at : self._at + 1].isdecimal():
                    self._skip(_VALUE)

    def _items(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while not self._closes("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1

    def _pairs(self, path: KeyPath) -> None:
        self._at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        self._skip(_BLANK)
        if self._at >= len(self._text):
            raise _Lost
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise _Lost
        self._at += len(mark)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        if match is None:
            return False
        self._at = match.end()
        return True

    def _note(self, path: KeyPath, at: int) -> None:
        self.lines.setdefault(path, self._line(at))

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at)


def _unescaped(match: re.Match[str]) -> str:
    mark = match[1]
    return chr(int(mark[1:], 16)) if mark[0] in "uU" else _ESCAPED.get(mark, mark)
