"""What an answer says: the parts that checks look at and that variables take."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from vumeter.client.expectation import Headers
from vumeter.errors import UsageError
from vumeter.model.flow import Extract, Source

MISSING: Any = object()
"""Stands for what is not there; JSON's null is there."""

_UNREAD: Any = object()

Part = Callable[["Answer"], object]
"""Takes a part of an answer: text, a JSON value, or `MISSING`."""


class Answer:
    """
    One complete answer, of which only what is asked for is read, and that once.

    One object serves all answers to a request: it is looked at and let go within one
    callback, and an allocation per answer is what the hot path cannot have.
    """

    __slots__ = (
        "_decoded",
        "_document",
        "_read",
        "_text",
        "body",
        "body_bytes",
        "headers",
        "service_us",
        "status",
    )

    def __init__(self) -> None:
        self.status = 200
        self.service_us = 0
        self.headers: Headers = ()
        self.body: bytes | bytearray | None = b""
        """`None` when it was too long to be kept."""
        self.body_bytes = 0
        # Which bodies they were read from: so an answer that is put in place need not say that
        # it is another one.
        self._decoded: object = _UNREAD
        self._read: object = _UNREAD
        self._document: Any = MISSING
        self._text = ""

    @property
    def document(self) -> Any:
        """The body as JSON; `MISSING` when it is none."""
        if self._decoded is not self.body:
            self._decoded = self.body
            try:
                self._document = MISSING if self.body is None else msgspec.json.decode(self.body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._document = MISSING
        return self._document

    @property
    def text(self) -> str:
        """The body as text, in UTF-8; what is not, is replaced."""
        if self._read is not self.body:
            self._read = self.body
            self._text = "" if self.body is None else self.body.decode(errors="replace")
        return self._text


def json_part(selector: str) -> Part:
    """Return what takes the JSON value at a path such as `items.0.id`; "" is all of it."""
    path = tuple(selector.split(".")) if selector else ()

    def part(answer: Answer) -> object:
        return value_at(answer.document, path)

    return part


def header_part(selector: str) -> Part:
    """Return what takes a header; one that came several times, as a list with commas."""
    name = selector.lower().encode("latin-1", "replace")

    def part(answer: Answer) -> object:
        values = [value for key, value in answer.headers if key == name]
        return b", ".join(values).decode("latin-1") if values else MISSING

    return part


def cookie_part(selector: str) -> Part:
    """Return what takes the value of a cookie that the answer sets; the last one counts."""

    def part(answer: Answer) -> object:
        found: object = MISSING
        for key, value in answer.headers:
            if key == b"set-cookie":
                name, equals, rest = value.decode("latin-1").partition(";")[0].partition("=")
                if equals and name.strip() == selector:
                    found = rest.strip()
        return found

    return part


def regex_part(selector: str, group: int) -> Part:
    """Return what takes a group of the first place at which a regular expression matches."""
    pattern = pattern_of(selector)
    if pattern.groups < group:
        raise UsageError(f'"{selector}" has no group {group}.')

    def part(answer: Answer) -> object:
        match = pattern.search(answer.text)
        found = None if match is None else match[group]
        return MISSING if found is None else found

    return part


def pattern_of(text: str) -> re.Pattern[str]:
    """
    Return the regular expression *text*.

    Raises:
        UsageError: It is none.
    """
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f'"{text}" is not a regular expression: {error}.') from None


def extraction(extract: Extract) -> Callable[[Answer], str | None]:
    """
    Return what takes the text for a variable out of an answer; `None` when it is not there.

    Raises:
        UsageError: Nothing can be taken so.
    """
    match extract.source:
        case Source.JSON:
            part = json_part(extract.selector)
        case Source.BODY:
            part = regex_part(extract.selector, extract.group)
        case Source.HEADER:
            part = header_part(extract.selector)
        case Source.COOKIE:
            part = cookie_part(extract.selector)
        case source:
            raise UsageError(f'A variable cannot take the "{source}" of an answer.')
    return lambda answer: text_of(part(answer))


def value_at(document: object, path: tuple[str, ...]) -> object:
    """
    Return what is at *path* in *document*, or `MISSING`.

    >>> value_at({"items": [{"id": 7}]}, ("items", "0", "id"))
    7
    """
    for key in path:
        if isinstance(document, dict):
            document = document.get(key, MISSING)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return MISSING
    return document


def text_of(value: object) -> str | None:
    """Return *value* as it is written into a request; `None` for null and for nothing."""
    if value is MISSING or value is None:
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
