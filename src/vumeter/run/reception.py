"""
Who knocks over TCP: let in to show the token, a few at a time and for a moment.

Whoever has shown it stays as long as they like. The others can be anybody: without a bound,
some hundred connections that say nothing would use up the run's descriptors.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from functools import partial

from vumeter.clock import monotonic_ns
from vumeter.run.doorkeeper import Complaints, Refusal

MOST_STRANGERS = 64
"""At the same time; one more, and the one who has waited longest is turned away."""

_OUT_OF_DESCRIPTORS_S = 0.2
_CROWDED_OUT = Refusal(429, f"more than {MOST_STRANGERS} at a time had not shown a token")

Protocols = Callable[[], asyncio.Protocol]
"""Makes what speaks HTTP on a connection."""


class Reception:
    """
    Takes in callers at *listeners*. Use once: `run` until it is cancelled.

    Args:
        listeners: Bound; closed at the end.
        protocols: What serves them.
        tls: How it is encrypted; `None`: not.
        tell: Called with what there is to say of those who were turned away.
        patience_s: How long one has for TLS and the token.
    """

    def __init__(
        self,
        listeners: Iterable[socket.socket],
        protocols: Protocols,
        *,
        tls: ssl.SSLContext | None,
        tell: Callable[[str], None],
        patience_s: float,
    ) -> None:
        self._listeners = tuple(listeners)
        for listener in self._listeners:
            # From now on nobody is refused, who is told of it before `run` has begun.
            listener.listen(MOST_STRANGERS)
        self._protocols = protocols
        self._tls = tls
        self._tell = tell
        self._patience_s = patience_s
        self._complaints = Complaints()
        # In the order in which they have come.
        self._strangers: dict[_Stranger, asyncio.Task[None]] = {}

    def know(self, transport: asyncio.BaseTransport | None) -> None:
        """Who is at the other end of *transport* has shown the token."""
        for stranger in self._strangers:
            if stranger.transport is transport:
                stranger.is_known.set()
                return

    async def run(self) -> None:
        """Take in callers until this is cancelled; those who are strangers then are sent away."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for listener in self._listeners:
                    tasks.create_task(self._accept(listener, tasks), name="reception")
        finally:
            for listener in self._listeners:
                listener.close()

    async def _accept(self, listener: socket.socket, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                plug, address = await loop.sock_accept(listener)
            except OSError:
                # Whoever knocked has gone again, or there is no descriptor left.
                await asyncio.sleep(_OUT_OF_DESCRIPTORS_S)
                continue
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._make_room()
            stranger = _Stranger(plug, peer=str(address[0]))
            task = tasks.create_task(self._receive(stranger), name="stranger")
            self._strangers[stranger] = task
            task.add_done_callback(partial(self._part_with, stranger))
            # Where many wait at the door, accepting one more never has to wait.
            await asyncio.sleep(0)

    def _make_room(self) -> None:
        for stranger in [it for it in self._strangers if it.is_gone]:
            self._strangers.pop(stranger).cancel()
        if len(self._strangers) >= MOST_STRANGERS:
            oldest = next(iter(self._strangers))
            self._strangers.pop(oldest).cancel()
            self._complain(_CROWDED_OUT, oldest)

    async def _receive(self, stranger: "_Stranger") -> None:
        """Stay with *stranger* until the token was shown, or for as long as that may take."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience_s):
                stranger.transport, _ = await loop.connect_accepted_socket(
                    self._protocols, stranger.plug, ssl=self._tls
                )
                await stranger.is_known.wait()
        except TimeoutError:
            if not stranger.is_gone:
                self._complain(Refusal(408, f"no token within {self._patience_s:g} s"), stranger)
        except OSError:
            return  # no TLS, or gone before it was spoken

    def _part_with(self, stranger: "_Stranger", _: asyncio.Task[None]) -> None:
        self._strangers.pop(stranger, None)
        if not stranger.is_known.is_set():
            stranger.send_away()

    def _complain(self, refusal: Refusal, stranger: "_Stranger") -> None:
        line = self._complaints.line(refusal, peer=stranger.peer, at_ns=monotonic_ns())
        if line:
            self._tell(line)


class _Stranger:
    """A connection on which no token was shown yet."""

    def __init__(self, plug: socket.socket, *, peer: str) -> None:
        self.plug = plug
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        """`None` until TLS is spoken."""
        self.is_known = asyncio.Event()

    @property
    def is_gone(self) -> bool:
        """Whether the connection has ended."""
        return self.transport is not None and self.transport.is_closing()

    def send_away(self) -> None:
        """End the connection at once."""
        if self.transport is None:
            self.plug.close()
        else:
            self.transport.abort()
