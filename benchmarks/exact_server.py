"""
A target that takes as long as it is told, and whose clock is the kernel.

    python -m benchmarks.exact_server --law fixed:20ms

Each request is stamped by the kernel when it comes in (SO_TIMESTAMPNS), not when this program
gets round to reading it, so that when it came is known to the microsecond however busy the
program is; its service time is from that stamp to the writing of its answer. It reads GETs, one
at a time on each connection, and answers 20,000 of them a second on half of a core.
"""

import argparse
import contextlib
import gc
import heapq
import json
import select
import socket
import struct
import sys
import time
from array import array
from pathlib import Path

from vumeter.testing.lawbook import parse_law
from vumeter.testing.laws import Law
from vumeter.testing.truth import figures_ms

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nas promised\n"
_END = b"\r\n\r\n"
_SO_TIMESTAMPNS = 35
"""asm-generic/socket.h; Python has no name for it."""
_STAMP = struct.Struct("qq")
_STAMP_SPACE = socket.CMSG_SPACE(_STAMP.size)
_NS_PER_S = 1_000_000_000
_RECEIVED_AT_MOST_BYTES = 4096


class ExactServer:
    """One thread, one epoll, a heap of answers that are not due yet."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16_384)
        self._listener.setblocking(False)
        # Connections inherit it; one that is told after it was accepted would have no stamp for
        # what had come by then.
        self._listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._partial: dict[int, bytes] = {}
        self._due: list[tuple[int, int, int]] = []
        """(when the answer is due, descriptor, when its request came)."""
        self._arrivals_ns = array("q")
        self._service_us = array("q")
        self._is_over = False

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Serve until standard input ends."""
        listener, stdin = self._listener.fileno(), sys.stdin.fileno()
        while not self._is_over:
            ready = self._epoll.poll(self._wait_s(), 1024)
            # The kernel stamps by the wall clock; what is reported is monotonic.
            offset_ns = time.monotonic_ns() - time.time_ns()
            for descriptor, _ in ready:
                if descriptor == listener:
                    self._accept()
                elif descriptor == stdin:
                    self._obey(sys.stdin.readline())
                else:
                    self._read(descriptor, offset_ns)
            while self._due and self._due[0][0] <= time.monotonic_ns():
                _, descriptor, came_ns = heapq.heappop(self._due)
                self._answer(descriptor, came_ns)

    def _wait_s(self) -> float | None:
        if not self._due:
            return None
        return max(0.0, (self._due[0][0] - time.monotonic_ns()) / _NS_PER_S)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections[connection.fileno()] = connection
                self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _read(self, descriptor: int, offset_ns: int) -> None:
        connection = self._connections[descriptor]
        try:
            received, stamps, _, _ = connection.recvmsg(_RECEIVED_AT_MOST_BYTES, _STAMP_SPACE)
        except OSError:
            received, stamps = b"", []
        if not received:
            self._epoll.unregister(descriptor)
            self._connections.pop(descriptor).close()
            self._partial.pop(descriptor, None)
            return
        if not received.endswith(_END):
            received = self._partial.pop(descriptor, b"") + received
            if not received.endswith(_END):
                self._partial[descriptor] = received
                return
        seconds, nanoseconds = _STAMP.unpack(stamps[0][2])
        came_ns = seconds * _NS_PER_S + nanoseconds + offset_ns
        self._arrivals_ns.append(came_ns)
        takes_s = self._law("/", len(self._arrivals_ns) - 1)
        if takes_s > 0:
            heapq.heappush(self._due, (came_ns + int(takes_s * _NS_PER_S), descriptor, came_ns))
        else:
            self._answer(descriptor, came_ns)

    def _answer(self, descriptor: int, came_ns: int) -> None:
        connection = self._connections.get(descriptor)
        if connection is None:
            return
        self._service_us.append((time.monotonic_ns() - came_ns) // 1000)
        with contextlib.suppress(OSError):
            connection.send(_ANSWER)

    def _obey(self, line: str) -> None:
        match line.split():
            case []:
                self._is_over = True
                return
            case ["count"]:
                told: object = len(self._arrivals_ns)
            case ["service"]:
                told = figures_ms(self._service_us)
            case ["arrivals", path]:
                Path(path).write_bytes(self._arrivals_ns.tobytes())
                told = len(self._arrivals_ns)
            case _:
                told = f'"{line.strip()}" is not a command of this server'
        print(json.dumps(told), flush=True)


def main() -> int:
    """Serve; the first line that is printed is the port."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exact_server")
    parser.add_argument("--law", default="none", help="fixed:20ms, bimodal:5ms,50ms,10%% …")
    server = ExactServer(parse_law(parser.parse_args().law))
    print(server.port, flush=True)
    gc.freeze()
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
