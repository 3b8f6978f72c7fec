"""What pydantic finds wrong with a document, in words, and what remains when that is cut out."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vumeter.profiles.lines import KeyPath
from vumeter.profiles.models import Profile
from vumeter.profiles.problems import Problems, key_text, quoted, suggestion
from vumeter.profiles.reading import Document
from vumeter.profiles.steps import KINDS

_FOREIGN = {
    "preallocatedvus": "VUs cost nothing to make here: max_vus says how many may be busy at once.",
    "timeunit": 'The rate has it: "40/s", "90/m", "10/h".',
    "exec": "A scenario has its own steps.",
    "gracefulstop": "graceful_stop stands at the top of the profile: it is for the whole run.",
    "baseurl": 'Did you mean "target"?',
    "base": 'Did you mean "target"?',
    "host": 'Did you mean "target"?',
    "users": 'Did you mean "vus"?',
    "concurrency": 'Did you mean "vus"?',
    "rps": 'Did you mean "rate"?',
    "flow": 'Did you mean "steps"?',
    "sleep": 'Did you mean "think"?',
    "loop": 'Did you mean "repeat"?',
    "assert": 'Did you mean "checks"?',
    "capture": 'Did you mean "extract"?',
    "uri": 'Did you mean "path" or "url"?',
    "scenario": 'Did you mean "[scenarios.NAME]"?',
}
"""Words that other tools have for what is here, or is not here."""

_PAUSE: Document = {"think": "0s"}
_HARMLESS: dict[str, Document] = {
    "steps": _PAUSE,
    "on_start": _PAUSE,
    "on_stop": _PAUSE,
    "pick": _PAUSE,
    "checks": {"status": 200},
    "stages": {"duration": "0s", "target": 0},
    "alerts": {"preset": "usual"},
}
"""What takes the place of a wrong item, by the list's key, so that the others keep theirs."""

_MOST_ROUNDS = 100


def checked(document: Document, problems: Problems) -> tuple[Profile | None, list[KeyPath]]:
    """
    Return what can be understood of *document*, and the places that were left out for it.

    What cannot is noted in *problems*; `None` when nothing is left. Checking what remains
    is how all problems of a profile are known at once.
    """
    remaining = deepcopy(document)
    cut: list[KeyPath] = []
    for _ in range(_MOST_ROUNDS):
        try:
            return Profile.model_validate(remaining), cut
        except ValidationError as error:
            found = error.errors(include_url=False)
        for each in found:
            if problems.is_full:
                return None, cut
            at = _key_path(each["loc"])
            if not any(problems.has(at[:length]) for length in range(1, len(at) + 1)):
                message, hint = _words(each)
                problems.add(at, message, hint=hint)
        for each in found:
            at = _key_path(each["loc"])
            cut += [at, _cut(remaining, at[:-1] if each["type"] == "missing" else at)]
    return None, cut


def _cut(document: Document, at: KeyPath) -> KeyPath:
    """
    Take what stands *at* out of *document*, and return the place from which something went.

    An item of a list leaves the others in their places.
    """
    inner: Any = document
    try:
        for key in at[:-1]:
            inner = inner[key]
        if isinstance(inner, list):
            inner[int(at[-1])] = deepcopy(_HARMLESS[str(at[-2])])
        else:
            del inner[at[-1]]
    except (KeyError, IndexError, TypeError):
        # A shorthand has no such key, and a list of texts no harmless item: all of it goes.
        return _cut(document, at[:-1]) if len(at) > 1 else ()
    return at


def _key_path(place: tuple[int | str, ...]) -> KeyPath:
    return tuple(key for key in place if key not in KINDS)


def _words(error: ErrorDetails) -> tuple[str, str]:
    """Return message and hint for one of pydantic's errors."""
    context = error.get("ctx", {})
    value = error["input"]
    kind = error["type"]
    hint = _example(error["loc"])
    if kind == "vumeter":
        message, hint = str(context["text"]), str(context["hint"])
    elif kind == "extra_forbidden":
        message = "unknown key."
        hint = _nearest(str(error["loc"][-1]), _known_keys(error["loc"][:-1]))
    elif kind == "missing":
        message = "is missing."
    elif kind == "enum":
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        message = f"{quoted(value)} is none of: {', '.join(known)}."
        hint = suggestion(str(value), known)
    elif kind in ("too_short", "string_too_short"):
        message = "is empty." if not value else "has too few items."
    elif kind == "string_pattern_mismatch":
        message = f"{quoted(value)} cannot be a name."
        hint = 'Up to 40 letters, digits, "_", "." or "-", not beginning with "." or "-".'
    elif kind in _NOT:
        message = f"{quoted(value)} {_NOT[kind]}."
    else:
        message = f"{quoted(value)}: {error['msg'].lower()}."
    return message, hint


_NOT = {
    "string_type": "is not text",
    "model_type": "is not a table",
    "model_attributes_type": "is not a table",
    "dict_type": "is not a table",
    "list_type": "is not a list",
    "bool_type": "is not true or false",
    "bool_parsing": "is not true or false",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_type": "is not a number",
    "float_parsing": "is not a number",
    "finite_number": "is not a number",
}


def _nearest(key: str, known: list[str]) -> str:
    foreign = _FOREIGN.get(key.lower().replace("_", "").replace("-", ""), "")
    near = suggestion(key, known)
    return near or foreign or f"Known here: {', '.join(known)}."


def _example(place: tuple[int | str, ...]) -> str:
    """Return how the key at *place* is written, from its model."""
    for model in _models(place[:-1]):
        for name, field in model.model_fields.items():
            key = field.alias or name
            if key != place[-1]:
                continue
            shown = (
                f" For example: {key} = {toml_value(field.examples[0])}" if field.examples else ""
            )
            return f"{field.description or ''}{shown}".strip()
    return ""


def toml_value(value: object) -> str:
    """
    Return *value* in one line of TOML.

    >>> toml_value({"json": ["a", 1, True]})
    '{ json = ["a", 1, true] }'
    """
    match value:
        case bool():
            return str(value).lower()
        case dict():
            pairs = ", ".join(
                f"{key_text((key,))} = {toml_value(each)}" for key, each in value.items()
            )
            return f"{{ {pairs} }}"
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return str(value)


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    return [
        field.alias or name
        for model in _models(place)
        for name, field in model.model_fields.items()
    ]


def _models(place: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Return the models that a table at *place* may be."""
    models: list[type[BaseModel]] = [Profile]
    in_mapping = False
    for key in place:
        if key in KINDS:
            models = [KINDS[str(key)]]
        elif isinstance(key, int) or in_mapping:
            in_mapping = False
        else:
            annotations = [
                field.annotation
                for model in models
                for name, field in model.model_fields.items()
                if (field.alias or name) == key
            ]
            models = [model for each in annotations for model in _inner_models(each)]
            in_mapping = any("dict[" in str(each) for each in annotations)
    return models


def _inner_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    arguments: Iterable[Any] = get_args(annotation)
    for each in arguments:
        yield from _inner_models(each)
