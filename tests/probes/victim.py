"""A process to be watched: it does what it is told on its standard input, line by line."""

import os
import socket
import sys
import threading
import time

KEPT: list[object] = []


def burn(seconds: float) -> None:
    """Use so much processor time."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def main() -> None:
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        answer: object = "done"
        match order:
            case "listen":
                KEPT.append(
                    socket.create_server((argument or "127.0.0.1", 0), family=family(argument))
                )
                answer = KEPT[-1].getsockname()[1]
            case "open":
                KEPT.extend(open(os.devnull) for _ in range(int(argument)))  # noqa: PTH123, SIM115
            case "allocate":
                KEPT.append(b"\x01" * int(argument))
            case "threads":
                for _ in range(int(argument)):
                    threading.Thread(target=threading.Event().wait, daemon=True).start()
            case "child":
                answer = os.fork()
                if not answer:
                    burn(float(argument or 0))
                    threading.Event().wait()
            case "burn":
                burn(float(argument))
        print(answer, flush=True)


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


if __name__ == "__main__":
    main()
