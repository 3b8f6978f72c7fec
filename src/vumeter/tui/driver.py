"""The terminal as Textual drives it, but on standard output."""

import os
import select
import stat
import sys

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from vumeter.courtesy import give_way
from vumeter.tui.thinning import thinned


class StdoutDriver(LinuxDriver):
    """
    Draws where a person looks for it: on standard output, not on standard error.

    So `vumeter run URL 2>problems.log` shows its cockpit all the same.
    """

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stdout__ is not None, "a cockpit is only opened on a terminal"
        self._file = sys.__stdout__

    def write(self, data: str) -> None:
        """Draw *data*, without what the terminal knows already."""
        give_way()
        thin = thinned(data)
        give_way()
        super().write(thin)
        give_way()


def terminal_is_gone() -> bool:
    """
    Return whether the terminal has hung up.

    SIGHUP says so, but only where it was the controlling terminal. Without that (`setsid`, some
    containers) Textual would read nothing from it for ever, with a third of a core.
    """
    if sys.__stdin__ is None:
        return False
    waiting = select.poll()
    waiting.register(sys.__stdin__.fileno(), 0)
    return bool(waiting.poll(0))


def terminal_reads() -> bool:
    """
    Return whether the terminal takes what is written at this moment.

    Textual queues some thirty writes and then stands still until the terminal reads.
    """
    if sys.__stdout__ is None:
        return True
    output = sys.__stdout__.fileno()
    # A pipe leads to a browser.
    if not os.isatty(output) and not stat.S_ISFIFO(os.fstat(output).st_mode):
        return True
    _, writable, _ = select.select([], [output], [], 0)
    return bool(writable)
