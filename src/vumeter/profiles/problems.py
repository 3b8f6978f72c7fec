"""What is wrong with a profile, gathered until all of it is known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct

from vumeter.errors import ProfileError
from vumeter.profiles.lines import KeyPath
from vumeter.stats.plaintext import plain

MOST_SHOWN = 20
MOST_KEPT = 1000
"""More are not counted: a file in which everything is wrong is not a profile."""

_LONGEST_VALUE = 60
_HIDDEN = "***"
_NAMES: frozenset[KeyPath] = frozenset(
    {
        ("scenarios",),
        ("personas", "types"),
        ("feeders",),
        ("thresholds",),
        ("prices",),
        ("variables",),
    }
)
"""Tables whose keys are names that the profile gives."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: where, what, and what to do."""

    line: int | None
    key: str
    """As a person writes it: `scenarios.shop.steps[2].path`; empty: the file itself."""
    message: str
    hint: str = ""


class Problems:
    """All that is wrong with one file, in the order of its lines."""

    def __init__(self, file: str, lines: Mapping[KeyPath, int]) -> None:
        self.file = file
        self._lines = lines
        # As a dictionary: a file of a hundred thousand mistakes must not take minutes.
        self._found: dict[Problem, None] = {}
        self._keys: set[str] = set()
        self._secrets: tuple[str, ...] = ()
        self._cut: set[KeyPath] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def hide(self, secrets: Iterable[str]) -> None:
        """Let none of *secrets* be quoted."""
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    @property
    def is_full(self) -> bool:
        """Whether so much is wrong that nobody wants to know more."""
        return len(self._found) >= MOST_KEPT

    def leave_out(self, cut: Iterable[KeyPath]) -> None:
        """Believe nothing more about the tables in which something was *cut* out."""
        for each in cut:
            # A table that lacks a key may be wrong for that; names beside a name are not.
            self._cut |= {each} if each[:-1] in _NAMES else {each, each[:-1]}

    def distrust(self, at: KeyPath) -> None:
        """Believe nothing more about the value *at* this key."""
        self._cut |= {at}

    def is_whole(self, at: KeyPath) -> bool:
        """Return whether nothing was cut out at or below *at*."""
        return not any(each[: len(at)] == at for each in self._cut)

    def add(self, at: KeyPath, message: str, *, hint: str = "") -> None:
        """Note that the value *at* this key is wrong."""
        at = self._written(at)
        if at in self._cut or at[:-1] in self._cut or self.is_full:
            return
        problem = Problem(line=self._line(at), key=key_text(at), message=message, hint=hint)
        self._found[problem] = None
        self._keys.add(problem.key)

    def place(self, at: KeyPath) -> str:
        """Return where the value *at* this key is written: "file:line"."""
        line = self._line(self._written(at))
        return self.file if line is None else f"{self.file}:{line}"

    def has(self, at: KeyPath) -> bool:
        """Return whether something is known to be wrong at exactly this key."""
        return key_text(self._written(at)) in self._keys

    def error(self) -> ProfileError:
        """Return everything that was found as one error."""
        found = sorted(self._found, key=lambda problem: problem.line or 0)
        least = "at least " if self.is_full else ""
        count = f"{least}{len(found)} problems" if len(found) > 1 else "one problem"
        texts = [f"{self.file} has {count}; nothing was sent."]
        texts += [self._text(problem) for problem in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            texts.append(f"… and {least}{len(found) - MOST_SHOWN} more.")
        return ProfileError("\n".join(texts))

    def _text(self, problem: Problem) -> str:
        line = f":{problem.line}" if problem.line is not None else ""
        key = f" {problem.key}:" if problem.key else ""
        hint = f"\n  {problem.hint}" if problem.hint else ""
        text = f"{key} {problem.message}{hint}"
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return f"{self.file}{line}:" + "\n".join(map(plain, text.split("\n")))

    def _written(self, at: KeyPath) -> KeyPath:
        """Return *at* without indices into lists that were not written as lists."""
        kept: list[str | int] = []
        for place, key in enumerate(at):
            if isinstance(key, str) or at[: place + 1] in self._lines:
                kept.append(key)
        return tuple(kept)

    def _line(self, at: KeyPath) -> int | None:
        """Return the line of the key *at*, or of the nearest table around it."""
        for length in range(len(at), 0, -1):
            if at[:length] in self._lines:
                return self._lines[at[:length]]
        return None


def key_text(at: KeyPath) -> str:
    """
    Return a key path as a person writes it.

    >>> key_text(("scenarios", "shop", "steps", 2, "a b"))
    'scenarios.shop.steps[2]."a b"'
    """
    text = ""
    for key in at:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            shown = key if _BARE.fullmatch(key) else '"' + key.replace('"', '\\"') + '"'
            text += f".{shown}" if text else shown
    return text


def quoted(value: object) -> str:
    """
    Return *value* as a message quotes it, cut when it is long.

    >>> quoted("fast"), quoted(True), quoted(40)
    ('"fast"', 'true', '40')
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            shown = value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"
            return f'"{shown}"'
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return str(value)[:_LONGEST_VALUE]


def suggestion(wrong: str, known: Sequence[str]) -> str:
    """
    Return "Did you mean …?" for the nearest of *known*; nothing when none is near.

    >>> suggestion("rampup", ["ramp_up", "rate"])
    'Did you mean "ramp_up"?'
    """
    by_small_letters = {each.lower().replace("_", ""): each for each in known}
    near = get_close_matches(wrong.lower().replace("_", ""), list(by_small_letters), n=1)
    return f'Did you mean "{by_small_letters[near[0]]}"?' if near else ""
