"""
The shop's own process: a PostgreSQL, the shop before it, and an end for both.

It lives as long as who started it, told by its standard input's end of file; or, once told to
follow a run, as long as that run, whoever looks on. Whatever ends it, the cluster's keeper
notices and removes the rest. On standard output it says what it does, one JSON line each.
"""

import contextlib
import importlib
import resource
import socket
import sys
from collections.abc import Iterator

import msgspec

from vumeter.demo.backdoor import ShopError
from vumeter.demo.binaries import found_binaries
from vumeter.demo.cluster import Cluster
from vumeter.demo.opening import NotOpened, Open, Opening, Said, ShopOrder
from vumeter.errors import VumeterError

_HOST = "127.0.0.1"


def main() -> int:
    """Open the shop that the order in `argv` asks for, and keep it open."""
    order = msgspec.json.decode(sys.argv[1], type=ShopOrder)
    _raise_descriptor_limit()
    try:
        with _bound(order.port) as listener:
            _keep_open(listener, order)
    except VumeterError as error:
        _say(NotOpened(message=error.message, hint=error.hint))
        return error.exit_code
    return 0


def _keep_open(listener: socket.socket, order: ShopOrder) -> None:
    _say(Opening(text=f"starting PostgreSQL {found_binaries().version}"))
    with Cluster.start(meanwhile=_import_service) as cluster:
        from vumeter.demo.service import serve  # noqa: PLC0415 - imported by then

        _say(Opening(text="stocking the shop"))
        serve(
            cluster,
            listener,
            patience_s=order.patience_s,
            on_open=lambda door: _say(Open(socket=str(door))),
        )


def _import_service() -> None:
    # Half a second of aiohttp, asyncpg and uvloop, while initdb has the other core.
    importlib.import_module("vumeter.demo.service")


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A connection per VU; the usual soft limit of 1024 is fewer than the demo's VUs may be.
    wanted = min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _say(said: Said) -> None:
    # Who started us may have gone already; the end of standard input tells.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Bind the shop's port at once: if it is taken, nothing else has to be started."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise ShopError(
                f"The shop cannot have port {port} of {_HOST}: {reason}.",
                hint="Leave --port out, and the system chooses a free one.",
            ) from error
        yield listener


if __name__ == "__main__":
    sys.exit(main())
