"""Where a run is listened for: a private socket, and by choice TCP, with a token and TLS."""

import asyncio
import os
import secrets
import socket
import ssl
import struct
from pathlib import Path

from vumeter.errors import UsageError
from vumeter.link.protocol import TOKEN_VARIABLE
from vumeter.model.plan import Listen
from vumeter.profiles.listening import is_loopback
from vumeter.run.doorkeeper import SHORTEST_TOKEN

_PEER_CREDENTIALS = struct.Struct("3i")


def private_socket(path: Path) -> socket.socket:
    """Return a listening place that only its owner may connect to, from the first moment on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(mask)
    listener.setblocking(False)
    return listener


def peer_uid(peer: socket.socket) -> int | None:
    """Return who is at the other end of a Unix socket; `None` where the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None  # the folder's mode has to do
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    return int(_PEER_CREDENTIALS.unpack(credentials)[1])


async def tcp_sockets(listen: Listen) -> list[socket.socket]:
    """
    Return a socket for each address of *listen*, bound.

    Raises:
        UsageError: It has no address, one is taken, or leads off this machine without TLS.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise UsageError(
            f"listen: {listen.host} has no address: {error.strerror}.",
            hint="Write the address itself.",
        ) from error
    listeners: list[socket.socket] = []
    port = listen.port
    try:
        for family, host in sorted({(each[0], str(each[4][0])) for each in found}):
            listeners.append(_bound(family, host, port, listen))
            # Of a name with two addresses and no port, both get the one that was free.
            port = listeners[0].getsockname()[1]
    except BaseException:
        for each in listeners:
            each.close()
        raise
    return listeners


def _bound(family: int, host: str, port: int, listen: Listen) -> socket.socket:
    # A name may lead elsewhere than it sounds.
    if listen.certificate is None and not is_loopback(host):
        raise UsageError(
            f"listen: {listen.host} is {host}, which other machines can reach.",
            hint="Give a certificate and its key, or listen on 127.0.0.1.",
        )
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"listen: {listen.place} cannot be listened on: {(error.strerror or '').lower()}.",
            hint="Port 0 is one that is free.",
        ) from error
    listener.setblocking(False)
    return listener


def server_tls(listen: Listen) -> ssl.SSLContext | None:
    """
    Return how *listen* is to be encrypted; `None`: it is loopback, and is not.

    Raises:
        UsageError: Its files are not what they should be.
    """
    if listen.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An empty password instead of a question on a terminal that is not there.
        context.load_cert_chain(listen.certificate, listen.key, password="")
    except OSError as error:
        files = " with ".join(filter(None, (listen.certificate, listen.key)))
        raise UsageError(
            f"listen: {files} is no certificate with its key.",
            hint="Both have to be PEM, belong together, and the key must not be encrypted.",
        ) from error
    return context


def taken_token(path: Path) -> str:
    """
    Return the token of this run: the environment's, or a new one, which is written to *path*.

    It is taken out of the environment: neither workers nor an alert's commands inherit it.

    Raises:
        UsageError: The environment's can be guessed, or cannot be sent.
    """
    given = os.environ.pop(TOKEN_VARIABLE, None)
    if given is not None:
        if len(given) < SHORTEST_TOKEN or not given.isascii() or not given.isprintable():
            raise UsageError(
                f"{TOKEN_VARIABLE} is no token: at least {SHORTEST_TOKEN} characters of ASCII.",
                hint="Leave it away, and one is made.",
            )
        return given
    token = secrets.token_urlsafe(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    return token
