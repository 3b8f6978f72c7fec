"""
How the cockpit dies well: the terminal restored, at once, and the run left alone.

Textual has no handlers of its own for these. Ignoring SIGHUP makes it spin on a terminal that
is no longer there; and while the terminal does not read, its event loop may stand still in a
write, so leaving must not depend on the loop.
"""

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from vumeter.tui.feed import Departure

DEPARTURES = {
    signal.SIGHUP: Departure.HUNG_UP,
    signal.SIGTERM: Departure.TERMINATED,
    signal.SIGINT: Departure.TERMINATED,
}

GRACE_S = 1.5
"""How long an orderly exit may take before the process ends without one."""


@contextlib.contextmanager
def leaving_on_signals(leave: Callable[[Departure], None]) -> Iterator[None]:
    """
    Call *leave* when a signal asks to go, and go without it when that takes too long.

    Args:
        leave: Ends the app; called in the main thread between two bytecodes, so it may only
            hand the wish over to the event loop.
    """
    terminal = _terminal_settings()

    def asked(number: int, _: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)
        leave(DEPARTURES[signal.Signals(number)])

    def overdue(_number: int, _: FrameType | None) -> None:
        _restore(terminal)
        os._exit(128 + signal.SIGTERM)

    handlers: dict[signal.Signals, Any] = dict.fromkeys(DEPARTURES, asked)
    before = {
        number: signal.signal(number, handler)
        for number, handler in (handlers | {signal.SIGALRM: overdue}).items()
    }
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminal_settings() -> list[Any] | None:
    """Return the terminal's line settings; `None`: there is no terminal."""
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ else None
    except (termios.error, OSError, ValueError):
        return None


def _restore(settings: list[Any] | None) -> None:
    """Give the terminal its line settings back, as far as it still takes anything."""
    if settings is not None and sys.__stdin__:
        with contextlib.suppress(termios.error, OSError, ValueError):
            termios.tcflush(sys.__stdin__.fileno(), termios.TCOFLUSH)
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, settings)
