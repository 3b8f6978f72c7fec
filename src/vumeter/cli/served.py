"""The process behind one browser: `python -m vumeter.cli.served ORDER` is its cockpit."""

import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from vumeter.cli.doors import door_to
from vumeter.engine.leash import tie
from vumeter.errors import VumeterError
from vumeter.link.door import Place


class Served(Struct, frozen=True, kw_only=True):
    """Which run, and who looks at it. It stands among the arguments, and has no secrets."""

    run: str | None
    """Its address."""
    socket: str | None
    """Where it is of this machine."""
    token_file: str | None = None
    authorities: str | None = None
    viewer: str = ""
    watches: bool = True

    def place(self) -> Place:
        """
        Return where the run is.

        Raises:
            UsageError: There is no token to go there with.
        """
        if self.socket is not None:
            return Path(self.socket)
        door = door_to(
            self.run,
            token_file=None if self.token_file is None else Path(self.token_file),
            authorities=None if self.authorities is None else Path(self.authorities),
        )
        assert door is not None, "it is one or the other"
        return door


def main(argv: list[str]) -> int:
    """Show the cockpit on standard output, for a browser, and return the exit code."""
    from vumeter.link.client import Link
    from vumeter.tui.app import Cockpit
    from vumeter.tui.browser import BrowserDriver
    from vumeter.tui.feed import Feed

    # Nobody else ends it when the server is killed: what it writes then is not missed.
    tie()
    order = msgspec.json.decode(argv[0], type=Served)

    async def dial() -> Feed:
        return await Link.open(order.place(), viewer=order.viewer, watch=order.watches)

    # Preferences are those of who serves, and not a browser's to change.
    cockpit = Cockpit(
        dial, viewer=order.viewer, watches=order.watches, path=None, driver=BrowserDriver
    )
    cockpit.run()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except VumeterError as error:
        sys.exit(error.message)
