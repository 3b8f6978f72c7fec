"""
Load goes to this machine and to private networks freely; anywhere else only with consent.

The check is on addresses, after name resolution: a harmless name may stand for a stranger.
`client.addresses` has the rule itself and asks it again for every connection; asked here,
before the start, it is a message and not a million errors.
"""

import asyncio
import socket

from vumeter.client.addresses import is_allowed, is_allowed_unresolved
from vumeter.client.origin import origin_of
from vumeter.errors import TargetError
from vumeter.model.plan import Plan


async def check_targets(plan: Plan) -> None:
    """
    Return when load may be sent to every host of *plan*.

    Raises:
        TargetError: A host is not ours to load, or cannot be resolved.
    """
    loop = asyncio.get_running_loop()
    for host, place in places(plan):
        try:
            found = await loop.getaddrinfo(place, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TargetError(
                f'The host "{place}" cannot be resolved: {_reason(error)}.',
                hint="Is the name spelled right, and can this machine reach its name server?",
            ) from error
        for entry in found:
            ip = str(entry[4][0])
            if not is_allowed(ip, host=host, allow_hosts=plan.limits.allow_hosts):
                raise _stranger(host, ip)
    for host in _unresolved(plan):
        if not is_allowed_unresolved(host, plan.limits.allow_hosts):
            raise TargetError(
                f'"{host}" is resolved by the proxy, and nobody knows here where it leads.',
                hint=f"If you may send load there, say so: --allow-host {host}",
            )


def places(plan: Plan) -> list[tuple[str, str]]:
    """
    Return the hosts that connections of *plan* are made to, each once, the proxy first, with
    where they are looked up.
    """
    overrides = {(each.host, each.port): each.address for each in plan.transport.overrides}
    proxy = plan.transport.proxy
    found = [(origin.host, origin.port) for origin in map(origin_of, plan.urls)]
    if proxy is not None:
        unresolved = _unresolved(plan)
        found = [each for each in found if each[0] not in unresolved]
        found.insert(0, (proxy.host, proxy.port))
    return list(dict.fromkeys((host, overrides.get((host, port), host)) for host, port in found))


def _unresolved(plan: Plan) -> list[str]:
    """Return the hosts of *plan* that nobody looks up here, because a proxy does."""
    proxy = plan.transport.proxy
    if proxy is None or not proxy.resolves:
        return []
    hosts = dict.fromkeys(origin_of(url).host for url in plan.urls)
    return [host for host in hosts if proxy.is_for(host)]


def _stranger(host: str, ip: str) -> TargetError:
    named = "" if ip == host else f" ({ip})"
    return TargetError(
        f'"{host}"{named} is neither this machine nor in a private network.',
        hint=f"If you may send load there, say so: --allow-host {host}",
    )


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not a host name"
