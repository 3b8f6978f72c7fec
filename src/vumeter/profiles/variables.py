"""`${NAME}` and `${NAME:-default}` in a document, replaced before anything else looks at it."""

import re
from collections.abc import Callable, Mapping

from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, suggestion
from vumeter.profiles.reading import Document

LONGEST_TEXT = 1024 * 1024

_REFERENCE = re.compile(r"\$(\$\{)|\$\{((?:[^}$]|\$(?!\{))*)\}")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class _Unresolved(Exception):  # noqa: N818 - becomes a problem at once
    def __init__(self, message: str, *, hint: str, within: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.within = within
        self.is_circular = message.startswith("circular")


class Variables:
    """
    What a profile's references stand for: given by `-e`, else under [variables], else by
    the environment.
    """

    def __init__(
        self,
        *,
        given: Mapping[str, str],
        written: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> None:
        self._given = given
        self._written = written
        self._environment = environment
        # Each is worked out once: references to references would double with every level.
        self._replaced: dict[str, str] = {}

    def overrides(self, name: str) -> bool:
        """Return whether *name* was given from outside, whatever the profile says."""
        return name in self._given

    @property
    def names(self) -> list[str]:
        """Those that the profile or `-e` has; the environment's are too many to suggest."""
        return [*self._given, *self._written]

    def quiet_value(self, name: str) -> str | None:
        """Return what *name* stands for; `None` too when that is a problem of its own."""
        try:
            return self.value(name)
        except _Unresolved:
            return None

    def value(self, name: str, *, within: tuple[str, ...] = ()) -> str | None:
        """Return what *name* stands for; `None` when nothing gives it."""
        if name in self._given:
            return self._given[name]
        if name in self._written:
            if name in within:
                raise _Unresolved(
                    "circular: " + " → ".join(f"${{{each}}}" for each in (*within, name)) + ".",
                    hint="One of these has to be a value. What comes from the environment needs"
                    " another name here.",
                    within=within,
                )
            if name not in self._replaced:
                self._replaced[name] = self.replaced(self._written[name], within=(*within, name))
            return self._replaced[name]
        return self._environment.get(name)

    def replaced(self, text: str, *, within: tuple[str, ...] = ()) -> str:
        """Return *text* with its references replaced; `$${` stands for `${`."""

        room = LONGEST_TEXT - len(text)

        def replacement(match: re.Match[str]) -> str:
            nonlocal room
            value = match[1] or resolved(match)
            room -= len(value)
            if room < 0:
                raise _Unresolved(
                    "its references make it longer than 1 MiB.",
                    hint="Large bodies belong in a body_file.",
                    within=within,
                )
            return value

        def resolved(match: re.Match[str]) -> str:
            named = _NAMED.fullmatch(match[2])
            if named is None:
                raise _Unresolved(
                    f'"{match[0]}" is not a reference.',
                    hint="Write ${NAME} or ${NAME:-default}, and $${ for the two characters"
                    " themselves.",
                    within=within,
                )
            value = self.value(named[1], within=within)
            if value is not None:
                return value
            if named[2] is None:
                raise self._missing(named[1], within=within)
            return named[2]

        return _REFERENCE.sub(replacement, text)

    def _missing(self, name: str, *, within: tuple[str, ...]) -> _Unresolved:
        near = suggestion(name, self.names)
        ways = (
            f"Give it by -e {name}=…, under [variables], in the environment, or with a default:"
            f" ${{{name}:-…}}."
        )
        return _Unresolved(f"${{{name}}} is not set.", hint=f"{near} {ways}".strip(), within=within)


def replaced(document: Document, variables: Variables, problems: Problems) -> Document:
    """Return *document* with the references in all of its strings replaced."""
    changed = _changed(document, (), lambda text, at: _resolved(text, at, variables, problems))
    assert isinstance(changed, dict), "a table stays a table"
    return changed


def _resolved(text: str, at: KeyPath, variables: Variables, problems: Problems) -> str:
    is_variable = at[:1] == ("variables",) and len(at) == 2
    if "${" not in text or (is_variable and variables.overrides(str(at[1]))):
        return text
    within = (str(at[1]),) if is_variable else ()
    try:
        return variables.replaced(text, within=within)
    except _Unresolved as missing:
        # What is wrong within a variable is said where that variable is written, once.
        if missing.within == within or (is_variable and missing.is_circular):
            problems.add(at, missing.message, hint=missing.hint)
        problems.distrust(at)
        return text


def _changed(value: object, at: KeyPath, change: Callable[[str, KeyPath], str]) -> object:
    match value:
        case str():
            return change(value, at)
        case dict():
            return {key: _changed(each, (*at, key), change) for key, each in value.items()}
        case list():
            return [_changed(each, (*at, index), change) for index, each in enumerate(value)]
        case _:
            return value
