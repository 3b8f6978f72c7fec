"""Requests as bytes, rendered ahead: constant ones once, templates into joins."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from vumeter.client.origin import origin_of, split
from vumeter.errors import UsageError
from vumeter.model.flow import Request

Variables = Mapping[str, str]
Piece = bytes | tuple[str, Callable[[str], bytes]]
"""Constant bytes, or the name of a variable and how its value is written there."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SAFE_IN_URL = "%/:?#[]@!$&'()*+,;=-._~"
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_OWN_FRAMING = frozenset({"content-length", "transfer-encoding"})


class Template:
    """A request's bytes with gaps for a VU's variables."""

    __slots__ = ("_body", "_head", "_needs_length", "variables")

    def __init__(self, head: list[Piece], body: list[Piece], *, needs_length: bool) -> None:
        self._head = tuple(_merged(head))
        self._body = tuple(_merged(body))
        self._needs_length = needs_length
        self.variables = frozenset(
            piece[0] for piece in self._head + self._body if isinstance(piece, tuple)
        )

    def render(self, variables: Variables) -> bytes:
        """Return the request with *variables* in its gaps; one that is not there is empty."""
        body = _joined(self._body, variables)
        head = _joined(self._head, variables)
        if self._needs_length:
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        return b"%b\r\n%b" % (head, body)


def compiled(request: Request, *, keep_alive: bool) -> Template:
    """
    Return *request* compiled to a template; one without variables renders to the same bytes.

    Raises:
        UsageError: The method or a header cannot stand in a request.
    """
    if not _TOKEN.fullmatch(request.method):
        raise UsageError(f'"{request.method}" is not an HTTP method.')
    body = _body_pieces(request.body)
    names = {name.lower() for name, _ in request.headers}
    head: list[Piece] = [request.method.encode("ascii"), b" "]
    head += _pieces(_path(request.url), constant=_url_constant, value=_url_value)
    head.append(b" HTTP/1.1\r\n")
    if "host" not in names:
        head.append(b"Host: %b\r\n" % _host(request.url))
    for name, value in (*request.headers, *_credentials(request.url, names)):
        head += _header(name, value)
    if not keep_alive and "connection" not in names:
        head.append(b"Connection: close\r\n")
    has_body = bool(request.body) or request.method in _BODY_METHODS
    return Template(head, body, needs_length=has_body and not names & _OWN_FRAMING)


def _host(url: str) -> bytes:
    authority = origin_of(url).authority
    # Names beyond ASCII travel in their IDNA form; an address in brackets is not a name.
    return authority.encode("ascii" if authority.isascii() else "idna")


def _path(url: str) -> str:
    parts = split(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _credentials(url: str, names: set[str]) -> list[tuple[str, str]]:
    parts = split(url)
    if parts.username is None or "authorization" in names:
        return []
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return [("Authorization", "Basic " + b64encode(pair.encode()).decode("ascii"))]


def _header(name: str, value: str) -> list[Piece]:
    if not _TOKEN.fullmatch(name) or any(character in value for character in "\r\n\0"):
        raise UsageError(
            f'"{name}: {value}" cannot be sent as a header.',
            hint="A name has no spaces or colons, and a value no line breaks.",
        )
    return [
        name.encode("ascii") + b": ",
        *_pieces(value, constant=str.encode, value=_header_value),
        b"\r\n",
    ]


def _body_pieces(body: bytes) -> list[Piece]:
    # Latin-1 is a one-to-one map of bytes to text: a binary body survives the search.
    return _pieces(
        body.decode("latin-1"), constant=lambda text: text.encode("latin-1"), value=str.encode
    )


def _pieces(
    text: str, *, constant: Callable[[str], bytes], value: Callable[[str], bytes]
) -> list[Piece]:
    # With one group in the pattern, split() gives constants and names in turn.
    parts = _VARIABLE.split(text)
    return [
        (part, value) if index % 2 else constant(part)
        for index, part in enumerate(parts)
        if index % 2 or part
    ]


def _url_constant(text: str) -> bytes:
    return quote(text, safe=_SAFE_IN_URL).encode("ascii")


def _url_value(text: str) -> bytes:
    return quote(text, safe="").encode("ascii")


def _header_value(text: str) -> bytes:
    # What the target said must not be able to write headers of its own into our requests.
    return re.sub(r"[\r\n\0]", " ", text).encode()


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return *pieces* with neighbouring constants joined: fewer parts per render."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and isinstance(piece, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _joined(pieces: tuple[Piece, ...], variables: Variables) -> bytes:
    return b"".join(
        [
            piece if isinstance(piece, bytes) else piece[1](variables.get(piece[0], ""))
            for piece in pieces
        ]
    )
