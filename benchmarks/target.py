"""The target of the benchmarks: an nginx of our own, that counts what it is asked."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

BODY = '{"symbol":"VUMT","bid":101.25,"ask":101.27,"volume":184220,"at":"2026-01-01T00:00:00Z"}'

CONFIGURATION = """
worker_processes 1;
worker_cpu_affinity {affinity};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  # The default closes each connection after 1,000 requests, at the client's cost.
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
  server {{
    listen 127.0.0.1:{counting_port};
    location / {{ stub_status; }}
  }}
}}
"""


@dataclass
class Target:
    """A running nginx. Its counter is the truth about how much it was asked."""

    url: str
    process: psutil.Process
    _counting_url: str
    _own_looks: int = 0

    def requests(self) -> int:
        """Return how many requests the target has answered, these looks apart."""
        with urllib.request.urlopen(self._counting_url, timeout=5) as answer:
            text = answer.read().decode()
        self._own_looks += 1
        # "server accepts handled requests\n 11 11 2042": the third number, this look included.
        return int(text.split("requests")[1].split()[2]) - self._own_looks

    def cpu_s(self) -> float:
        """Return the CPU time that the target's worker has used."""
        times = self.process.children()[0].cpu_times()
        return float(times.user + times.system)


def nginx_path() -> str | None:
    """Return where nginx is; Debian keeps it where only root's PATH looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx(*, core: int) -> Iterator[Target]:
    """Run an nginx with one worker, pinned to *core*, on free ports, in a temporary folder."""
    program = nginx_path()
    assert program is not None, "the caller has looked"
    with tempfile.TemporaryDirectory(prefix="vumeter-bench-") as folder:
        port, counting_port = _free_ports(2)
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(
            CONFIGURATION.format(
                affinity="1" + "0" * core,
                folder=folder,
                port=port,
                counting_port=counting_port,
                body=BODY,
            )
        )
        process = subprocess.Popen([program, "-p", folder, "-c", str(configuration)])
        try:
            _wait_for(counting_port)
            yield Target(
                url=f"http://127.0.0.1:{port}/",
                process=psutil.Process(process.pid),
                _counting_url=f"http://127.0.0.1:{counting_port}/",
            )
        finally:
            process.terminate()
            process.wait(timeout=10)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


def _wait_for(port: int) -> None:
    deadline_s = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)
        else:
            return
