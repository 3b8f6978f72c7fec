"""
The same picture in fewer bytes: colours and attributes are only sent where they change.

Textual writes each piece of text with all of its style and a reset behind it. On our screens
nearly everything stands on one ground, so most of that says what the terminal knows already.
Measured at 80×24 with every number changing each second: 4.1 kB/s before, 2.6 after.
"""

import re

_ESCAPE = re.compile(r"\x1b\[([\d;]*)m|(\x1b\[\d*(?:;\d*)?H|[\r\n]+)|(\x1b[^\x1b]?)")
"""Styles; what only moves the cursor; and the beginning of any other sequence."""

_Style = dict[str, str]
"""What is switched on: "fg" and "bg" with their parameters, attributes with their own number."""

_EXTENDED = {"38": "fg", "48": "bg"}
_LENGTHS = {"2": 5, "5": 3}


def thinned(data: str) -> str:
    """
    Return *data* without the styles that the terminal has anyway.

    It begins and ends with none, as everything does that Textual writes. Sequences that are
    not about style pass as they are, after the style that they would have met.

    >>> thinned("\\x1b[1;31mA\\x1b[0m\\x1b[1;31mB\\x1b[0m")
    '\\x1b[1;31mAB\\x1b[0m'
    """
    if "\x1b[" not in data:
        return data
    out: list[str] = []
    actual: _Style = {}
    wanted: _Style = {}
    at = 0
    for match in _ESCAPE.finditer(data):
        if at < match.start():
            out += _change(actual, wanted), data[at : match.start()]
            actual = wanted
        at = match.end()
        parameters, move, _ = match.groups()
        if parameters is not None:
            styled = _styled(wanted, parameters)
            if styled is None:
                return data
            wanted = styled
        elif move is not None:
            out.append(move)
        else:
            out += _change(actual, wanted), match[0]
            actual = wanted
    out += _change(actual, wanted), data[at:]
    return "".join(out)


def _change(actual: _Style, wanted: _Style) -> str:
    """Return what leads from one style to another."""
    if actual == wanted:
        return ""
    if not wanted:
        return "\x1b[0m"
    off = dict.fromkeys(_OFF[name] for name in actual if name not in wanted)
    # What switches off bold switches off dim, too, so all that stays on behind it is said again.
    on = [value for name, value in wanted.items() if actual.get(name) != value or _OFF[name] in off]
    return f"\x1b[{';'.join([*off, *on])}m"


def _styled(style: _Style, parameters: str) -> _Style | None:
    """Return *style* after a sequence with those parameters; `None`: it is not understood."""
    new = dict(style)
    rest = parameters.split(";") if parameters else ["0"]
    while rest:
        code = rest[0]
        length = 1
        if code == "0":
            new.clear()
        elif code in _EXTENDED:
            length = _LENGTHS.get(rest[1] if len(rest) > 1 else "", len(rest) + 1)
            if length > len(rest):
                return None
            new[_EXTENDED[code]] = ";".join(rest[:length])
        elif (name := _PLAIN.get(code)) is not None:
            new[name] = code
        else:
            return None
        rest = rest[length:]
    return new


_PLAIN = {
    **{str(code): str(code) for code in (1, 2, 3, 4, 7, 9)},
    **{str(code): "fg" for code in (*range(30, 38), 39, *range(90, 98))},
    **{str(code): "bg" for code in (*range(40, 48), 49, *range(100, 108))},
}

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29", "fg": "39", "bg": "49"}
