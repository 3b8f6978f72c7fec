"""
The shop's back door, from outside: find a shop, see how it does, fix it and break it.

HTTP over a Unix socket in the cluster's folder, which only its user may enter and which goes
with it, so there is no state file that could be older than the shop.

`GET  /status`       a `ShopStatus` (JSON).
`POST /fix/NAME`     put a bottleneck right; a `ShopStatus`.
`POST /break/NAME`   put it back in; a `ShopStatus`.
`POST /follow/RUN`   live as long as that run does; a `ShopStatus`, or 404.
"""

import contextlib
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec
from msgspec import Struct

from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.folders import kept_folders
from vumeter.errors import ExitCode, VumeterError

SOCKET_NAME = "shop.sock"

_ANSWER_LIMIT_S = 10.0


class ShopStatus(Struct, frozen=True, kw_only=True):
    """How a shop does at this moment."""

    url: str
    dsn: str
    """For `--pg`: a user that may look at everything and touch nothing. It has no password."""
    postgres_version: str
    pid: int
    run: str | None
    """The run that it lives as long as; `None`: as long as who started it."""
    broken: tuple[Bottleneck, ...]
    connections: int
    """The size of its pool."""
    connections_in_use: int
    requests_waiting: int
    """For a connection."""
    logins: int
    statuses: dict[int, int]
    """Answers so far, by status."""
    rss_bytes: int
    leaked_bytes: int


class ShopError(VumeterError):
    """The demo shop that was meant is not there, or did not do what was asked."""

    exit_code = ExitCode.USAGE


class BackDoor:
    """One shop's back door. Every call is a connection of its own, and blocks."""

    def __init__(self, path: Path) -> None:
        self.socket = path

    def status(self) -> ShopStatus:
        """Return how the shop does."""
        return self._asked("GET", "/status")

    def switch(self, bottleneck: Bottleneck, *, broken: bool) -> ShopStatus:
        """Put a bottleneck in or out; when this returns it is done."""
        return self._asked("POST", f"/{'break' if broken else 'fix'}/{bottleneck}")

    def follow(self, run: str) -> ShopStatus:
        """Have the shop live as long as the live run of that name."""
        return self._asked("POST", f"/follow/{run}")

    def _asked(self, method: str, path: str) -> ShopStatus:
        """Raises ShopError: nothing answers there, or the shop refuses."""
        connection = _UnixConnection(self.socket)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, HTTPException) as error:
            raise ShopError(
                f"The demo shop behind {self.socket} does not answer: {error}",
                hint="Start another one: vumeter demo",
            ) from error
        finally:
            connection.close()
        if status != HTTPStatus.OK:
            raise ShopError(f"The demo shop refused {method} {path}: {body.decode()}")
        return msgspec.json.decode(body, type=ShopStatus)


class _UnixConnection(HTTPConnection):
    """The standard library's HTTP client, on a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("shop", timeout=_ANSWER_LIMIT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def shop_at(port: int | None = None) -> BackDoor:
    """
    Return the back door of the shop that runs, or of the one on *port*.

    Raises:
        ShopError: There is none, or there are several and *port* does not say which.
    """
    shops = _open_shops()
    if port is not None:
        shops = [(door, status) for door, status in shops if status.url.endswith(f":{port}")]
    if not shops:
        place = "" if port is None else f" on port {port}"
        raise ShopError(f"No demo shop is running{place}.", hint="Start one: vumeter demo")
    if len(shops) > 1:
        urls = ", ".join(status.url for _, status in shops)
        raise ShopError(
            f"{len(shops)} demo shops are running: {urls}",
            hint="Say which: --port PORT",
        )
    return shops[0][0]


def _open_shops() -> list[tuple[BackDoor, ShopStatus]]:
    shops = []
    for folder in kept_folders():
        # A folder without a socket is another cluster's, or a shop's that only begins; one
        # whose socket is dead belongs to a shop that is on its way out.
        with contextlib.suppress(ShopError, OSError):
            if (folder / SOCKET_NAME).is_socket():
                door = BackDoor(folder / SOCKET_NAME)
                shops.append((door, door.status()))
    return shops
