"""A request of a script as bytes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from vumeter.client.origin import Origin, encoded, origin_of, split
from vumeter.client.render import CONTROL
from vumeter.errors import UsageError

Data = bytes | str | Mapping[str, Any]
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SAFE_IN_URL = "%/:?#[]@!$&'()*+,;=-._~"
_OWN_FRAMING = frozenset({"content-length", "transfer-encoding"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_FORM = "application/x-www-form-urlencoded"


class Call:
    """One request, ready to be sent, as often as it comes."""

    __slots__ = (
        "asks_first",
        "method",
        "name",
        "origin",
        "payload",
        "redirects",
        "step",
        "timeout_s",
    )

    def __init__(
        self,
        *,
        name: str,
        method: str,
        origin: Origin,
        payload: bytes,
        timeout_s: float,
        redirects: int,
        asks_first: bool = False,
    ) -> None:
        self.name = name
        self.method = method
        self.origin = origin
        self.payload = payload
        self.timeout_s = timeout_s
        self.redirects = redirects
        self.asks_first = asks_first
        """Whether the body is sent only when the target wants it."""
        self.step: object = None
        """For the engine, which notes here what it sends and counts this call by."""


def path_of(url: str) -> str:
    """
    Return what stands in the request line for *url*.

    >>> path_of("http://localhost/a b?q=ü#top")
    '/a%20b?q=%C3%BC'
    """
    parts = split(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(target, safe=_SAFE_IN_URL)


def absolute(target: str, url: str) -> str:
    """
    Return *url*, a path of *target* or absolute by itself.

    >>> absolute("http://localhost:8000/api/", "/quotes")
    'http://localhost:8000/api/quotes'

    Raises:
        ValueError: It is neither.
    """
    if url.startswith("/"):
        return target.rstrip("/") + url
    try:
        origin_of(url)
    except UsageError:
        raise ValueError(f'"{url}" is neither a path, which begins with "/", nor a URL') from None
    return url


def with_params(url: str, params: Params | None) -> str:
    """Return *url* with *params* added to its query; a list is a name several times."""
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, doseq=True)}"


def body_of(json: Any, data: Data | None) -> tuple[bytes, str]:
    """
    Return the body and its content type; no type where it has none of its own.

    Raises:
        ValueError: Both are given.
    """
    if json is not None:
        if data is not None:
            raise ValueError("json and data are given, and one request has one body")
        return msgspec.json.encode(json), "application/json"
    match data:
        case None:
            return b"", ""
        case bytes():
            return data, ""
        case str():
            return data.encode(), ""
        case _:
            return urlencode(data, doseq=True).encode("ascii"), _FORM


def payload_of(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    content_type: str = "",
    keep_alive: bool = True,
) -> bytes:
    """
    Return the request as it is sent. Host, framing and Connection are added.

    Raises:
        ValueError: The method or a header cannot stand in a request.
    """
    if not _TOKEN.fullmatch(method):
        raise ValueError(f'"{method}" is not an HTTP method')
    given = dict(headers or {})
    names = {name.lower() for name in given}
    lines = [f"{method} {path_of(url)} HTTP/1.1"]
    if "host" not in names:
        lines.append(f"Host: {_authority(url)}")
    if content_type and "content-type" not in names:
        lines.append(f"Content-Type: {content_type}")
    lines += [_header(name, value) for name, value in given.items()]
    if not keep_alive and "connection" not in names:
        lines.append("Connection: close")
    if (body or method in _BODY_METHODS) and not names & _OWN_FRAMING:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def _header(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name) or CONTROL.search(str(value)):
        raise ValueError(f'"{name}: {value}" cannot be sent as a header')
    return f"{name}: {value}"


def _authority(url: str) -> str:
    return encoded(origin_of(url).authority).decode("ascii")
