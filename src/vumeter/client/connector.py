"""Opens connections: name, socket, TLS, all within one time-out."""

import asyncio
import ssl

from vumeter.client.addresses import Address, Resolver
from vumeter.client.decrypted import BUFFER_BYTES, Decrypted
from vumeter.client.exchange import Exchange

_NEVER_S = 86_400.0
"""The loop's own limit of a handshake must not come before the request's, by another name."""


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Return the one context of a worker: the system's authorities, unless not to *verify*."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connector:
    """Opens connections for all VUs of a worker."""

    def __init__(self, resolver: Resolver, *, tls: ssl.SSLContext | None) -> None:
        self._resolver = resolver
        self._tls = tls
        self._decrypted = bytearray(BUFFER_BYTES if tls is not None else 0)

    async def open(self, exchange: Exchange, *, timeout_s: float) -> None:
        """
        Give *exchange* a new connection to its origin.

        Raises:
            OSError, ValueError: No connection; `error_kind` says what of.
        """
        host, port = exchange.origin.host, exchange.origin.port
        async with asyncio.timeout(timeout_s):
            *others, last = await self._resolver.candidates(host, port)
            for address in others:
                try:
                    await self._open_at(address, exchange)
                except ssl.SSLError:
                    raise
                except OSError:
                    continue
                self._resolver.confirm(host, port, address)
                return
            await self._open_at(last, exchange)
            self._resolver.confirm(host, port, last)

    async def _open_at(self, address: Address, exchange: Exchange) -> None:
        # uvloop's own sockets, by a literal address that it need not resolve: a third less
        # time than with a socket of ours. They never wait to send more along (TCP_NODELAY).
        loop = asyncio.get_running_loop()
        host, port = address.literal
        if exchange.origin.is_tls:
            await loop.create_connection(
                lambda: Decrypted(exchange, self._decrypted),
                host,
                port,
                family=address.family,
                ssl=self._tls,
                server_hostname=exchange.origin.host,
                ssl_handshake_timeout=_NEVER_S,
            )
        else:
            await loop.create_connection(lambda: exchange, host, port, family=address.family)
