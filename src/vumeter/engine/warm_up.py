"""Connections for the first arrivals, opened before these are due."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from vumeter.client.connector import Connector
from vumeter.client.origin import Origin
from vumeter.engine.virtual_user import VirtualUser

_AT_ONCE = 16
"""Fewer than any server lets wait to be accepted."""
_SPAN_S = 0.02
"""
So much of the rate: it is how many are under way at once where an answer takes 20 ms (Little's
law), or where the generator itself was held up for so long.
"""


def warm_vus(rate_per_s: float) -> int:
    """
    Return how many VUs should have a connection when arrivals begin at *rate_per_s*.

    >>> warm_vus(20_000), warm_vus(10), warm_vus(0)
    (400, 1, 0)
    """
    return math.ceil(rate_per_s * _SPAN_S)


class WarmUp:
    """
    Opens connections for VUs that are still free, in a few tasks that *spawn* owns.

    Without it the first arrivals find no connection, and to connect takes four times as long
    as a request: while it is done more become due, which connect as well. At 20,000 a second
    every eighth start of the first second was more than a millisecond late so.

    Nothing of this is counted. Where no connection can be had it just ends: the first request
    finds that out again, and is counted as what it then is.
    """

    def __init__(
        self,
        connector: Connector,
        origin: Origin,
        *,
        is_free: Callable[[VirtualUser], bool],
        on_warm: Callable[[VirtualUser], None],
    ) -> None:
        self._connector = connector
        self._origin = origin
        self._is_free = is_free
        self._on_warm = on_warm
        self._waiting: list[VirtualUser] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(
        self,
        vus: Iterable[VirtualUser],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """Begin with the first of *vus*."""
        self._waiting = list(vus)[::-1]
        self._tasks = [spawn(self._open_some()) for _ in self._waiting[:_AT_ONCE]]

    def stop(self) -> None:
        """Open no more."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()

    async def _open_some(self) -> None:
        while self._waiting:
            vu = self._waiting.pop()
            exchange = self._connector.exchange(vu, self._origin)
            try:
                await self._connector.open(exchange)
            except (OSError, ValueError):
                self._waiting.clear()
                return
            # Meanwhile it may have been due, and have opened one of its own.
            if vu.exchange is None and self._is_free(vu):
                vu.exchange = exchange
                self._on_warm(vu)
            else:
                exchange.close()
