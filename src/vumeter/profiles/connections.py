"""From [http] to a transport, and from [listen]: files found, addresses read; and back."""

import ipaddress
from pathlib import Path

from vumeter.errors import UsageError
from vumeter.model.plan import (
    HostOverride,
    HttpVersion,
    IpFamily,
    Listen,
    Proxy,
    TlsVersion,
    Transport,
)
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.listening import listen_of
from vumeter.profiles.models import HttpTable, ListenTable
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.proxies import proxy_of, url_of

_HTTP: KeyPath = ("http",)


def transport_of(table: HttpTable, *, folder: Path, problems: Problems) -> Transport:
    """Return the transport that *table* describes; what is wrong with it is in *problems*."""
    files = {
        key: _file(getattr(table, key), (*_HTTP, key), folder=folder, problems=problems)
        for key in ("authorities", "certificate", "certificate_key")
    }
    if table.certificate_key is not None and table.certificate is None:
        problems.add((*_HTTP, "certificate_key"), "there is no certificate that it is the key of.")
    overrides = (_override(host, address, problems) for host, address in table.overrides.items())
    for index, address in enumerate(table.local_addresses):
        if not _is_address(address):
            problems.add(
                (*_HTTP, "local_addresses", index),
                f"{quoted(address)} is not an address.",
                hint='Write for example "10.0.0.7".',
            )
    return Transport(
        authorities=files["authorities"],
        certificate=files["certificate"],
        certificate_key=files["certificate_key"],
        server_name=table.server_name,
        tls_minimum=table.tls_minimum,
        overrides=tuple(each for each in overrides if each is not None),
        ip_family=table.ip_family,
        local_addresses=tuple(table.local_addresses),
        http_version=table.version,
        proxy=_proxy(table, problems),
    )


def transport_written(transport: Transport) -> dict[str, object]:
    """Return what [http] says of *transport*: what is not as by default."""
    written: dict[str, object] = {
        key: value
        for key in ("authorities", "certificate", "certificate_key", "server_name")
        if (value := getattr(transport, key)) is not None
    }
    if transport.tls_minimum is not TlsVersion.TLS_1_2:
        written["tls_minimum"] = transport.tls_minimum.value
    if transport.overrides:
        written["overrides"] = {
            _place(each.host, each.port): _place(each.address, each.address_port)
            for each in transport.overrides
        }
    if transport.ip_family is not IpFamily.ANY:
        written["ip_family"] = transport.ip_family.value
    if transport.local_addresses:
        written["local_addresses"] = list(transport.local_addresses)
    if transport.http_version is not HttpVersion.HTTP_1_1:
        written["version"] = transport.http_version.value
    if transport.proxy is not None:
        written["proxy"] = url_of(transport.proxy)
        if transport.proxy.direct_hosts:
            written["no_proxy"] = list(transport.proxy.direct_hosts)
    return written


def listen_from(table: ListenTable, *, folder: Path, problems: Problems) -> Listen | None:
    """Return what [listen] says; what is wrong with it is in *problems*."""
    files = {
        key: _file(name, ("listen", key), folder=folder, problems=problems)
        for key in ("certificate", "key")
        if (name := getattr(table, key)) is not None
    }
    try:
        return listen_of(table.address, **files)
    except UsageError as error:
        problems.add(("listen", "address"), error.message, hint=error.hint)
        return None


def listen_written(listen: Listen | None) -> dict[str, object]:
    """Return *listen* as the part of a profile that it is; none where there is no such thing."""
    if listen is None:
        return {}
    files = {"certificate": listen.certificate, "key": listen.key}
    known = {key: name for key, name in files.items() if name is not None}
    return {"listen": {"address": listen.place} | known}


def _file(name: str | None, at: KeyPath, *, folder: Path, problems: Problems) -> str | None:
    if name is None:
        return None
    path = (folder / name).absolute()
    if not path.is_file():
        problems.add(at, f"there is no file {quoted(name)}.", hint=f"It is looked for at {path}.")
    return str(path)


def _proxy(table: HttpTable, problems: Problems) -> Proxy | None:
    if table.proxy is None:
        if table.no_proxy:
            problems.add((*_HTTP, "no_proxy"), "there is no proxy that these go without.")
        return None
    try:
        return proxy_of(table.proxy, table.no_proxy)
    except UsageError as error:
        problems.add((*_HTTP, "proxy"), error.message, hint=error.hint)
        return None


def _override(host: str, address: str, problems: Problems) -> HostOverride | None:
    source, destination = _parted(host), _parted(address)
    if source is None or destination is None:
        problems.add(
            (*_HTTP, "overrides", host),
            f"{quoted(address if source else host)} is not host and port.",
            hint='Write "shop.example:443" = "127.0.0.1:8443".',
        )
        return None
    return HostOverride(
        host=source[0].lower(),
        port=source[1],
        address=destination[0],
        address_port=destination[1],
    )


def _parted(text: str) -> tuple[str, int] | None:
    """Return host and port in *text*: "shop:80", "[::1]:80"."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    if host.startswith("[") != host.endswith("]") or (":" in host and host[0] != "["):
        return None
    return host.strip("[]"), int(port)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
