"""Every wire failure has one name."""

import errno
import socket
import ssl

import pytest

from vumeter.client.failures import ForbiddenAddressError, error_kind
from vumeter.model.measure import ErrorKind

BEFORE = {
    "a name without an address": (socket.gaierror(socket.EAI_NONAME, "x"), ErrorKind.DNS),
    "a name that is no name": (UnicodeError("label too long"), ErrorKind.DNS),
    "an address that is not allowed": (ForbiddenAddressError("x"), ErrorKind.CONNECT),
    "refused": (OSError(errno.ECONNREFUSED, "x"), ErrorKind.REFUSED),
    "reset in the handshake": (OSError(errno.ECONNRESET, "x"), ErrorKind.RESET),
    "reset in the handshake, by uvloop": (ConnectionResetError(), ErrorKind.RESET),
    "no route": (OSError(errno.EHOSTUNREACH, "x"), ErrorKind.CONNECT),
    "no network": (OSError(errno.ENETUNREACH, "x"), ErrorKind.CONNECT),
    "the kernel's own time-out": (OSError(errno.ETIMEDOUT, "x"), ErrorKind.TIMEOUT_CONNECT),
    "our time-out": (TimeoutError(), ErrorKind.TIMEOUT_CONNECT),
    "no descriptor in the process": (OSError(errno.EMFILE, "x"), ErrorKind.DESCRIPTORS),
    "no descriptor in the host": (OSError(errno.ENFILE, "x"), ErrorKind.DESCRIPTORS),
    "no local port": (OSError(errno.EADDRNOTAVAIL, "x"), ErrorKind.PORTS),
    "a certificate that is not trusted": (ssl.SSLCertVerificationError(1, "x"), ErrorKind.TLS),
    "no common TLS version": (ssl.SSLError(1, "x"), ErrorKind.TLS),
    "closed in the handshake": (ssl.SSLEOFError(8, "x"), ErrorKind.CLOSED),
    "anything else": (ValueError("x"), ErrorKind.CONNECT),
}

AFTER = {
    "reset": (OSError(errno.ECONNRESET, "x"), ErrorKind.RESET),
    "broken pipe": (OSError(errno.EPIPE, "x"), ErrorKind.RESET),
    "nothing was acknowledged": (OSError(errno.ETIMEDOUT, "x"), ErrorKind.RESET),
    "no route any more": (OSError(errno.EHOSTUNREACH, "x"), ErrorKind.RESET),
    "a bad record": (ssl.SSLError(1, "x"), ErrorKind.TLS),
}


@pytest.mark.parametrize(("error", "kind"), BEFORE.values(), ids=BEFORE)
def test_before_there_is_a_connection_it_is(error, kind) -> None:
    assert error_kind(error, connected=False) is kind


@pytest.mark.parametrize(("error", "kind"), AFTER.values(), ids=AFTER)
def test_on_a_connection_it_is(error, kind) -> None:
    assert error_kind(error, connected=True) is kind


@pytest.mark.parametrize("connected", [False, True])
def test_no_number_that_the_kernel_knows_is_without_a_name(connected) -> None:
    for number in errno.errorcode:
        assert isinstance(error_kind(OSError(number, "x"), connected=connected), ErrorKind)
