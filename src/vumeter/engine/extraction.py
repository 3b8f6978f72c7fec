"""Values out of JSON answers, for the requests that come after."""

import msgspec

_MISSING = object()


def extracted(
    body: bytes | bytearray | None, paths: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, str] | None:
    """
    Return the variables that *paths* (name, path into the JSON) find in *body*.

    `None` when the body is no JSON, or lacks one of them: half of what was needed is no use.

    >>> extracted(b'{"auth": {"tokens": ["abc"]}}', (("token", ("auth", "tokens", "0")),))
    {'token': 'abc'}
    """
    if body is None:
        return None
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    found = {name: _text(_value(document, path)) for name, path in paths}
    complete = {name: text for name, text in found.items() if text is not None}
    return complete if len(complete) == len(found) else None


def _value(document: object, path: tuple[str, ...]) -> object:
    for key in path:
        if isinstance(document, dict):
            document = document.get(key, _MISSING)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return _MISSING
    return document


def _text(value: object) -> str | None:
    """Return *value* as it is written into a request; `None` for null and for nothing."""
    if value is _MISSING or value is None:
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
