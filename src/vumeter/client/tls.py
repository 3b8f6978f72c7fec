"""TLS as a plan asks for it."""

import ssl

from vumeter.errors import UsageError
from vumeter.model.plan import TlsVersion, Transport

_VERSIONS = {
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}


def tls_context(*, verify: bool, transport: Transport | None = None) -> ssl.SSLContext:
    """
    Return the one context of a worker: the system's authorities, unless there are others.

    Reading the system's takes 20 ms.

    Raises:
        UsageError: A file of *transport* is not what it should be.
    """
    transport = transport or Transport()
    context = _trusting(transport.authorities)
    context.set_alpn_protocols(["http/1.1"])
    context.minimum_version = _VERSIONS[transport.tls_minimum]
    if transport.certificate is not None:
        _show(context, transport.certificate, transport.certificate_key)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(authorities: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise UsageError(
            f"{authorities} holds no certificates of authorities: {_reason(error)}.",
            hint="It has to be a PEM file.",
        ) from None


def _show(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        # An empty password instead of a question on the terminal, which a worker has not.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        files = certificate if key is None else f"{certificate} with {key}"
        raise UsageError(
            f"{files} is no certificate with its key: {_reason(error)}.",
            hint="Both have to be PEM, belong together, and the key must not be encrypted.",
        ) from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").lower().replace("_", " ")
    return (error.strerror or str(error)).lower()
