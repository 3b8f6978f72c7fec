"""
Tunnels through proxies: HTTP's CONNECT (RFC 9110, 9.3.6) and SOCKS5 (RFC 1928 and 1929).

Our own, because what there is for CONNECT takes the proxy's answer to be whole in one read, and
the rest of it for TLS; SOCKS5 beside it are some forty lines.
"""

import asyncio
import ipaddress
import re
import socket
from base64 import b64encode
from http import HTTPStatus

from vumeter.client.failures import ProxyError
from vumeter.client.origin import encoded
from vumeter.model.plan import Proxy, ProxyKind

_HEAD_LIMIT_BYTES = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_VERSION = 5
_NO_LOGIN, _PASSWORD = 0, 2
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_REFUSALS = {
    1: "general failure",
    2: "its rules do not allow it",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "it knows no such command",
    8: "it knows no such kind of address",
}


async def dig(connection: socket.socket, proxy: Proxy, *, host: str, port: int) -> None:
    """
    Make *connection*, which leads to *proxy*, one to *host* and *port*.

    Raises:
        ProxyError: The proxy makes none.
    """
    tunnel = _Tunnel(connection, proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    try:
        if proxy.kind is ProxyKind.HTTP:
            await tunnel.connect()
        else:
            await tunnel.log_in()
            await tunnel.lead_to(host, port)
    except ConnectionError:
        raise tunnel.error("broke the connection off") from None


def authorization(proxy: Proxy) -> bytes:
    """Return the header that names user and password to an HTTP proxy; empty: it has none."""
    if proxy.user is None:
        return b""
    pair = f"{proxy.user}:{proxy.password or ''}".encode()
    return b"Proxy-Authorization: Basic " + b64encode(pair) + b"\r\n"


class _Tunnel:
    """The conversation with a proxy, until it steps aside."""

    def __init__(self, connection: socket.socket, proxy: Proxy, place: str) -> None:
        self._connection = connection
        self._proxy = proxy
        self._place = place
        self._instead_of = f"making a connection to {place}"
        self._loop = asyncio.get_running_loop()

    def error(self, what: str) -> ProxyError:
        """Return what went wrong, as an error of the proxy."""
        return ProxyError(f"The proxy {self._proxy.place} {what}.")

    # HTTP

    async def connect(self) -> None:
        """Ask an HTTP proxy for a tunnel."""
        place = encoded(self._place)
        await self._send(
            b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n"
            % (place, place, authorization(self._proxy))
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await self._received(4096)
            if len(answer) > _HEAD_LIMIT_BYTES:
                raise self.error("answers without end")
        match = _STATUS.match(answer)
        if match is None:
            raise self.error("does not speak HTTP")
        status = int(match[1])
        if not 200 <= status < 300:
            raise self.error(self._refusal(status))
        if not answer.endswith(b"\r\n\r\n") or answer.count(b"\r\n\r\n") > 1:
            raise self.error("goes on after its answer, before anything was sent")

    def _refusal(self, status: int) -> str:
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return _wants_login(self._proxy) + " (407)"
        known = {each.value: each.phrase for each in HTTPStatus}
        phrase = known.get(status, "").lower()
        return f"makes no connection to {self._place}: {status} {phrase}".rstrip()

    # SOCKS5

    async def log_in(self) -> None:
        """Agree with a SOCKS proxy on who is there."""
        user, password = self._proxy.user, self._proxy.password or ""
        making, self._instead_of = self._instead_of, "letting anybody in (user and password)"
        methods = bytes([_NO_LOGIN]) if user is None else bytes([_NO_LOGIN, _PASSWORD])
        await self._send(bytes([_VERSION, len(methods)]) + methods)
        version, method = await self._exactly(2)
        if version != _VERSION:
            raise self.error("does not speak SOCKS5")
        if method not in methods:
            raise self.error(_wants_login(self._proxy))
        if method == _PASSWORD:
            assert user is not None, "else the method was not offered"
            name, word = user.encode(), password.encode()
            await self._send(b"\1%c%b%c%b" % (len(name), name, len(word), word))
            _, outcome = await self._exactly(2)
            if outcome != 0:
                raise self.error(_wants_login(self._proxy))
        self._instead_of = making

    async def lead_to(self, host: str, port: int) -> None:
        """Ask a SOCKS proxy for a connection."""
        asked = bytes([_VERSION, _CONNECT, 0]) + _socks_address(host) + port.to_bytes(2, "big")
        await self._send(asked)
        version, reply = await self._exactly(2)
        if version != _VERSION:
            raise self.error("does not speak SOCKS5")
        if reply != 0:
            reason = _REFUSALS.get(reply, f"reply {reply}")
            raise self.error(f"makes no connection to {self._place}: {reason}")
        _, kind = await self._exactly(2)
        size = _ADDRESS_BYTES.get(kind)
        if size is None:
            (size,) = await self._exactly(1)
        # Where it connects from: nobody asked.
        await self._exactly(size + 2)

    # Bytes

    async def _send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._connection, data)

    async def _received(self, most: int) -> bytes:
        data = await self._loop.sock_recv(self._connection, most)
        if not data:
            raise self.error(f"closes the connection instead of {self._instead_of}")
        return data

    async def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += await self._received(size - len(data))
        return data


def _wants_login(proxy: Proxy) -> str:
    if proxy.user is None:
        return "wants a user and a password: write them into its URL"
    return "does not accept the user and the password"


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = encoded(host)
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed
