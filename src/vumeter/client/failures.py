"""Every wire failure to its ErrorKind, in one place."""

import asyncio
import errno
import socket
import ssl

from vumeter.model.measure import ErrorKind


class ForbiddenAddressError(OSError):
    """The host resolves to an address that load must not be sent to."""


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
    # In this order: gaierror, SSLError and TimeoutError are OSErrors, with numbers of their own.
    if isinstance(error, socket.gaierror | UnicodeError):
        return ErrorKind.DNS
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | EOFError):
        return ErrorKind.CLOSED
    if isinstance(error, ssl.SSLError):
        return ErrorKind.TLS
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return ErrorKind.RESET if connected else ErrorKind.TIMEOUT_CONNECT
    fallback = ErrorKind.RESET if connected else ErrorKind.CONNECT
    if isinstance(error, OSError) and error.errno is not None:
        return _BY_ERRNO.get(error.errno, fallback)
    # Without a number: how uvloop reports a handshake that the peer broke off.
    return ErrorKind.RESET if isinstance(error, ConnectionError) else fallback
