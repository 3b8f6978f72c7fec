"""
Requests in other words than usual: for a proxy that forwards them, and in HTTP/1.0.

Everywhere else a request is as its origin gets it in HTTP/1.1. It is put into other words only
here, when it is sent, by connections that were opened so: others pay nothing.
"""

from vumeter.client.exchange import Caller, Exchange
from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin, encoded
from vumeter.client.tunnel import authorization
from vumeter.model.plan import HttpVersion, Proxy, ProxyKind, Transport


class Wording:
    """How all requests to one origin are written; shared by the connections to it."""

    def __init__(self, *, version: HttpVersion, origin: Origin, forwarder: Proxy | None) -> None:
        self.version = version
        self.forwarder = forwarder
        self._before_target = b""
        self._headers = b""
        if forwarder is not None:
            self._before_target = b"http://" + encoded(origin.authority)
            self._headers = authorization(forwarder)
        self._asked = b""
        self._worded = b""

    def of(self, request: bytes) -> bytes:
        """Return *request* in these words."""
        # A request without variables is the same object each time, for all VUs.
        if request is not self._asked:
            self._worded, self._asked = self._written(request), request
        return self._worded

    def _written(self, request: bytes) -> bytes:
        end = request.index(b"\r\n") + 2
        method, target, version = request[:end].split(b" ", 2)
        headers = self._headers
        if self.version is HttpVersion.HTTP_1_0:
            version = b"HTTP/1.0\r\n"
            head = request[: request.index(b"\r\n\r\n")].lower()
            if b"\r\nconnection:" not in head:
                headers += b"Connection: keep-alive\r\n"
        line = b"%b %b%b %b" % (method, self._before_target, target, version)
        return b"%b%b%b" % (line, headers, request[end:])


class WordedExchange(Exchange):
    """A connection on which requests are written in words of its own."""

    __slots__ = ("_wording",)

    def __init__(self, caller: Caller, origin: Origin, wording: Wording) -> None:
        super().__init__(caller, origin)
        self._wording = wording

    @property
    def forwarder(self) -> Proxy | None:
        """The proxy whose answers may be its own; `None`: there is none, or only a tunnel."""
        return self._wording.forwarder

    def send(self, request: bytes, expected: Expectation) -> None:
        """Send *request* in other words, and have them counted as they are."""
        worded = self._wording.of(request)
        self.caller.adjust_sent(len(worded) - len(request))
        super().send(worded, expected)

    def ask_first(self, request: bytes, expected: Expectation) -> None:
        """Send *request* at once in HTTP/1.0, which knows no asking."""
        if self._wording.version is HttpVersion.HTTP_1_0:
            self.send(request, expected)
        else:
            super().ask_first(request, expected)


def wording_for(origin: Origin, transport: Transport) -> Wording | None:
    """Return how requests to *origin* are written; `None`: as everywhere."""
    proxy = transport.proxy
    is_forwarded = (
        proxy is not None
        and proxy.kind is ProxyKind.HTTP
        and not origin.is_tls
        and proxy.is_for(origin.host)
    )
    if not is_forwarded and transport.http_version is HttpVersion.HTTP_1_1:
        return None
    return Wording(
        version=transport.http_version,
        origin=origin,
        forwarder=proxy if is_forwarded else None,
    )
