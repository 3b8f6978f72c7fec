"""Where a request goes: scheme, host and port of its URL."""

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from vumeter.errors import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What a connection is opened to, and may be re-used for."""

    scheme: str
    host: str
    """Without the brackets of an IPv6 address."""
    port: int

    @property
    def is_tls(self) -> bool:
        """Whether bytes to it are encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """
    Return the origin of *url*.

    Raises:
        UsageError: *url* is not an absolute http or https URL.

    >>> origin_of("http://localhost:8000/path").authority
    'localhost:8000'
    """
    parts = split(url)
    try:
        port = parts.port
    except ValueError:
        raise _not_a_target(url) from None
    host = parts.hostname or ""
    return Origin(parts.scheme, host, port if port is not None else _DEFAULT_PORTS[parts.scheme])


def encoded(place: str) -> bytes:
    """
    Return a host, or host and port, as it travels: names beyond ASCII in their IDNA form.

    Raises:
        UnicodeError: It has none.

    >>> encoded("bücher.example:80")
    b'xn--bcher-kva.example:80'
    """
    # An address in brackets is not a name.
    return place.encode("ascii" if place.isascii() else "idna")


def split(url: str) -> SplitResult:
    """Return the parts of *url*; UsageError unless it is absolute, http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _not_a_target(url) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise _not_a_target(url)
    return parts


def _not_a_target(url: str) -> UsageError:
    return UsageError(
        f'"{url}" is not a URL that load can be sent to.',
        hint='Write scheme, host and path, for example "http://localhost:8000/".',
    )
