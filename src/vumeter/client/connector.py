"""Opens connections: name, socket, TLS, all within one time-out."""

import asyncio
import ipaddress
import itertools
import socket
import ssl

from vumeter.client.addresses import Address, Resolver
from vumeter.client.decrypted import BUFFER_BYTES, Decrypted
from vumeter.client.exchange import Exchange
from vumeter.client.tls import tls_context
from vumeter.model.plan import Plan, Transport

_NEVER_S = 86_400.0
"""The loop's own limit of a handshake must not come before the request's, by another name."""


class Connector:
    """Opens connections for all VUs of a worker."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        verify: bool = True,
        transport: Transport | None = None,
    ) -> None:
        self._resolver = resolver
        self._verify = verify
        self._transport = transport or Transport()
        self._tls: ssl.SSLContext | None = None
        self._is_making_tls = asyncio.Lock()
        self._decrypted = bytearray()
        self._local = _by_family(self._transport.local_addresses)

    @classmethod
    def of(cls, plan: Plan) -> "Connector":
        """Return the connector that *plan* asks for."""
        transport = plan.transport
        resolver = Resolver(
            allow_hosts=plan.limits.allow_hosts,
            overrides=transport.overrides,
            ip_family=transport.ip_family,
        )
        return cls(resolver, verify=plan.verify_tls, transport=transport)

    def prepare_tls(self) -> None:
        """
        Read the certificates now, before there is load. Otherwise with the first https.

        Raises:
            UsageError: A file of the plan's is not what it should be.
        """
        if self._tls is None:
            self._take_tls(tls_context(verify=self._verify, transport=self._transport))

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
        local = self._local.get(address.family)
        local_address = None if local is None else (next(local), 0)
        if exchange.origin.is_tls:
            tls = await self._tls_context()
            await loop.create_connection(
                lambda: Decrypted(exchange, self._decrypted),
                host,
                port,
                family=address.family,
                local_addr=local_address,
                ssl=tls,
                server_hostname=self._transport.server_name or exchange.origin.host,
                ssl_handshake_timeout=_NEVER_S,
            )
        else:
            await loop.create_connection(
                lambda: exchange, host, port, family=address.family, local_addr=local_address
            )

    async def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            # A redirect leads from http to https. In a thread: 20 ms would hold up all VUs.
            async with self._is_making_tls:
                if self._tls is None:
                    self._take_tls(
                        await asyncio.to_thread(
                            tls_context, verify=self._verify, transport=self._transport
                        )
                    )
        assert self._tls is not None, "just made"
        return self._tls

    def _take_tls(self, context: ssl.SSLContext) -> None:
        self._tls = context
        self._decrypted = bytearray(BUFFER_BYTES)


def _by_family(addresses: tuple[str, ...]) -> dict[int, "itertools.cycle[str]"]:
    """Return *addresses* in turn, for each family that there are any of."""
    families = {4: socket.AF_INET, 6: socket.AF_INET6}
    found: dict[int, list[str]] = {}
    for address in addresses:
        family = families[ipaddress.ip_address(address.partition("%")[0]).version]
        found.setdefault(family, []).append(address)
    return {family: itertools.cycle(own) for family, own in found.items()}
