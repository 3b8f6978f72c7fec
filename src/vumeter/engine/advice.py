"""Failures that a person can mend, in words; the others need no more than their name."""

import resource
import ssl
from http import HTTPStatus

from vumeter.client.failures import ForbiddenAddressError, ProxyError, ProxyTimeoutError
from vumeter.client.origin import Origin
from vumeter.model.measure import ErrorKind

_OF_GATEWAYS = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


def advice(kind: ErrorKind, error: Exception, origin: Origin) -> str | None:
    """
    Return what a person should know of *error*, which a connection to *origin* failed with.

    `None` where the kind says it all. A worker tells each text once.
    """
    if isinstance(error, ForbiddenAddressError | ProxyError | ProxyTimeoutError):
        return str(error)
    match kind:
        case ErrorKind.DESCRIPTORS:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return (
                f"The generator ran out of file descriptors at its limit of {limit}:"
                ' raise it ("ulimit -n", LimitNOFILE= in a unit of systemd) or use fewer VUs.'
            )
        case ErrorKind.PORTS:
            return (
                f"The generator ran out of local ports to {origin.authority}: keep connections"
                " alive, connect from more addresses (--local-address), or widen"
                " net.ipv4.ip_local_port_range."
            )
        case ErrorKind.DNS:
            return f'"{origin.host}" does not resolve: {_reason(error)}.'
        case ErrorKind.TLS:
            return f"TLS with {origin.authority} failed: {_reason(error)}."
    return None


def advice_on_status(status: int, proxy: str) -> str | None:
    """
    Return what a person should know of an answer that came by way of *proxy*, which forwards.

    >>> advice_on_status(404, "127.0.0.1:3128") is None
    True
    """
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"The proxy {proxy} wants a user and a password that it knows (407)."
    if status in _OF_GATEWAYS:
        return (
            f"A {status} came by way of the proxy {proxy}: it may be the proxy's own, and not"
            " the target's."
        )
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f'{error.verify_message.rstrip(".")} ("-k" accepts any certificate)'
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.rstrip(".")
