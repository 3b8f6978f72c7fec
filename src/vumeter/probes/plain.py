"""What others wrote, made harmless: a statement or an application name is hostile text."""

import re

from vumeter.stats.plaintext import plain

_PASSWORD = re.compile(r"(password\s+)(?:e|u&)?'(?:[^'\\]|''|\\.)*'?", re.IGNORECASE)


def plain_text(text: str, *, limit: int) -> str:
    """
    Return *text* on one line, at most *limit* characters, without control characters.

    Runs of white space become one space, whatever could move a cursor or hide text becomes �,
    and the password of an `ALTER ROLE … PASSWORD '…'` is left out.

    >>> plain_text("SELECT\\n  1 -- \\x1b[31m", limit=120)
    'SELECT 1 -- �[31m'
    """
    line = " ".join(text[: 8 * limit].split())
    # Over a text that was cut, also a literal without its end is hidden.
    line = _PASSWORD.sub(r"\1'***'", line)
    shown = plain(line[:limit])
    return shown if len(line) <= limit else shown[:-1] + "…"
