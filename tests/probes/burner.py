"""A server that spends its time in `burn_here`: `burner.py [--hostile] [--workers N]`."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from vumeter.engine.leash import tie

BURNS_S = 0.005
HOSTILE = "[red]<script>alert(1)</script>\x1b[31m"


def burn_here() -> None:
    """Do nothing, for as long as an answer takes."""
    end_s = time.perf_counter() + BURNS_S
    while time.perf_counter() < end_s:
        pass


class Burner(BaseHTTPRequestHandler):
    """Burns for each request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer after some work."""
        burn_here()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def main() -> None:
    """Serve on a free port, which is the first line printed, for as long as who started this."""
    tie()
    if "--hostile" in sys.argv:
        names = {"co_name": HOSTILE, "co_qualname": HOSTILE, "co_filename": f"{HOSTILE}.py"}
        burn_here.__code__ = burn_here.__code__.replace(**names)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Burner)
    print(server.server_address[1], flush=True)
    if "--workers" in sys.argv:
        # As Gunicorn does: a parent that waits, and children that serve its socket.
        parent = os.getpid()
        for _ in range(int(sys.argv[sys.argv.index("--workers") + 1])):
            if os.fork() == 0:
                tie()
                if os.getppid() != parent:
                    return  # it had ended before it could be tied to
                break
        else:
            os.wait()
    server.serve_forever()


if __name__ == "__main__":
    main()
