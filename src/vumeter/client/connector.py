"""Opens connections: name, socket, TLS, each within the request's time-out."""

import asyncio
import socket
import ssl

from vumeter.client.addresses import Address, Resolver
from vumeter.client.decrypted import BUFFER_BYTES, Decrypted
from vumeter.client.exchange import Exchange


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """Return the one context of a worker: the system's authorities, unless not to *verify*."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connector:
    """Opens connections for all VUs of a worker, and knows how many are open."""

    def __init__(self, resolver: Resolver, *, tls: ssl.SSLContext | None) -> None:
        self._resolver = resolver
        self._tls = tls
        self._decrypted = bytearray(BUFFER_BYTES if tls is not None else 0)

    async def open(self, exchange: Exchange, *, timeout_s: float) -> None:
        """
        Give *exchange* a new connection to its origin.

        Raises:
            OSError, UnicodeError, TimeoutError: No connection; `error_kind` says what of.
        """
        origin = exchange.origin
        async with asyncio.timeout(timeout_s):
            candidates = await self._resolver.candidates(origin.host, origin.port)
            for address in candidates[:-1]:
                try:
                    await self._open_at(address, exchange)
                except OSError:
                    continue
                return
            await self._open_at(candidates[-1], exchange)

    async def _open_at(self, address: Address, exchange: Exchange) -> None:
        origin = exchange.origin
        loop = asyncio.get_running_loop()
        plug = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            plug.setblocking(False)
            # Requests are small and whole: never wait for more to send along.
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(plug, address.sockaddr)
            self._resolver.confirm(origin.host, origin.port, address)
            if origin.is_tls:
                await loop.create_connection(
                    lambda: Decrypted(exchange, self._decrypted),
                    sock=plug,
                    ssl=self._tls,
                    server_hostname=origin.host,
                )
            else:
                await loop.create_connection(lambda: exchange, sock=plug)
        except BaseException:
            plug.close()
            raise
