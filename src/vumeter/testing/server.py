"""
A loopback HTTP/1.1 server that knows the truth: its own exact counts and service times.

In a test's own loop:

    async with LoopbackServer(law=fixed(0.020)) as server:
        ...  # load on server.url
        assert server.truth.requests == report["totals"]["requests"]

In a process of its own, so that the test and its server do not share a thread:
`python -m vumeter.testing.server --law fixed:20ms`, or `testing.server_process`.
"""

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvloop

from vumeter.errors import VumeterError
from vumeter.testing.answers import Answer, answer_by_name
from vumeter.testing.connection import Connection
from vumeter.testing.gate import Gate
from vumeter.testing.lawbook import parse_law
from vumeter.testing.laws import Law, fixed
from vumeter.testing.truth import Truth


@dataclass(frozen=True, kw_only=True)
class KeepAlive:
    """How long the server keeps a connection."""

    requests: int | None = None
    """Closes after so many answers; `None`: never of its own accord."""
    announced: bool = True
    """Whether the last answer says `Connection: close`, as it should."""


class LoopbackServer:
    """
    Serve until closed; with `async with`, or `await start()` and `await close()`.

    `/status/503` is answered with that status and `/bytes/4096` with so many bytes, *answers*
    says what its paths are answered with, and everything else gets a small JSON object.
    """

    def __init__(
        self,
        *,
        law: Law | None = None,
        answers: Mapping[str, Answer] | None = None,
        keep_alive: KeepAlive | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.law = law or fixed(0.0)
        self.answers = dict(answers or {})
        self.keep_alive = keep_alive or KeepAlive()
        self.gate = Gate()
        self.truth = Truth()
        self.host = host
        self.port = port
        self._tls = tls
        # Rendered once for each path, so that a fast server costs the machine little.
        self._rendered: dict[tuple[str, bool], tuple[Answer, bytes]] = {}
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The server's root, with its slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/"

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Connection(self, self._connections),
            self.host,
            self.port,
            ssl=self._tls,
            backlog=4096,
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and break every connection. `start` brings the server back."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            connection.abort()
            await connection.gone.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def rendered(self, path: str, *, closes: bool) -> tuple[Answer, bytes]:
        """Return what *path* is answered with, and the head of that answer."""
        found = self._rendered.get((path, closes))
        if found is None:
            plain = path.partition("?")[0]
            answer = self.answers.get(plain) or answer_by_name(plain)
            found = self._rendered[path, closes] = (answer, answer.head(closes=closes))
        return found


async def serve_until_told(server: LoopbackServer) -> None:
    """
    Serve, and obey the lines that come from standard input, until it ends.

    `truth` prints the server's truth as one line of JSON, `arrivals` when each request came,
    `paths` the same for each path, `connections` when each began and ended,
    `last request` what came last over the wire; `gate close`, `gate open`, `away` and `back`
    do what they say and print `{}`; `law fixed:20ms` puts another law in force. That way counting
    disturbs no request, and a server whose parent is gone ends too.
    """
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with server:
        _say({"port": server.port, "url": server.url})
        while line := await reader.readline():
            match line.decode().strip():
                case "truth":
                    _say(server.truth.report())
                    continue
                case "arrivals":
                    _say({"arrivals_ns": list(server.truth.arrivals_ns)})
                    continue
                case "paths":
                    by_path = server.truth.path_arrivals_ns.items()
                    _say({path: list(stamps_ns) for path, stamps_ns in by_path})
                    continue
                case "connections":
                    truth = server.truth
                    _say({"opened_ns": list(truth.opened_ns), "closed_ns": list(truth.closed_ns)})
                    continue
                case "last request":
                    _say({"request": server.truth.last_request.decode("latin-1")})
                    continue
                case "gate close":
                    server.gate.close()
                case "gate open":
                    server.gate.open()
                case "away":
                    await server.close()
                case "back":
                    await server.start()
                case text if text.startswith("law "):
                    server.law = parse_law(text.removeprefix("law "))
                case unknown:
                    _say({"error": f'"{unknown}" is not a command of this server'})
                    continue
            _say({})


def _say(values: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one server as `python -m vumeter.testing.server`; its first line tells its port."""
    parser = argparse.ArgumentParser(prog="python -m vumeter.testing.server")
    parser.add_argument("--law", default="none", help="fixed:20ms, bimodal:5ms,50ms,10%%, …")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--certificate", help="PEM file with certificate and key: serve https")
    parser.add_argument("--requests-per-connection", type=int, help="close after so many")
    parser.add_argument("--unannounced", action="store_true", help="close without saying so")
    options = parser.parse_args(arguments)
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    try:
        law = parse_law(options.law)
    except VumeterError as error:
        parser.error(str(error))
    keep_alive = KeepAlive(
        requests=options.requests_per_connection, announced=not options.unannounced
    )
    server = LoopbackServer(
        law=law, keep_alive=keep_alive, host=options.host, port=options.port, tls=tls
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve_until_told(server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
