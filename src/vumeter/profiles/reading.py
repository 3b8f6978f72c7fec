"""From a file to a TOML document, refusing early what cannot be a profile."""

import re
import tomllib
from pathlib import Path

from vumeter.errors import ProfileError
from vumeter.profiles.lines import DEEPEST, KeyPath, TooDeep, line_index

LARGEST_BYTES = 1024 * 1024

Document = dict[str, object]

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read(path: Path) -> tuple[Document, dict[KeyPath, int]]:
    """
    Return the document in the file at *path*, and the line of each of its keys.

    Raises:
        ProfileError: It cannot be read, is too large or too deep, or is not TOML.
    """
    text = _text(path)
    try:
        # First the scan, which is linear: a parser meets a bomb with a full stack, or never
        # comes back from a key of a hundred thousand parts.
        lines = line_index(text)
        return tomllib.loads(text), lines
    except (TooDeep, RecursionError) as error:
        line = f":{error.line}" if isinstance(error, TooDeep) else ""
        raise ProfileError(
            f"{path}{line}: nested deeper than {DEEPEST} levels.",
            hint="A profile needs fewer than ten. Is this the right file?",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, text, str(error)) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise ProfileError(
            f'There is no profile "{path}".',
            hint="Is the path spelled right, from the folder that you are in?",
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ProfileError(f"{path} cannot be read: {reason}.") from None
    if len(content) > LARGEST_BYTES:
        raise ProfileError(
            f"{path} is larger than 1 MiB, the most that a profile may be.",
            hint="Rows of data belong in a feeder's file, and large bodies in a body_file.",
        )
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProfileError(
            f"{path}:{line}: not UTF-8 text: byte 0x{content[error.start]:02x}"
            f" at offset {error.start}.",
            hint="A profile is a TOML file, which is text. Is this the right file?",
        ) from None


def _not_toml(path: Path, text: str, complaint: str) -> ProfileError:
    place = _PLACE.search(complaint)
    what = _PLACE.sub("", complaint)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    column = f", column {place[2]}" if place and place[2] else ""
    written = text.split("\n")[line - 1].strip() if line <= text.count("\n") + 1 else ""
    shown = f" in `{written[:60]}`" if written and written.isprintable() else ""
    return ProfileError(
        f"{path}:{line}: not TOML: {what[:1].lower()}{what[1:]}{column}{shown}.",
        hint="Strings stand in quotes, tables in [brackets], and every value after its key and =.",
    )
