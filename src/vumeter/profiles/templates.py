"""What may stand in `{{…}}`: variables of a scenario, columns of feeders, generated values."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from vumeter.errors import UsageError
from vumeter.model.flow import Request
from vumeter.model.plan import Feeder
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.problems import Problems, suggestion
from vumeter.profiles.targets import EXPRESSION, OPENING

VariablesIn = Callable[[str, Mapping[str, Feeder]], Iterable[str]]
"""Returns the variables that an expression looks at; UsageError where it is none. The grammar
itself belongs to those who work expressions out, and stands above this room."""


def check_expressions(
    uses: Iterable[tuple[KeyPath, str]],
    *,
    requests: Iterable[Request],
    feeders: Iterable[Feeder],
    variables_in: VariablesIn,
    problems: Problems,
) -> None:
    """Note every expression in *uses* that is none, or that nothing gives a value to."""
    extracted = sorted({each.variable for request in requests for each in request.extract})
    # A feeder whose file could not be read is a problem already; its columns are not known.
    known = {feeder.name: feeder for feeder in feeders if feeder.columns}
    unread = {feeder.name for feeder in feeders} - known.keys()
    for at, text in uses:
        for expression in dict.fromkeys(_expressions(text, at, problems)):
            if expression.partition(".")[0] in unread:
                continue
            try:
                missing = [
                    name for name in variables_in(expression, known) if name not in extracted
                ]
            except UsageError as error:
                problems.add(at, f"{{{{{expression}}}}}: {error.message}", hint=error.hint)
                continue
            for name in missing:
                problems.add(
                    at,
                    f"{{{{{name}}}}} is nothing that its requests, or those of setup, extract.",
                    hint=suggestion(name, extracted)
                    or "Extract it from an answer before, or take it from a feeder's column:"
                    " {{users.name}}.",
                )


def texts_in(value: object) -> Iterator[str]:
    """Return every text in *value*, keys of tables included."""
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield str(key)
                yield from texts_in(each)
        case list():
            for each in value:
                yield from texts_in(each)


def _expressions(text: str, at: KeyPath, problems: Problems) -> Iterator[str]:
    for opening in re.finditer(OPENING, text):
        match = EXPRESSION.match(text, opening.start())
        if match is None:
            problems.add(at, '"{{" has no "}}" after it.', hint="Quotes go in pairs, too.")
            return
        yield match[1].strip()
