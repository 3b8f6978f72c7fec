"""Where a redirect leads to, and what is sent there: the rules that Go, and so k6, keeps."""

import re
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from vumeter.client.origin import Origin, encoded, origin_of
from vumeter.errors import UsageError

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_OF_A_BODY = (b"content-", b"transfer-encoding:", b"expect:")
_CREDENTIALS = (b"authorization:", b"cookie:", b"proxy-authorization:")
_SAFE_IN_TARGET = "%/:?#[]@!$&'()*+,;=-._~"
_HOST = re.compile(rb"[0-9A-Za-z._~%:-]+")


class RedirectError(ValueError):
    """A redirect that is not followed; says why, and quotes nothing of the target's."""


Asked = tuple[Origin, bytes]
"""A request that a chain of redirects has come by: where to, and its head."""


class Hop(NamedTuple):
    """A request within a chain of redirects."""

    origin: Origin
    payload: bytes

    @property
    def asked(self) -> Asked:
        """What the same request has the same of; its body follows from that."""
        return self.origin, self.payload.partition(b"\r\n\r\n")[0]


def redirected(payload: bytes, *, origin: Origin, status: int, location: bytes) -> Hop:
    """
    Return what follows when *payload*, sent to *origin*, is answered by a redirect.

    301, 302 and 303 turn every method but HEAD into GET and let the body go; 307 and 308 keep
    both. Another origin gets neither credentials nor cookies that were written into the
    request. What a redirect's own URL says of a user and a password is not used.

    Raises:
        RedirectError: The location is no http or https URL.
    """
    head, _, body = payload.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    method, target, version = line.split(b" ", 2)
    url = _resolved(location, origin=origin, target=target)
    destination = _destination(url)
    if status not in _KEEP_METHOD:
        method = method if method == b"HEAD" else b"GET"
        headers = [header for header in headers if not header.lower().startswith(_OF_A_BODY)]
        body = b""
    if destination != origin:
        dropped = (*_CREDENTIALS, b"host:")
        headers = [header for header in headers if not header.lower().startswith(dropped)]
        headers.insert(0, b"Host: " + encoded(destination.authority))
    line = b" ".join((method, _target(url), version))
    return Hop(destination, b"%b\r\n\r\n%b" % (b"\r\n".join((line, *headers)), body))


def target_of(payload: bytes) -> bytes:
    """
    Return path and query that a request asks for.

    >>> target_of(b"GET /shop?page=2 HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n")
    b'/shop?page=2'
    """
    return payload[: payload.index(b"\r\n")].split(b" ", 2)[1]


def with_cookies(payload: bytes, cookies: bytes) -> bytes:
    """
    Return *payload* with a Cookie header, unless it has one of its own, which a person wrote.

    >>> with_cookies(b"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", b"id=7")
    b'GET / HTTP/1.1\\r\\nHost: h\\r\\nCookie: id=7\\r\\n\\r\\n'
    """
    end = payload.index(b"\r\n\r\n") + 2
    if b"\r\ncookie:" in payload[:end].lower():
        return payload
    return b"%bCookie: %b\r\n%b" % (payload[:end], cookies, payload[end:])


def _resolved(location: bytes, *, origin: Origin, target: bytes) -> str:
    try:
        text = location.decode()
    except UnicodeDecodeError:
        text = location.decode("latin-1")
    base = f"{origin.scheme}://{origin.authority}{target.decode('ascii')}"
    try:
        return urljoin(base, text.strip())
    except ValueError:
        raise RedirectError("the location is not a URL") from None


def _destination(url: str) -> Origin:
    try:
        destination = origin_of(url)
        host = encoded(destination.host)
    except (UsageError, UnicodeError):
        raise RedirectError("the location is neither http nor https") from None
    if not _HOST.fullmatch(host) or destination.port == 0:
        raise RedirectError("the location names no host that can be asked")
    return destination


def _target(url: str) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(target, safe=_SAFE_IN_TARGET).encode("ascii")
