"""Opens connections: name, socket, proxy, TLS."""

import asyncio
import ipaddress
import itertools
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from vumeter.client.addresses import Address, Resolver
from vumeter.client.decrypted import BUFFER_BYTES, Decrypted
from vumeter.client.exchange import Caller, Exchange
from vumeter.client.failures import (
    ForbiddenAddressError,
    ProxyError,
    ProxyTimeoutError,
    error_kind,
)
from vumeter.client.origin import Origin
from vumeter.client.tls import tls_context
from vumeter.client.tunnel import dig
from vumeter.client.turns import JointExchange, Turn
from vumeter.client.wording import WordedExchange, Wording, wording_for
from vumeter.clock import monotonic_ns
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import HttpVersion, Plan, Proxy, Transport

Place = Origin | Proxy
"""What has a host and a port."""
Made = TypeVar("Made")

_NEVER_S = 86_400.0
"""The loop's own limit of a handshake must not come before the request's, by another name."""
_MOST_WORDINGS = 64
_OURS = (ErrorKind.DESCRIPTORS, ErrorKind.PORTS)
"""Failures of the generator, not of a proxy."""


class Connector:
    """
    Opens connections for all VUs of a worker.

    How long that may take is for those who wait to say: they cancel it, and `lateness` is
    their word for that.
    """

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
        self._is_usual = (
            self._transport.proxy is None and self._transport.http_version is HttpVersion.HTTP_1_1
        )
        """Whether requests go out as they are written, whatever their origin."""
        self._turn = Turn()
        self._wordings: dict[Origin, Wording | None] = {}

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

    def exchange(self, caller: Caller, origin: Origin, *, is_heeded: bool = False) -> Exchange:
        """
        Return an exchange of *caller* with *origin*, to be opened.

        *is_heeded* says that answers are looked into, which is better done to several together.
        """
        if self._is_usual:
            return (
                JointExchange(caller, origin, self._turn) if is_heeded else Exchange(caller, origin)
            )
        if origin not in self._wordings:
            # Bounded, for redirects may lead to ever more origins.
            if len(self._wordings) >= _MOST_WORDINGS:
                self._wordings.clear()
            self._wordings[origin] = wording_for(origin, self._transport)
        wording = self._wordings[origin]
        return (
            Exchange(caller, origin) if wording is None else WordedExchange(caller, origin, wording)
        )

    async def open(self, exchange: Exchange) -> None:
        """
        Give *exchange* a new connection to its origin.

        Raises:
            OSError, ValueError: No connection; `error_kind` says what of.
        """
        origin, proxy = exchange.origin, self._transport.proxy
        if proxy is not None and proxy.is_for(origin.host):
            await self._open_by(proxy, exchange)
        elif (address := self._resolver.settled(origin.host, origin.port)) is not None:
            await self._open_at(address, exchange, is_tls=origin.is_tls)
        else:
            await self._at_first(
                origin, lambda address: self._open_at(address, exchange, is_tls=origin.is_tls)
            )

    def lateness(self, origin: Origin, *, timeout_s: float) -> TimeoutError:
        """Return what is wrong when a connection to *origin* was not made within *timeout_s*."""
        proxy = self._transport.proxy
        if proxy is None or not proxy.is_for(origin.host):
            return TimeoutError()
        return ProxyTimeoutError(
            f"The proxy {proxy.place} made no connection to {origin.authority} within"
            f" {timeout_s:g} s."
        )

    async def _at_first(self, place: Place, opened: Callable[[Address], Awaitable[Made]]) -> Made:
        """Return what is *opened* at the first address of *place* that it can be."""
        host, port = place.host, place.port
        *others, last = await self._resolver.candidates(host, port)
        for address in others:
            try:
                made = await opened(address)
            except ssl.SSLError:
                raise
            except OSError:
                continue
            self._resolver.confirm(host, port, address)
            return made
        made = await opened(last)
        self._resolver.confirm(host, port, last)
        return made

    async def _open_at(self, address: Address, exchange: Exchange, *, is_tls: bool) -> None:
        # uvloop's own sockets, by a literal address that it need not resolve: a third less
        # time than with a socket of ours. They never wait to send more along (TCP_NODELAY).
        if is_tls:
            # TLS with a socket of ours, or nobody could tell where TCP ended and it began.
            await self._over(await self._socket_for(exchange, address), exchange, is_tls=True)
            return
        host, port = address.literal
        began_ns = monotonic_ns()
        await self._connect(
            exchange,
            is_tls=False,
            host=host,
            port=port,
            family=address.family,
            local_addr=self._local_address(address.family),
        )
        exchange.connecting_ns = exchange.opened_ns - began_ns

    async def _over(self, connection: socket.socket, exchange: Exchange, *, is_tls: bool) -> None:
        try:
            await self._connect(exchange, is_tls=is_tls, sock=connection)
        except BaseException:
            connection.close()
            raise

    async def _connect(self, exchange: Exchange, *, is_tls: bool, **where: Any) -> None:
        loop = asyncio.get_running_loop()
        if not is_tls:
            await loop.create_connection(lambda: exchange, **where)
            return
        tls = await self._tls_context()
        began_ns = monotonic_ns()
        await loop.create_connection(
            lambda: Decrypted(exchange, self._decrypted),
            ssl=tls,
            server_hostname=self._transport.server_name or exchange.origin.host,
            ssl_handshake_timeout=_NEVER_S,
            **where,
        )
        exchange.handshaking_ns = exchange.opened_ns - began_ns

    def _local_address(self, family: int) -> tuple[str, int] | None:
        local = self._local.get(family)
        return None if local is None else (next(local), 0)

    # By way of a proxy.

    async def _open_by(self, proxy: Proxy, exchange: Exchange) -> None:
        origin = exchange.origin
        if not proxy.resolves:
            await self._at_first(
                origin, lambda address: self._dig(proxy, exchange, *address.literal)
            )
            return
        # Nobody knows here what the proxy will find, so the name itself has to be allowed.
        self._resolver.check_unresolved(origin.host)
        if exchange.forwarder is None:
            await self._dig(proxy, exchange, origin.host, origin.port)
        else:
            await self._at_proxy(
                proxy, lambda address: self._open_at(address, exchange, is_tls=False)
            )

    async def _dig(self, proxy: Proxy, exchange: Exchange, host: str, port: int) -> None:
        """Open *exchange* through a tunnel to *host* and *port*."""
        connection = await self._at_proxy(
            proxy, lambda address: self._socket_for(exchange, address)
        )
        try:
            await dig(connection, proxy, host=host, port=port)
        except BaseException:
            connection.close()
            raise
        await self._over(connection, exchange, is_tls=exchange.origin.is_tls)

    async def _at_proxy(self, proxy: Proxy, opened: Callable[[Address], Awaitable[Made]]) -> Made:
        try:
            return await self._at_first(proxy, opened)
        except (ForbiddenAddressError, TimeoutError):
            raise
        except (OSError, UnicodeError) as error:
            if error_kind(error, connected=False) in _OURS:
                raise
            raise ProxyError(
                f"The proxy {proxy.place} cannot be reached: {_reason(error)}."
            ) from None

    async def _socket_for(self, exchange: Exchange, address: Address) -> socket.socket:
        began_ns = monotonic_ns()
        connection = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            if (local := self._local_address(address.family)) is not None:
                connection.bind(local)
            await asyncio.get_running_loop().sock_connect(connection, address.sockaddr)
        except BaseException:
            connection.close()
            raise
        exchange.connecting_ns = monotonic_ns() - began_ns
        return connection

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


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror):
        return "its name does not resolve"
    number = getattr(error, "errno", None)
    # Loops word their errors each in its own way.
    return (os.strerror(number) if number else str(error)).lower()


def _by_family(addresses: tuple[str, ...]) -> dict[int, "itertools.cycle[str]"]:
    """Return *addresses* in turn, for each family that there are any of."""
    families = {4: socket.AF_INET, 6: socket.AF_INET6}
    found: dict[int, list[str]] = {}
    for address in addresses:
        family = families[ipaddress.ip_address(address.partition("%")[0]).version]
        found.setdefault(family, []).append(address)
    return {family: itertools.cycle(own) for family, own in found.items()}
