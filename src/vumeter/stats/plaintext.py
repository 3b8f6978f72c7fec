"""
Text from outside, made safe to print: it may say anything, and do nothing to a terminal.

What a target, a database or an operator wrote can hold escape sequences, line breaks or
characters that turn the direction of writing. Whoever prints such text sends it through
`plain` first, and through `fitted` where columns have to line up.
"""

from unicodedata import category, combining, east_asian_width

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"


def plain(text: str) -> str:
    r"""
    Return *text* in one line, with a sign in place of each character that is not for reading.

    That is every control (C0, DEL, C1), format character (bidirectional overrides, zero
    widths), lone surrogate, private or unassigned code point. White space becomes a space.

    >>> plain("a\tb\x1b[31mc")
    'a b�[31mc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character.isspace():
        return " "
    return REPLACEMENT if category(character).startswith("C") else character


def cells(text: str) -> int:
    """Return how many columns *text*, which is plain, takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if combining(character) or category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def fitted(text: str, width: int) -> str:
    """
    Return *text* made plain, cut or filled up to *width* columns; a cut ends in "…".

    >>> fitted("checkout", 5), fitted("pay", 5)
    ('chec…', 'pay  ')
    """
    readable = plain(text)
    if cells(readable) > width:
        readable = _cut(readable, width - 1) + ELLIPSIS
    return readable + " " * (width - cells(readable))


def _cut(text: str, width: int) -> str:
    taken = 0
    for position, character in enumerate(text):
        taken += _cells_of(character)
        if taken > width:
            return text[:position]
    return text
