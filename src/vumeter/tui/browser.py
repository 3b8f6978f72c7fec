"""The cockpit's terminal where it is in a browser: packets on standard output."""

from textual.drivers.web_driver import WebDriver

from vumeter.tui.thinning import thinned


class BrowserDriver(WebDriver):
    """Textual's driver for browsers, without what the terminal there knows already."""

    def write(self, data: str) -> None:
        """Draw *data*, as far as it is news."""
        super().write(thinned(data))
