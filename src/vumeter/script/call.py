"""The parts of a script's requests, as bytes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from vumeter.client.origin import Origin, encoded, origin_of, split
from vumeter.client.render import CONTROL
from vumeter.client.withheld import asks_first
from vumeter.errors import UsageError

Data = bytes | str | Mapping[str, Any]
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SAFE_IN_URL = "%/:?#[]@!$&'()*+,;=-._~"
_OWN_FRAMING = frozenset({"content-length", "transfer-encoding"})
_MOST_NAMES = 1000
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_FORM = "application/x-www-form-urlencoded"


class Call:
    """What requests are sent and counted by that have one name and are written in one manner."""

    __slots__ = ("manner", "name", "quick_step", "step")

    def __init__(self, name: str, manner: "Manner") -> None:
        self.name = name
        self.manner = manner
        self.step: Any = None
        """For the engine, which notes here what it makes of this."""
        self.quick_step: Any = None
        """The same, where no more is to be done than to write the bytes."""


class Manner:
    """
    How requests are written that differ in path, body and name alone: all else is made once.

    Args:
        method: GET, POST, …
        origin: Where they go.
        headers: By name. Host, framing and Connection are added.
        content_type: Of the body, where *headers* do not say it.
        keep_alive: Whether the connection is to be kept.
        timeout_s: From sending to the last byte.
        redirects: How many are followed at most.

    Raises:
        ValueError: The method, a header or a limit cannot be.
    """

    __slots__ = (
        "_after",
        "_before",
        "_calls",
        "_frames_itself",
        "_has_length",
        "asks_first",
        "method",
        "origin",
        "redirects",
        "timeout_s",
    )

    def __init__(
        self,
        method: str,
        origin: Origin,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = "",
        keep_alive: bool = True,
        timeout_s: float = 10.0,
        redirects: int = 0,
    ) -> None:
        if not _TOKEN.fullmatch(method):
            raise ValueError(f'"{method}" is not an HTTP method')
        if timeout_s <= 0 or redirects < 0:
            raise ValueError("timeout must be above 0, and redirects not below")
        self.method = method
        self.origin = origin
        self.timeout_s = timeout_s
        self.redirects = redirects
        given = dict(headers or {})
        self.asks_first = asks_first(given.items())
        """Whether the body is sent only when the target wants it."""
        names = {name.lower() for name in given}
        self._frames_itself = bool(names & _OWN_FRAMING)
        self._has_length = method in _BODY_METHODS
        self._before = f"{method} ".encode()
        lines = [" HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: {encoded(origin.authority).decode('ascii')}")
        if content_type and "content-type" not in names:
            lines.append(f"Content-Type: {content_type}")
        lines += [_header(name, value) for name, value in given.items()]
        if not keep_alive and "connection" not in names:
            lines.append("Connection: close")
        self._after = "\r\n".join((*lines, "")).encode()
        self._calls: dict[str, Call] = {}

    def call(self, name: str) -> Call:
        """Return what is called *name*."""
        call = self._calls.get(name)
        if call is None:
            # Bounded, for a script may make up names without end.
            if len(self._calls) >= _MOST_NAMES:
                self._calls.clear()
            call = self._calls[name] = Call(name, self)
        return call

    def payload(self, path: str, body: bytes = b"") -> bytes:
        """Return the request as it is sent for *path*, which is quoted already."""
        if (body or self._has_length) and not self._frames_itself:
            return b"%b%b%bContent-Length: %d\r\n\r\n%b" % (
                self._before,
                path.encode("ascii"),
                self._after,
                len(body),
                body,
            )
        return b"%b%b%b\r\n%b" % (self._before, path.encode("ascii"), self._after, body)


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


def _header(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name) or CONTROL.search(str(value)):
        raise ValueError(f'"{name}: {value}" cannot be sent as a header')
    return f"{name}: {value}"
