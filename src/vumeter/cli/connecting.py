"""How connections are made, as flags say it, and whether they can be made so from here."""

import ipaddress
import re
import socket
from pathlib import Path

from msgspec.structs import replace

from vumeter.cli.planning import Wishes
from vumeter.client.origin import origin_of
from vumeter.client.tls import tls_context
from vumeter.errors import UsageError
from vumeter.model.plan import (
    HostOverride,
    HttpVersion,
    IpFamily,
    Plan,
    Proxy,
    TlsVersion,
    Transport,
)
from vumeter.profiles.proxies import direct_hosts, proxy_of

_RESOLVE = re.compile(
    r"(?P<host>\[[^\]]+\]|[^:\[\]]+):(?P<port>\d+):"
    r"(?:(?P<address>\[[^\]]+\]|[^:\[\]]+)(?::(?P<to>\d+))?|(?P<bare>[0-9A-Fa-f:.]+))"
)
_HIGHEST_PORT = 65_535


def connected(plan: Plan, wishes: Wishes) -> Plan:
    """
    Return *plan*, whose connections are made as the flags say.

    Raises:
        UsageError: A flag cannot be meant as it was given, or they cannot be made so.
    """
    plan = replace(plan, transport=transport_of(wishes, plan.transport))
    check_connections(plan)
    return plan


def transport_of(wishes: Wishes, transport: Transport) -> Transport:
    """
    Return *transport* with what the flags say instead.

    Raises:
        UsageError: A flag cannot be meant as it was given.
    """
    if wishes.ipv4 and wishes.ipv6:
        raise UsageError("-4 and -6 are given, and a connection has one of them.")
    if wishes.key is not None and wishes.cert is None:
        raise UsageError("--key: there is no --cert that it is the key of.")
    changed: dict[str, object] = {}
    if wishes.cacert is not None:
        changed["authorities"] = _absolute(wishes.cacert)
    if wishes.cert is not None:
        changed["certificate"] = _absolute(wishes.cert)
        changed["certificate_key"] = None if wishes.key is None else _absolute(wishes.key)
    if wishes.server_name is not None:
        changed["server_name"] = wishes.server_name
    if wishes.tls_minimum is not None:
        changed["tls_minimum"] = _version(wishes.tls_minimum)
    if wishes.ipv4 or wishes.ipv6:
        changed["ip_family"] = IpFamily.IPV4 if wishes.ipv4 else IpFamily.IPV6
    if wishes.local_addresses:
        changed["local_addresses"] = wishes.local_addresses
    if wishes.resolve:
        # Of two for one place, the command line's holds.
        overrides = {(each.host, each.port): each for each in transport.overrides}
        overrides |= {(each.host, each.port): each for each in map(_override, wishes.resolve)}
        changed["overrides"] = tuple(overrides.values())
    if wishes.http_version is not None:
        changed["http_version"] = _http_version(wishes.http_version)
    changed |= _proxy(wishes, transport)
    return replace(transport, **changed)


def check_connections(plan: Plan) -> None:
    """
    Find out what a worker would: whether files can be used, and addresses are this machine's.

    Raises:
        UsageError: Not so.
    """
    transport = plan.transport
    if transport.authorities is not None or transport.certificate is not None:
        tls_context(verify=plan.verify_tls, transport=transport)
    for address in transport.local_addresses:
        _check_local(address)
    if transport.proxy is not None and transport.proxy.resolves:
        _check_overrides(plan, transport.proxy)


def _check_overrides(plan: Plan, proxy: Proxy) -> None:
    """Refuse overrides that have no say, because the proxy resolves the names."""
    overridden = {(override.host, override.port) for override in plan.transport.overrides}
    for url in plan.urls:
        origin = origin_of(url)
        if (origin.host, origin.port) in overridden and proxy.is_for(origin.host):
            raise UsageError(
                f"{origin.host} is to be elsewhere, but the proxy finds out where it is.",
                hint="Names are resolved here with a socks5:// proxy, and for hosts that go"
                " without one (no_proxy).",
            )


def _check_local(address: str) -> None:
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        raise UsageError(f'"{address}" is not an address.', hint='Write "10.0.0.7".') from None
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        raise UsageError(
            f"Connections cannot come from {address}: {(error.strerror or str(error)).lower()}.",
            hint='It has to be an address of this machine; "ip address" lists them.',
        ) from None


def _override(text: str) -> HostOverride:
    match = _RESOLVE.fullmatch(text)
    if match is None or not all(
        0 < int(port) <= _HIGHEST_PORT for port in (match["port"], match["to"] or 1)
    ):
        raise UsageError(
            f'--resolve: "{text}" is not HOST:PORT:ADDRESS.',
            hint='Write for example "shop.example:443:127.0.0.1" or "shop.example:443:[::1]:8443".',
        )
    return HostOverride(
        host=match["host"].strip("[]").lower(),
        port=int(match["port"]),
        address=(match["address"] or match["bare"]).strip("[]"),
        address_port=int(match["to"] or match["port"]),
    )


def _version(text: str) -> TlsVersion:
    try:
        return TlsVersion(text)
    except ValueError:
        known = " or ".join(f'"{version.value}"' for version in TlsVersion)
        raise UsageError(
            f'--tls-min: "{text}" is not spoken here.', hint=f"Write {known}."
        ) from None


def _http_version(text: str) -> HttpVersion:
    try:
        return HttpVersion(text)
    except ValueError:
        raise UsageError(
            f'--http-version: "{text}" is not spoken here.', hint='Write "1.1" or "1.0".'
        ) from None


def _proxy(wishes: Wishes, transport: Transport) -> dict[str, object]:
    if wishes.proxy is None:
        if not wishes.no_proxy:
            return {}
        if transport.proxy is None:
            raise UsageError("--no-proxy: there is no proxy that these hosts go without.")
        direct = (*transport.proxy.direct_hosts, *direct_hosts(wishes.no_proxy))
        return {"proxy": replace(transport.proxy, direct_hosts=direct)}
    try:
        return {"proxy": proxy_of(wishes.proxy, wishes.no_proxy)}
    except UsageError as error:
        raise UsageError(f"--proxy: {error.message}", hint=error.hint) from None


def _absolute(path: Path) -> str:
    # The workers have a working directory of their own.
    return str(path.absolute())
