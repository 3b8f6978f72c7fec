"""Where a run's control API listens beside its socket, as people write it."""

import ipaddress
import re

from vumeter.errors import UsageError
from vumeter.model.plan import Listen

_PLACE = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]\s/@]+):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65_535


def listen_of(address: str, *, certificate: str | None = None, key: str | None = None) -> Listen:
    """
    Return where to listen: at *address*, host and port, with TLS where there is a *certificate*.

    Raises:
        UsageError: That is no address, or others could listen in on it.

    >>> listen_of("127.0.0.1:9646").port
    9646
    """
    match = _PLACE.fullmatch(address)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise UsageError(
            f'"{address}" is not host and port.',
            hint='Write for example "127.0.0.1:9646", or with a certificate "0.0.0.0:9646".',
        )
    if key is not None and certificate is None:
        raise UsageError("there is no certificate that the key is of.")
    host = match["host"].strip("[]")
    if certificate is None and not is_loopback(host):
        raise UsageError(
            f"{host} can be reached from other machines, and without TLS everyone on the way"
            " could read along, the token too.",
            hint="Give a certificate and its key, or listen on 127.0.0.1 and go there by ssh -L.",
        )
    return Listen(host=host, port=int(match["port"]), certificate=certificate, key=key)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach *host*, as far as can be told from its name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
