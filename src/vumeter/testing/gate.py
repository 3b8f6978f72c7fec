"""A gate that a test closes to hold a server's answers back, and opens."""

import asyncio
from collections.abc import Callable


class Gate:
    """While it is closed, no answer leaves the server; opening it lets all go at once."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._arrived = asyncio.Event()
        self.is_open = True

    @property
    def waiting(self) -> int:
        """How many answers are held back."""
        return len(self._waiting)

    def close(self) -> None:
        """Hold answers back from now on."""
        self.is_open = False

    def open(self) -> None:
        """Let out all that wait, in their order, and hold back no more."""
        self.is_open = True
        waiting, self._waiting = self._waiting, []
        for let_out in waiting:
            let_out()

    def pass_or_wait(self, let_out: Callable[[], None]) -> None:
        """Call *let_out* at once, or when the gate opens."""
        if self.is_open:
            let_out()
        else:
            self._waiting.append(let_out)
            self._arrived.set()

    async def held(self, answers: int = 1) -> None:
        """Return when so many *answers* are held back."""
        while self.waiting < answers:
            self._arrived.clear()
            await self._arrived.wait()
