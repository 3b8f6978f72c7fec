"""What stands between `{{` and `}}`: a tiny grammar, compiled once, in which nothing is code."""

import difflib
import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Protocol

from vumeter.client.render import Number
from vumeter.clock import unix_ms
from vumeter.errors import UsageError
from vumeter.model.plan import Feeder

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLUMN = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\.(.+)", re.DOTALL)
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\((.*)\)", re.DOTALL)
_ARGUMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,"'()]*?))\s*(,|$)""", re.DOTALL)
_LARGEST = 2**53
"""Up to here a float holds every whole number, so that each of a range can be drawn."""

_FIRST_NAMES = (
    *("Ada", "Amir", "Aiko", "Anton", "Bela", "Carla", "Chidi", "Dana", "Elif", "Emil", "Fatou"),
    *("Goran", "Hana", "Ivo", "Jonas", "Kaya", "Lena", "Luis", "Mira", "Noor", "Olga", "Pavel"),
    *("Rania", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Yusuf", "Zoe"),
)
_LAST_NAMES = (
    *("Adler", "Bauer", "Costa", "Diallo", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito"),
    *("Jansen", "Kowalski", "Lindgren", "Moreau", "Novak", "Okafor", "Petrov", "Quinn", "Rossi"),
    *("Sato", "Tanaka", "Usman", "Varga", "Weber", "Yilmaz", "Zhang"),
)


class Scope(Protocol):
    """What an expression can see: the VU that it is worked out for."""

    variables: dict[str, str]
    rows: dict[str, tuple[str, ...]]
    """Of each feeder, the row of the iteration in progress."""
    number: int
    place: int
    """Among the VUs that there are, from 0: no other has the same for as long as it lives."""

    @property
    def iteration(self) -> int:
        """Its present one, from 0."""

    @property
    def rng(self) -> random.Random:
        """The VU's own chance, seeded with its number, so that a run can be repeated."""


Value = Callable[[Scope], str]


BUILT_IN: dict[str, Value] = {
    "vu": Number(attrgetter("number")),
    "iteration": Number(attrgetter("iteration")),
}
"""Names that are no variables: the VU's number from 1, and its iteration's from 0."""


class Expressions:
    """Compiles the expressions of one request, and remembers what they look at."""

    def __init__(self, feeders: Mapping[str, Feeder]) -> None:
        self._feeders = feeders
        self.variables: set[str] = set()
        self.feeders: set[str] = set()
        self.counts_iterations = False
        """Whether one of them differs from iteration to iteration by its number."""

    def compiled(self, text: str) -> Value:
        """
        Return what works out the expression *text*.

        Raises:
            UsageError: It is none, or asks for what there is not.
        """
        text = text.strip()
        if text in BUILT_IN:
            self.counts_iterations |= text == "iteration"
            return BUILT_IN[text]
        if _NAME.fullmatch(text):
            self.variables.add(text)
            return lambda scope: scope.variables.get(text, "")
        if call := _CALL.fullmatch(text):
            return _generated(call[1], call[2])
        if column := _COLUMN.fullmatch(text):
            return self._column(column[1], column[2].strip())
        raise UsageError(
            f'"{text}" is not an expression.',
            hint="Write a variable, a feeder's column (users.email), or a call: randint(1, 100).",
        )

    def _column(self, name: str, column: str) -> Value:
        feeder = self._feeders.get(name)
        if feeder is None:
            raise UsageError(f'There is no feeder "{name}".', hint=_meant(name, self._feeders))
        if column not in feeder.columns:
            raise UsageError(
                f'Feeder "{name}" has no column "{column}".', hint=_meant(column, feeder.columns)
            )
        self.feeders.add(name)
        index = feeder.columns.index(column)
        return lambda scope: scope.rows[name][index]


def _arguments(text: str) -> list[str]:
    if not text.strip():
        return []
    found, place = [], 0
    while match := _ARGUMENT.match(text, place):
        found.append(match[1] or match[2] or match[3] or "")
        place = match.end()
        if not match[4]:
            return found
    raise UsageError(
        f'"({text})" are no arguments.', hint='Put what has commas or quotes into quotes: "a, b".'
    )


def _generated(name: str, arguments: str) -> Value:
    make = GENERATORS.get(name)
    if make is None:
        raise UsageError(f'There is no function "{name}".', hint=_meant(name, GENERATORS))
    return make(_arguments(arguments))


def _none_for(name: str, arguments: Sequence[str]) -> None:
    if arguments:
        raise UsageError(f"{name}() takes no arguments.")


def _uuid(arguments: Sequence[str]) -> Value:
    _none_for("uuid", arguments)

    def value(scope: Scope) -> str:
        # Version 4, variant 1 (RFC 9562), from the VU's own chance.
        digits = f"{scope.rng.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    return value


def _traceparent(arguments: Sequence[str]) -> Value:
    """Return what W3C's Trace Context calls so, sampled; never twice, also not in another run."""
    _none_for("traceparent", arguments)

    def value(_: Scope) -> str:
        digits = os.urandom(24).hex()
        return f"00-{digits[:32]}-{digits[32:]}-01"

    return value


def _randint(arguments: Sequence[str]) -> Value:
    try:
        low, high = map(int, arguments)
    except ValueError:
        raise UsageError(
            "randint takes two whole numbers.", hint='Write for example "randint(1, 100)".'
        ) from None
    if low > high or high - low >= _LARGEST:
        raise UsageError(f"randint({low}, {high}) is a range that cannot be drawn from.")
    span = high - low + 1
    return Number(lambda scope: low + int(scope.rng.random() * span))


def _choice(arguments: Sequence[str]) -> Value:
    if not arguments:
        raise UsageError("choice takes what to choose from.", hint='Write "choice(a, b, c)".')
    choices = tuple(arguments)
    number = len(choices)
    return lambda scope: choices[int(scope.rng.random() * number)]


def _name(arguments: Sequence[str]) -> Value:
    _none_for("name", arguments)

    def value(scope: Scope) -> str:
        first = _FIRST_NAMES[int(scope.rng.random() * len(_FIRST_NAMES))]
        return f"{first} {_LAST_NAMES[int(scope.rng.random() * len(_LAST_NAMES))]}"

    return value


def _timestamp_ms(arguments: Sequence[str]) -> Value:
    _none_for("timestamp_ms", arguments)
    return Number(lambda scope: unix_ms())


GENERATORS: dict[str, Callable[[Sequence[str]], Value]] = {
    "uuid": _uuid,
    "traceparent": _traceparent,
    "randint": _randint,
    "choice": _choice,
    "name": _name,
    "timestamp_ms": _timestamp_ms,
}


def _meant(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"There is {', '.join(known)}." if known else "There is none."
