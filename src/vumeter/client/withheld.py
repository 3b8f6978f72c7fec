"""Bodies that wait for the target's leave: `Expect: 100-continue` (RFC 9110, 10.1.1)."""

import asyncio
from collections.abc import Callable, Iterable

LEAVE_WAIT_S = 1.0
"""As in curl: a target that says nothing gets the body all the same, as the RFC wants it."""


class Withheld:
    """The body of a request whose head was sent; *release* is called when it has waited enough."""

    __slots__ = ("_timer", "body")

    def __init__(self, body: bytes, release: Callable[[], None]) -> None:
        self.body = body
        self._timer = asyncio.get_running_loop().call_later(LEAVE_WAIT_S, release)

    def keep(self) -> None:
        """Let it go nowhere by itself any more."""
        self._timer.cancel()


def asks_first(headers: Iterable[tuple[str, str]]) -> bool:
    """
    Return whether a request with *headers* keeps its body until the target wants it.

    >>> asks_first([("expect", "100-Continue")])
    True
    """
    return any(
        name.lower() == "expect" and value.strip().lower() == "100-continue"
        for name, value in headers
    )
