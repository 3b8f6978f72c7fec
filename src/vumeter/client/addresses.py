"""Names to addresses: asked once in a while, in turn, and only where load may go."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from vumeter.client.failures import ForbiddenAddressError
from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.model.plan import HostOverride, IpFamily

KEPT_S = 30.0
FAILURE_KEPT_S = 1.0
"""So that many VUs of a name that does not resolve ask once a second, not once each."""


_FAMILIES = {IpFamily.IPV4: socket.AF_INET, IpFamily.IPV6: socket.AF_INET6}

# Spelled out: ipaddress's `is_private` is true of every range that is not for the internet at
# large, those for documentation and benchmarks included, which routers may well pass on.
_FREE_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "0.0.0.0/32",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "::/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""
Loopback (which Linux also reaches as the unspecified address), RFC 1918, unique local (RFC 4193)
and link-local addresses.
"""

SockAddress = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


class Address(NamedTuple):
    """Where a socket connects to."""

    family: int
    sockaddr: SockAddress

    @property
    def literal(self) -> tuple[str, int]:
        """Address and port as text and number, with the zone of a link-local one."""
        host, port, *rest = self.sockaddr
        zone = rest[1] if len(rest) == 2 else 0
        return (f"{host}%{zone}" if zone else str(host), int(port))


def is_allowed_unresolved(host: str, allow_hosts: Iterable[str]) -> bool:
    """
    Return whether load may go to *host*, whatever somebody else finds its address to be.

    >>> is_allowed_unresolved("shop.example", ()), is_allowed_unresolved("127.0.0.1", ())
    (False, True)
    """
    if host.lower() == "localhost":
        return True
    try:
        return is_allowed(host, host=host, allow_hosts=allow_hosts)
    except ValueError:
        # A name that is not among those allowed.
        return False


def is_allowed(ip: str, *, host: str, allow_hosts: Iterable[str]) -> bool:
    """
    Return whether load may go to *ip*, which *host* resolved to.

    Loopback and private addresses are free; every other needs its host in *allow_hosts*.

    >>> is_allowed("127.0.0.1", host="localhost", allow_hosts=())
    True
    >>> is_allowed("93.184.215.14", host="example.org", allow_hosts=())
    False
    >>> is_allowed("192.0.2.1", host="documentation.example", allow_hosts=())
    False
    """
    if host.lower() in {allowed.lower() for allowed in allow_hosts}:
        return True
    address = ipaddress.ip_address(ip.partition("%")[0])
    # An IPv4 address in IPv6 clothes counts as "private" by itself, wherever it leads.
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(
        address.version == network.version and address in network for network in _FREE_NETWORKS
    )


class _Known(NamedTuple):
    addresses: tuple[Address, ...]
    error: OSError | UnicodeError | None
    until_ns: int


async def system_addresses(host: str, port: int) -> list[Address]:
    """Ask the system for the addresses of *host*, without holding up the loop."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


class Resolver:
    """
    Addresses of hosts, kept for `KEPT_S` and given out in turn.

    Where a host has addresses of both families, the one that a connection was made with
    first is kept to: "localhost" is ::1 and 127.0.0.1, and most servers listen on one.
    """

    def __init__(
        self,
        *,
        allow_hosts: Iterable[str] = (),
        overrides: Iterable[HostOverride] = (),
        ip_family: IpFamily = IpFamily.ANY,
        ask: Callable[[str, int], Awaitable[list[Address]]] = system_addresses,
        clock: NsClock = monotonic_ns,
    ) -> None:
        self._look_up = ask
        self._allow_hosts = tuple(allow_hosts)
        self._overrides = {
            (override.host, override.port): (override.address, override.address_port)
            for override in overrides
        }
        self._wanted_family = _FAMILIES.get(ip_family)
        self._clock = clock
        self._known: dict[tuple[str, int], _Known] = {}
        self._asking: dict[tuple[str, int], asyncio.Lock] = {}
        self._family: dict[tuple[str, int], int] = {}
        self._turn = 0

    def settled(self, host: str, port: int) -> Address | None:
        """
        Return the next address to connect to, where that is known without asking anybody.

        Without the coroutines of `candidates`, which take 3 µs of a connect's 80.
        """
        key = (host, port)
        known, family = self._known.get(key), self._family.get(key)
        if known is None or family is None or known.error is not None:
            return None
        if known.until_ns <= self._clock():
            return None
        self._turn += 1
        addresses = tuple(a for a in known.addresses if a.family == family) or known.addresses
        return addresses[self._turn % len(addresses)]

    async def candidates(self, host: str, port: int) -> tuple[Address, ...]:
        """
        Return the next address to connect to, and one of the other family while it is open
        which of the two works.

        Raises:
            OSError, UnicodeError: The name does not resolve.
            ForbiddenAddressError: It does, to where no load may go.
        """
        settled = self.settled(host, port)
        if settled is not None:
            return (settled,)
        addresses = await self._addresses(host, port)
        self._turn += 1
        chosen = self._family.get((host, port))
        if chosen is not None:
            addresses = tuple(a for a in addresses if a.family == chosen) or addresses
        first = addresses[self._turn % len(addresses)]
        others = (a for a in addresses if a.family != first.family)
        other = next(others, None) if chosen is None else None
        return (first,) if other is None else (first, other)

    def check_unresolved(self, host: str) -> None:
        """
        Refuse *host*, which a proxy resolves, unless load may go there whatever it finds.

        Raises:
            ForbiddenAddressError: No load may go there.
        """
        if not is_allowed_unresolved(host, self._allow_hosts):
            raise ForbiddenAddressError(
                f"{host} is resolved by the proxy, so that nobody knows here where it leads:"
                " it has to be among the hosts that are allowed"
            )

    def confirm(self, host: str, port: int, address: Address) -> None:
        """Keep to the family of *address*: a connection to it was made."""
        self._family.setdefault((host, port), address.family)

    async def _addresses(self, host: str, port: int) -> tuple[Address, ...]:
        key = (host, port)
        known = self._known.get(key)
        if known is None or known.until_ns <= self._clock():
            # One question at a time: those who wait find its answer.
            async with self._asking.setdefault(key, asyncio.Lock()):
                known = self._known.get(key)
                if known is None or known.until_ns <= self._clock():
                    known = self._known[key] = await self._ask(host, port)
        if known.error is not None:
            # Raised again and again: without the cut, its traceback would grow each time.
            raise known.error.with_traceback(None)
        return known.addresses

    async def _ask(self, host: str, port: int) -> _Known:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            return _Known((), error, self._clock() + round(FAILURE_KEPT_S * NANOSECONDS_PER_S))
        return _Known(addresses, None, self._clock() + round(KEPT_S * NANOSECONDS_PER_S))

    async def _resolve(self, host: str, port: int) -> tuple[Address, ...]:
        place = self._overrides.get((host, port), (host, port))
        found = dict.fromkeys(await self._look_up(*place))
        wanted = self._wanted_family
        addresses = tuple(a for a in found if wanted is None or a.family == wanted)
        if not addresses:
            version = "IPv4" if wanted == socket.AF_INET else "IPv6"
            raise socket.gaierror(socket.EAI_NONAME, f"it has no {version} address")
        allowed = tuple(
            address
            for address in addresses
            if is_allowed(str(address.sockaddr[0]), host=host, allow_hosts=self._allow_hosts)
        )
        if not allowed:
            raise ForbiddenAddressError(
                f"{host} is {addresses[0].sockaddr[0]}, neither loopback nor private"
                " nor among the hosts that were allowed"
            )
        return allowed
