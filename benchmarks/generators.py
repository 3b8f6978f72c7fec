"""The load generators that are compared, and how each is told to do the same."""

import shutil
import string
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import own_words
from benchmarks.own_words import TREND_STATS, Reader

_FOLDER = Path(__file__).resolve().parent
_PEERS = _FOLDER.parent / ".venv-bench" / "bin"
_WORKLOADS = _FOLDER / "workloads"


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What every generator of a comparison is told to do."""

    url: str
    seconds: int
    connections: int = 64
    keeps_alive: bool = True
    body_bytes: int = 0
    """What each request uploads; 0: it is a GET."""
    rate_per_s: int | None = None
    """Arrivals, in the open model; `None`: as fast as the connections go."""
    ramp_s: int = 1
    """In which all connections are to be there, where a generator can be told."""
    workers: int = 1
    """Of vumeter."""


Command = Callable[[Errand, Path], list[str]]
"""Returns what follows the program's name; files go into the folder that is given."""


class GeneratorError(Exception):
    """A generator is missing, ended with an error, too early, or sent nothing."""


@dataclass(frozen=True)
class Generator:
    """A program that makes load, told in one way."""

    name: str
    program: str
    command: Command
    reads: Reader = own_words.nothing

    def path(self) -> str | None:
        """Return where the program is, `None` when it is not installed."""
        for folder in (_PEERS, Path(sys.executable).parent):
            if (folder / self.program).exists():
                return str(folder / self.program)
        return shutil.which(self.program)

    def required_path(self) -> str:
        """Return where the program is; `GeneratorError` when it is not installed."""
        path = self.path()
        if path is None:
            raise GeneratorError(f"{self.program} is not installed: benchmarks/install_peers.sh")
        return path


def installed(generators: Iterable[Generator]) -> list[Generator]:
    """Return those that are there."""
    return [each for each in generators if each.path() is not None]


def missing_notes(generators: Iterable[Generator]) -> tuple[str, ...]:
    """Return a sentence about each that is not."""
    return tuple(f"{each.name} was not installed." for each in generators if each.path() is None)


def workload(name: str, errand: Errand, folder: Path) -> str:
    """Write the file *name* of `workloads/` for this errand into *folder*, and return its path."""
    text = string.Template((_WORKLOADS / name).read_text())
    path = folder / name
    path.write_text(
        text.substitute(
            target=errand.url,
            seconds=errand.seconds,
            connections=errand.connections,
            rate_per_s=errand.rate_per_s,
            body_bytes=errand.body_bytes,
            ramp_s=errand.ramp_s,
        )
    )
    return str(path)


def _vumeter(errand: Errand, folder: Path) -> list[str]:
    command = ["run", errand.url, "-c", f"{errand.connections}", "-z", f"{errand.seconds}s"]
    command += ["--headless", "--insecure", "-o", str(folder / "report.json")]
    command += ["--workers", f"{errand.workers}"]
    if not errand.keeps_alive:
        command.append("--disable-keepalive")
    if errand.body_bytes:
        command += ["-D", _body_file(errand, folder)]
    if errand.rate_per_s is not None:
        command += ["-q", f"{errand.rate_per_s}"]
    return command


def _wrk(errand: Errand, folder: Path) -> list[str]:
    command = ["-t1", f"-c{errand.connections}", f"-d{errand.seconds}"]
    if not errand.keeps_alive:
        command += ["-H", "Connection: close"]
    if errand.body_bytes:
        command += ["-s", workload("post.lua", errand, folder)]
    return [*command, errand.url]


def _h2load(errand: Errand, folder: Path) -> list[str]:
    command = ["--h1", "-t1", f"-c{errand.connections}", f"-D{errand.seconds}"]
    if errand.body_bytes:
        command += ["-d", _body_file(errand, folder)]
    return [*command, errand.url]


def _hey(errand: Errand, folder: Path) -> list[str]:
    command = ["-cpus", "1", "-c", f"{errand.connections}", "-z", f"{errand.seconds}s"]
    if not errand.keeps_alive:
        command.append("-disable-keepalive")
    if errand.body_bytes:
        command += ["-m", "POST", "-D", _body_file(errand, folder)]
    return [*command, errand.url]


def _k6(errand: Errand, folder: Path) -> list[str]:
    command = [*_k6_words(folder), "--insecure-skip-tls-verify"]
    if not errand.keeps_alive:
        command.append("--no-connection-reuse")
    if errand.rate_per_s is not None:
        return [*command, workload("arrivals.js", errand, folder)]
    command += ["--vus", f"{errand.connections}", "--duration", f"{errand.seconds}s"]
    script = "post.js" if errand.body_bytes else "get.js"
    return [*command, workload(script, errand, folder)]


