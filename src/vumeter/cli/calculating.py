"""What the calculators share: shares and money as flags, and the three ways to write an answer."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from vumeter.errors import UsageError

if TYPE_CHECKING:
    from msgspec import Struct

    from vumeter.report.tables import Table

ValueT = TypeVar("ValueT")
_PERCENTAGE = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")


class Form(StrEnum):
    """How it is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def percent(text: str, flag: str) -> float:
    """
    Return the ratio in *text*, the value of *flag*.

    Raises:
        UsageError: It is no percentage.

    >>> percent("2.5%", "--conversion")
    0.025
    """
    match = _PERCENTAGE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f'{flag}: "{text}" is no percentage.', hint='Write for example "2.5%".')
    return float(match[1]) / 100


def share(text: str, flag: str) -> float:
    """
    Return the same, of which there is at least nothing and at most all.

    Raises:
        UsageError: It is no share.
    """
    found = percent(text, flag)
    if not 0 <= found <= 1:
        raise UsageError(f"{flag} {text}: a share is between 0 % and 100 %.")
    return found


def named(read: Callable[[str], ValueT], text: str, flag: str) -> ValueT:
    """
    Return what *read* makes of *text*.

    Raises:
        UsageError: It cannot; *flag* is named.
    """
    try:
        return read(text)
    except UsageError as error:
        raise UsageError(f"{flag}: {error.message}", hint=error.hint) from None


def require(flags: Mapping[str, object], what: str) -> None:
    """
    Return where each of *flags* has a value.

    Raises:
        UsageError: Some have none; *what* is not worked out from guesses.
    """
    missing = [flag for flag, value in flags.items() if value is None]
    if missing:
        raise UsageError(
            f"{what} is not worked out from guesses: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing."
        )


def write(
    answer: "Struct", form: Form, *, title: str, tables: "Iterable[Table]", remarks: Iterable[str]
) -> None:
    """Write *answer* to standard output: as it is, or as the *tables* that are made of it."""
    from vumeter.report import table_text

    if form is Form.JSON:
        import msgspec

        content = msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n"
    elif form is Form.MARKDOWN:
        content = table_text.markdown(title, tables, remarks)
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        content = table_text.text(title, tables, remarks, colour=colour)
    sys.stdout.buffer.write(content.encode())
