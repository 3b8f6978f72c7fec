"""The target of the comparisons: an nginx of our own, that counts what it is asked."""

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
import trustme

QUOTE = '{"symbol":"VUMT","bid":101.25,"ask":101.27,"volume":184220,"at":"2026-01-01T00:00:00Z"}'
MARKET = '{"symbols":["ENE01","ENE02","TEC01","TEC02","FIN01"],"open":true,"at":"09:30"}'
ORDER = '{"order":4711,"state":"accepted"}'

SMALL_FILE_BYTES = 16 * 1024
LARGE_FILE_BYTES = 1024 * 1024

_CONFIGURATION = """
worker_processes 1;
worker_cpu_affinity {affinity};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  # The default closes each connection after 1,000 requests, at the client's cost.
  keepalive_requests 1000000000;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port} backlog=16384;
    listen 127.0.0.1:{tls_port} ssl backlog=4096;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/certificate.pem;
    location / {{ return 200 '{quote}'; }}
    location /quotes/ {{ return 200 '{quote}'; }}
    location /market {{ return 200 '{market}'; }}
    location /orders {{ return 200 '{order}'; }}
    location /files/ {{ root {folder}; }}
  }}
  server {{
    listen 127.0.0.1:{counting_port};
    location / {{ stub_status; }}
  }}
}}
"""


@dataclass
class Nginx:
    """A running nginx. Its counter is the truth about how much it was asked."""

    url: str
    tls_url: str
    _process: psutil.Process
    _counting_url: str
    _own_looks: int = 0

    def requests(self) -> int:
        """Return how many requests it has answered, these looks apart."""
        with urllib.request.urlopen(self._counting_url, timeout=5) as answer:
            text = answer.read().decode()
        self._own_looks += 1
        # "server accepts handled requests\n 11 11 2042": the third number, this look included.
        return int(text.split("requests")[1].split()[2]) - self._own_looks

    def cpu_s(self) -> float:
        """Return the CPU time that its worker has used."""
        times = self._process.children()[0].cpu_times()
        return float(times.user + times.system)


def nginx_path() -> str | None:
    """Return where nginx is; Debian keeps it where only root's PATH looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def nginx(*, core: int) -> Iterator[Nginx]:
    """
    Run an nginx with one worker, pinned to *core*, on free ports, in a temporary folder.

    Raises:
        FileNotFoundError: There is no nginx.
    """
    program = nginx_path()
    if program is None:
        raise FileNotFoundError("nginx is not installed: benchmarks/install_peers.sh")
    with tempfile.TemporaryDirectory(prefix="vumeter-bench-") as name:
        folder = Path(name)
        port, tls_port, counting_port = _free_ports(3)
        _write_files(folder)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                affinity="1" + "0" * core,
                folder=folder,
                port=port,
                tls_port=tls_port,
                counting_port=counting_port,
                quote=QUOTE,
                market=MARKET,
                order=ORDER,
            )
        )
        process = subprocess.Popen([program, "-p", name, "-c", str(configuration)])
        try:
            _wait_for(counting_port)
            yield Nginx(
                url=f"http://127.0.0.1:{port}/",
                tls_url=f"https://127.0.0.1:{tls_port}/",
                _process=psutil.Process(process.pid),
                _counting_url=f"http://127.0.0.1:{counting_port}/",
            )
        finally:
            process.terminate()
            process.wait(timeout=10)


def _write_files(folder: Path) -> None:
    """Write what nginx serves; its workers may run as a user who owns nothing of it."""
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "certificate.pem"))
    files = folder / "files"
    files.mkdir()
    (files / "small").write_bytes(b"x" * SMALL_FILE_BYTES)
    (files / "large").write_bytes(b"x" * LARGE_FILE_BYTES)
    folder.chmod(0o755)


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
