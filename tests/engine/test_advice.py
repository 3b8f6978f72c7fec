"""What a person is told of failures that can be mended."""

import errno
import socket
import ssl

import pytest

from vumeter.client.failures import ForbiddenAddressError
from vumeter.client.origin import Origin
from vumeter.engine.advice import advice
from vumeter.model.measure import ErrorKind

ORIGIN = Origin("https", "shop.test", 8443)


def test_what_can_be_mended_is_told_with_what_to_do() -> None:
    forbidden = ForbiddenAddressError("shop.test is 93.184.215.14, which was not allowed")
    assert advice(ErrorKind.CONNECT, forbidden, ORIGIN) == str(forbidden)
    descriptors = advice(ErrorKind.DESCRIPTORS, OSError(errno.EMFILE, "x"), ORIGIN)
    assert descriptors is not None
    assert "ulimit -n" in descriptors
    ports = advice(ErrorKind.PORTS, OSError(errno.EADDRNOTAVAIL, "x"), ORIGIN)
    assert ports is not None
    assert "shop.test:8443" in ports
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert advice(ErrorKind.DNS, unknown, ORIGIN) == (
        '"shop.test" does not resolve: Name or service not known.'
    )


def test_a_certificate_that_is_refused_is_told_with_its_reason_and_the_flag() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    text = advice(ErrorKind.TLS, error, ORIGIN)
    assert text == (
        'TLS with shop.test:8443 failed: self-signed certificate ("-k" accepts any certificate).'
    )


@pytest.mark.parametrize("kind", [ErrorKind.REFUSED, ErrorKind.RESET, ErrorKind.TIMEOUT_CONNECT])
def test_what_the_kind_says_by_itself_needs_no_words(kind) -> None:
    assert advice(kind, OSError(errno.ECONNREFUSED, "x"), ORIGIN) is None
