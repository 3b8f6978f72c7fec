"""The generators that are compared, and how each is told to do the same."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64

PEERS_FOLDER = Path(__file__).resolve().parent.parent / ".venv-bench" / "bin"

K6_SCRIPT = """
import http from 'k6/http';
export const options = {{ discardResponseBodies: true }};
export default function () {{ http.get('{url}'); }}
"""

K9_PLAN = """
flows:
  default:
    - request:
        url: "{url}"
"""

LOCUST_FILE = """
from locust import FastHttpUser, constant, task

class User(FastHttpUser):
    wait_time = constant(0)

    @task
    def look(self):
        self.client.get("/")
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A generator."""

    name: str
    program: str
    command: Callable[[str, str, int, Path], list[str]]
    """(program, URL, seconds, folder for its files) → what to run."""
    install: str
    compared: bool = True
    """False: vumeter itself."""

    def path(self) -> str | None:
        """Return where the program is, `None` when it is not installed."""
        own = PEERS_FOLDER / self.program
        beside = Path(sys.executable).parent / self.program
        for place in (own, beside):
            if place.exists():
                return str(place)
        return shutil.which(self.program)


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def _vumeter(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    report = str(folder / "report.json")
    return [program, "run", url, "-c", f"{CONNECTIONS}", "-z", f"{seconds}s", "--headless", "-o", report]  # fmt: skip # noqa: E501


def _wrk(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    return [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", url]


def _h2load(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    return [program, "--h1", "-t1", f"-c{CONNECTIONS}", f"-D{seconds}", url]


def _hey(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    return [program, "-cpus", "1", "-c", f"{CONNECTIONS}", "-z", f"{seconds}s", url]


def _k6(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    script = _file(folder, "script.js", K6_SCRIPT.format(url=url))
    return [
        program, "run", "--quiet", "--no-usage-report",
        "--vus", f"{CONNECTIONS}", "--duration", f"{seconds}s", script,
    ]  # fmt: skip


def _k9(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    plan = _file(folder, "plan.yaml", K9_PLAN.format(url=url))
    return [
        program, "run", "--vus", f"{CONNECTIONS}", "--duration", f"{seconds}s",
        "--discard-response-bodies", plan,
    ]  # fmt: skip


def _locust(program: str, url: str, seconds: int, folder: Path) -> list[str]:
    users = f"{CONNECTIONS}"
    return [
        program, "-f", _file(folder, "locustfile.py", LOCUST_FILE), "--headless",
        "-u", users, "-r", users, "-t", f"{seconds}s", "--host", url.rstrip("/"),
        "--only-summary",
    ]  # fmt: skip


_BY_SCRIPT = "benchmarks/install_peers.sh"

VUMETER = Peer(name="vumeter", program="vumeter", command=_vumeter, install="make", compared=False)
WRK = Peer(name="wrk", program="wrk", command=_wrk, install="apt-get install wrk")
K6 = Peer(name="k6", program="k6", command=_k6, install=_BY_SCRIPT)

PEERS = (
    VUMETER,
    WRK,
    Peer(
        name="h2load --h1",
        program="h2load",
        command=_h2load,
        install="apt-get install nghttp2-client",
    ),
    Peer(name="k9-load, plan", program="k9", command=_k9, install=_BY_SCRIPT),
    Peer(name="hey", program="hey", command=_hey, install="apt-get install hey"),
    K6,
    Peer(name="Locust, FastHttpUser", program="locust", command=_locust, install=_BY_SCRIPT),
)
