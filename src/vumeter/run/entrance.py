"""The ways into a run's control API: opened, watched and closed again."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from vumeter.clock import monotonic_ns
from vumeter.link.protocol import ADDRESS_NAME, TOKEN_NAME
from vumeter.model.frame import EventLevel
from vumeter.model.plan import Listen
from vumeter.run.doorkeeper import (
    Caller,
    Complaints,
    Refusal,
    refusal_of_caller,
    refusal_of_user,
)
from vumeter.run.doors import peer_uid, private_socket, server_tls, taken_token, tcp_sockets
from vumeter.run.reception import Reception
from vumeter.run.writing import write_whole

PATIENCE_S = 10.0
"""How long a caller over TCP has for TLS and the token."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

Tell = Callable[[str, EventLevel], None]
"""Writes into the event log."""


class Entrance:
    """
    The socket, and TCP where the plan says so. Use once.

    Args:
        path: Of the socket; token and address are written beside it.
        listen: `None`: no TCP.
        tell: Called with what happens here.
        what: What is behind it, in words.
    """

    def __init__(
        self, path: Path, listen: Listen | None, *, tell: Tell, what: str = "the control API"
    ) -> None:
        self._path = path
        self._listen = listen
        self._tell = tell
        self._what = what
        self._token = ""
        self._complaints = Complaints()
        self._reception: Reception | None = None
        self._receiving: asyncio.Task[None] | None = None

    async def open(self, runner: web.AppRunner) -> None:
        """
        Let callers come to *runner*.

        Raises:
            UsageError: TCP cannot be listened on as the plan wants it.
        """
        await web.SockSite(runner, private_socket(self._path)).start()
        if self._listen is not None:
            await self._open_tcp(runner, self._listen)

    async def close(self) -> None:
        """Let nobody else in over TCP, and take away what was written beside the socket."""
        if self._receiving is not None:
            self._receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._receiving
        for name in (TOKEN_NAME, ADDRESS_NAME):
            self._path.with_name(name).unlink(missing_ok=True)

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hand *request* on, or refuse whoever sent it."""
        refusal = self._refusal(request)
        if refusal is None:
            if self._reception is not None:
                self._reception.know(request.transport)
            return await handler(request)
        line = self._complaints.line(refusal, peer=_peer(request), at_ns=monotonic_ns())
        if line:
            self._tell(line, EventLevel.WARNING)
        headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else None
        return web.Response(status=refusal.status, text=refusal.text, headers=headers)

    async def _open_tcp(self, runner: web.AppRunner, listen: Listen) -> None:
        context = server_tls(listen)
        token = self._path.with_name(TOKEN_NAME)
        self._token = taken_token(token)
        listeners = await tcp_sockets(listen)
        assert runner.server is not None, "it was set up"
        self._reception = Reception(
            listeners,
            runner.server,
            tls=context,
            tell=lambda line: self._tell(line, EventLevel.WARNING),
            patience_s=PATIENCE_S,
        )
        self._receiving = asyncio.create_task(self._reception.run(), name="reception")
        address = _address(listen, listeners[0], context)
        write_whole(self._path.with_name(ADDRESS_NAME), f"{address}\n".encode(), mode=0o600)
        shown = f"; its token is in {token}" if token.exists() else ""
        self._tell(f"{self._what} is at {address}{shown}", EventLevel.INFO)

    def _refusal(self, request: web.Request) -> Refusal | None:
        peer = _plug(request)
        if peer is None:
            return Refusal(400, "gone")
        if peer.family == socket.AF_UNIX:
            return refusal_of_user(peer_uid(peer), own_uid=os.getuid())
        assert self._listen is not None, "nothing else listens on TCP"
        caller = Caller(
            host=request.host,
            origin=request.headers.get("Origin"),
            authorization=request.headers.get("Authorization"),
        )
        return refusal_of_caller(caller, token=self._token, listen=self._listen)


def _address(listen: Listen, listener: socket.socket, context: ssl.SSLContext | None) -> str:
    scheme = "http" if context is None else "https"
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def is_over_tcp(request: web.Request) -> bool:
    """Whether the way to the caller may break without either end being told."""
    plug = _plug(request)
    return plug is not None and plug.family != socket.AF_UNIX


def _plug(request: web.Request) -> socket.socket | None:
    return None if request.transport is None else request.transport.get_extra_info("socket")


def _peer(request: web.Request) -> str:
    return request.remote or "another user"
