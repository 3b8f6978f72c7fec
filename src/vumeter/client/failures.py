"""Every wire failure to its ErrorKind, in one place."""

import asyncio
import errno
import socket
import ssl

from vumeter.model.measure import ErrorKind


class ForbiddenAddressError(OSError):
    """The host is, or resolves to, what load must not be sent to."""


class ProxyError(OSError):
    """The proxy cannot be reached, or makes no connection; says which, in words of ours."""


class ProxyTimeoutError(TimeoutError):
    """A connection by way of a proxy was not made in time; says which."""


_BY_ERRNO = {
    errno.ECONNREFUSED: ErrorKind.REFUSED,
    errno.ECONNRESET: ErrorKind.RESET,
    errno.ECONNABORTED: ErrorKind.RESET,
    errno.EPIPE: ErrorKind.RESET,
    errno.ESHUTDOWN: ErrorKind.RESET,
    errno.EMFILE: ErrorKind.DESCRIPTORS,
    errno.ENFILE: ErrorKind.DESCRIPTORS,
    errno.EADDRNOTAVAIL: ErrorKind.PORTS,
    errno.EADDRINUSE: ErrorKind.PORTS,
}

# In this order, and before any number: they are OSErrors, with numbers of their own.
_BY_TYPE = (
    ((ProxyError,), ErrorKind.PROXY),
    ((socket.gaierror, UnicodeError), ErrorKind.DNS),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError, EOFError), ErrorKind.CLOSED),
    ((ssl.SSLError,), ErrorKind.TLS),
)


def error_kind(error: BaseException, *, connected: bool) -> ErrorKind:
    """
    Return how *error* is counted: what the wire did, never an exception that ends a VU.

    Args:
        error: What the resolver, the socket or TLS raised.
        connected: Whether the connection was up. Before that, silence is a connect time-out
            and anything unknown a failed connect; after that, the kernel giving up on
            unacknowledged data is a broken connection.

    >>> error_kind(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), connected=False)
    <ErrorKind.REFUSED: 'refused'>
    """
    for types, kind in _BY_TYPE:
        if isinstance(error, types):
            return kind
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return ErrorKind.RESET if connected else ErrorKind.TIMEOUT_CONNECT
    fallback = ErrorKind.RESET if connected else ErrorKind.CONNECT
    if isinstance(error, OSError) and error.errno is not None:
        return _BY_ERRNO.get(error.errno, fallback)
    # Without a number: how uvloop reports a handshake that the peer broke off.
    return ErrorKind.RESET if isinstance(error, ConnectionError) else fallback