def _k9(errand: Errand, folder: Path) -> list[str]:
    # Over https it would speak HTTP/2 where it can, which no other here does.
    command = ["run", "--quiet", "--discard-response-bodies", "--http-version", "1.1"]
    command += ["--insecure-skip-tls-verify", "--summary-trend-stats", TREND_STATS]
    command += ["--summary-export", str(folder / "summary.json")]
    if not errand.keeps_alive:
        command.append("--no-connection-reuse")
    if errand.rate_per_s is not None:
        return [*command, workload("arrivals.yaml", errand, folder)]
    command += ["--vus", f"{errand.connections}", "--duration", f"{errand.seconds}s"]
    return [*command, workload("get.yaml", errand, folder)]


def _locust(script: str) -> Command:
    def command(errand: Errand, folder: Path) -> list[str]:
        users = f"{errand.connections}"
        return [
            *("-f", workload(script, errand, folder), "--headless", "--json"),
            *(
                "-u",
                users,
                "-r",
                f"{errand.connections / errand.ramp_s:g}",
                "-t",
                f"{errand.seconds}s",
            ),
            *("--host", errand.url.rstrip("/")),
        ]

    return command


def _vumeter_shop(errand: Errand, folder: Path) -> list[str]:
    report = str(folder / "report.json")
    return ["run", workload("shop.toml", errand, folder), "--headless", "-o", report]


def _vumeter_script(errand: Errand, folder: Path) -> list[str]:
    return [
        *("run", workload("shop.py", errand, folder), "-c", f"{errand.connections}"),
        *("-z", f"{errand.seconds}s", "--headless", "-o", str(folder / "report.json")),
    ]


def _vumeter_signed(errand: Errand, folder: Path) -> list[str]:
    return [
        *("run", workload("signed.py", errand, folder), "-c", f"{errand.connections}"),
        *("-z", f"{errand.seconds}s", "--headless", "--workers", f"{errand.workers}"),
    ]


def _k6_shop(errand: Errand, folder: Path) -> list[str]:
    return [
        *("run", "--quiet", "--no-usage-report", "--vus", f"{errand.connections}"),
        *("--duration", f"{errand.seconds}s", workload("shop.js", errand, folder)),
    ]


def _k9_shop(errand: Errand, folder: Path) -> list[str]:
    return ["run", "--quiet", workload("shop_k9.yaml", errand, folder)]


def _k9_script(errand: Errand, folder: Path) -> list[str]:
    return [
        *("run", "--quiet", "--vus", f"{errand.connections}"),
        *("--duration", f"{errand.seconds}s", workload("shop_k9.py", errand, folder)),
    ]


def _vumeter_crowd(errand: Errand, folder: Path) -> list[str]:
    report = str(folder / "report.json")
    return ["run", workload("think.toml", errand, folder), "--headless", "-o", report]


def _k6_crowd(errand: Errand, folder: Path) -> list[str]:
    return [*_k6_words(folder), workload("think.js", errand, folder)]


def _k6_words(folder: Path) -> list[str]:
    return [
        *("run", "--quiet", "--no-usage-report", "--summary-trend-stats", TREND_STATS),
        *("--summary-export", str(folder / "summary.json")),
    ]


def _body_file(errand: Errand, folder: Path) -> str:
    path = folder / "body.txt"
    path.write_text("x" * errand.body_bytes)
    return str(path)


VUMETER = Generator("vumeter", "vumeter", _vumeter, own_words.from_vumeter)
WRK = Generator("wrk", "wrk", _wrk)
H2LOAD = Generator("h2load --h1", "h2load", _h2load)
HEY = Generator("hey", "hey", _hey)
K6 = Generator("k6", "k6", _k6, own_words.from_k6)
K9 = Generator("k9-load, plan", "k9", _k9, own_words.from_k6)
LOCUST = Generator(
    "Locust, FastHttpUser", "locust", _locust("get_locust.py"), own_words.from_locust
)

VUMETER_SHOP = Generator("vumeter, profile", "vumeter", _vumeter_shop)
VUMETER_SCRIPT = Generator("vumeter, Python script", "vumeter", _vumeter_script)
VUMETER_SIGNED = Generator("vumeter, signed requests", "vumeter", _vumeter_signed)
WRK_BARE = Generator("wrk, bare GET", "wrk", _wrk)
K6_SHOP = Generator("k6, script", "k6", _k6_shop)
K9_SHOP = Generator("k9-load, plan", "k9", _k9_shop)
K9_SCRIPT = Generator("k9-load, Python script", "k9", _k9_script)
LOCUST_SHOP = Generator("Locust, FastHttpUser", "locust", _locust("shop_locust.py"))

VUMETER_CROWD = Generator("vumeter", "vumeter", _vumeter_crowd, own_words.from_vumeter)
K6_CROWD = Generator("k6", "k6", _k6_crowd, own_words.from_k6)
LOCUST_CROWD = Generator(
    "Locust, FastHttpUser", "locust", _locust("think_locust.py"), own_words.from_locust
)
