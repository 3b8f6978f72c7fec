"""Where a run can be reached: its socket on this machine, or an address with its token."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from vumeter.errors import UsageError
from vumeter.profiles.listening import is_loopback

_HINT = 'Write for example "https://jump.example:9646", and the token into a file: --token-file.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """An address of a run's control API, and what opens it."""

    url: str
    """Scheme, host and port."""
    token: str = field(repr=False)
    authorities: Path | None = None
    """PEM file of the authorities that are trusted; `None`: the system's."""

    def tls(self) -> ssl.SSLContext | bool:
        """
        Return how its certificate is verified.

        Raises:
            UsageError: The file of the authorities is none.
        """
        if self.authorities is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.authorities)
        except OSError as error:
            raise UsageError(
                f"{self.authorities} holds no certificates of authorities.",
                hint="It has to be a PEM file.",
            ) from error


Place = Path | Door
"""Where a run is: its socket, or a door of it."""


def is_url(text: str) -> bool:
    """
    Return whether *text* is the address of a run, and not its name.

    >>> is_url("https://jump.example:9646"), is_url("shop")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def door_of(url: str, *, token: str, authorities: Path | None = None) -> Door:
    """
    Return the door at *url*, which *token* opens.

    Raises:
        UsageError: It is no such address, or the token would be shown to others on the way.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'"{url}" is no address of a run.', hint=_HINT) from error
    if parts.username is not None or parts.query or parts.fragment:
        # Not quoted: what stands there may be the token.
        raise UsageError("The address of a run is scheme, host and port alone.", hint=_HINT)
    if not is_url(url) or not parts.hostname or port is None or parts.path not in ("", "/"):
        raise UsageError(f'"{url}" is not scheme, host and port.', hint=_HINT)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f"{url}: without TLS everyone on the way could read the token.",
            hint="Use https, or go to 127.0.0.1 through ssh -L.",
        )
    return Door(url=f"{parts.scheme}://{parts.netloc}", token=token, authorities=authorities)
