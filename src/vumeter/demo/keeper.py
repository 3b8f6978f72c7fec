"""
The process that owns a temporary PostgreSQL: it makes it, guards it and leaves nothing.

Its standard input is its lifeline: whoever started it holds the other end and never writes.
End of file means that the holder has stopped, crashed or was killed, and the server and its
folder go at once. It answers with one JSON line on standard output: `Started` or `Failed`.

If the keeper itself is killed, the kernel stops the server (Linux), the holder removes the
folder, and if both are gone the next keeper does (`folders.sweep`).
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

import msgspec
from msgspec import Struct

from vumeter.demo.binaries import found_binaries
from vumeter.demo.folders import held_folder, sweep
from vumeter.demo.server import Server, server_account
from vumeter.errors import VumeterError

_LOOK_EVERY_S = 0.25
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Order(Struct, frozen=True, kw_only=True):
    """What kind of server to start."""

    tcp: bool
    settings: dict[str, str]
    """postgresql.conf's, beyond or instead of `server.SETTINGS`."""


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """The server accepts connections."""

    folder: str
    """Holds the data and the Unix socket."""
    port: int
    """Of the socket's name; of 127.0.0.1 as well where TCP was asked for."""
    pid: int
    version: str
    has_pg_stat_statements: bool
    password: str
    """The superuser's, asked for over TCP only."""


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """No server, and nothing is left of the attempt."""

    message: str
    hint: str = ""


def main() -> int:
    """Start the server that the order in `argv` asks for, and keep it until the lifeline ends."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    for number in _ENDING_SIGNALS:
        signal.signal(number, _leave)
    try:
        with _running(order) as (server, started):
            _say(started)
            _wait(server)
            _ignore_signals()
    except VumeterError as error:
        _say(Failed(message=error.message, hint=error.hint))
        return error.exit_code
    return 0


def _leave(_signal: int, _frame: object) -> NoReturn:
    _ignore_signals()
    raise SystemExit(0)


def _ignore_signals() -> None:
    # What is being cleaned up is cleaned up to its end.
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _running(order: Order) -> Iterator[tuple[Server, Started]]:
    binaries = found_binaries()
    account = server_account()
    sweep()
    with held_folder(account) as folder:
        server = Server(binaries, folder=folder, account=account)
        try:
            server.start(tcp=order.tcp, settings=order.settings)
            yield (
                server,
                Started(
                    folder=str(folder),
                    port=server.port,
                    pid=server.pid,
                    version=binaries.version,
                    has_pg_stat_statements=binaries.has_pg_stat_statements,
                    password=server.password,
                ),
            )
        finally:
            server.stop()


def _say(answer: Started | Failed) -> None:
    # A holder that has gone does not listen; the lifeline tells.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def _wait(server: Server) -> None:
    lifeline = sys.stdin.fileno()
    while server.is_up:
        readable, _, _ = select.select([lifeline], [], [], _LOOK_EVERY_S)
        if readable and not os.read(lifeline, 4096):
            return


if __name__ == "__main__":
    sys.exit(main())
