"""
Load goes to this machine and to private networks freely; anywhere else only with consent.

The check is on addresses, after name resolution: a harmless name may stand for a stranger.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from vumeter.errors import TargetError
from vumeter.model.plan import Plan

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


async def check_targets(plan: Plan) -> None:
    """
    Return when load may be sent to every host of *plan*.

    Raises:
        TargetError: A host is not ours to load, or cannot be resolved.
    """
    loop = asyncio.get_running_loop()
    for host in hosts(plan):
        if is_allowed(host, plan.limits.allow_hosts):
            continue
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TargetError(
                f'The host "{host}" cannot be resolved: {_reason(error)}.',
                hint="Is the name spelled right, and can this machine reach its name server?",
            ) from error
        refuse_strangers(host, (str(entry[4][0]) for entry in found))


def hosts(plan: Plan) -> list[str]:
    """Return every host that *plan* sends requests to, once, in the plan's order."""
    requests = [
        request
        for scenario in plan.scenarios
        for request in (*scenario.on_start, *(choice.request for choice in scenario.mix))
    ]
    return list(dict.fromkeys(urlsplit(request.url).hostname or "" for request in requests))


def is_allowed(host: str, allow_hosts: Iterable[str]) -> bool:
    """
    Return whether *host* was consented to by name; "*.example.com" stands for all below it.

    >>> is_allowed("api.example.com", ["*.example.com"]), is_allowed("example.org", [])
    (True, False)
    """
    name = host.lower().rstrip(".")
    return any(
        name.endswith(allowed[1:]) if allowed.startswith("*.") else name == allowed
        for allowed in (entry.lower().rstrip(".") for entry in allow_hosts)
    )


def refuse_strangers(host: str, addresses: Iterable[str]) -> None:
    """
    Return when each of *addresses*, which *host* stands for, is free to be loaded.

    Raises:
        TargetError: One is not.
    """
    for text in addresses:
        if not is_free(ipaddress.ip_address(text.partition("%")[0])):
            named = "" if text == host else f" ({text})"
            raise TargetError(
                f'"{host}"{named} is neither this machine nor a private network.',
                hint=f"If you may load it, say so: --allow-host {host}",
            )


def is_free(address: Address) -> bool:
    """Return whether load may be sent to *address* without asking: loopback and private ones."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_free(address.ipv4_mapped)
    # 169.254.169.254 and its like answer for a whole cloud: not ours, though "private".
    return address.is_loopback or (address.is_private and not address.is_link_local)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not a host name"
