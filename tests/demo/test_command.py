"""`vumeter demo` as it is typed: it flies, it is mended in flight, and it leaves nothing."""

import asyncio
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from vumeter.demo.backdoor import BackDoor, ShopError, shop_at
from vumeter.errors import ExitCode
from vumeter.link import client, folders
from vumeter.link.folders import RUNS_VARIABLE, RunFolder
from vumeter.model.throttle import CommandKind

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.usefixtures("postgres")]

Eventually = Callable[[Callable[[], object]], None]
VUMETER = str(Path(sys.executable).parent / "vumeter")


class Demo:
    """One `vumeter demo …`, with or without a terminal before it."""

    def __init__(self, runs: Path, traces: type, eventually: Eventually) -> None:
        self._runs = runs
        self._traces = traces
        self._eventually = eventually
        self._terminal = -1
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[str]

    def start(self, *options: str) -> None:
        """Without a terminal: output into pipes."""
        self.process = subprocess.Popen(
            [VUMETER, "demo", "--port", str(self.port), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_in_terminal(self, *options: str) -> None:
        """In a terminal of its own, which is read and forgotten."""
        self._terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [VUMETER, "demo", "--port", str(self.port), *options],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
            text=True,
        )
        os.close(theirs)
        threading.Thread(target=self._drain, daemon=True).start()

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    @property
    def run(self) -> RunFolder:
        return folders.newest_first("shop")[0]

    def door(self) -> BackDoor:
        """The shop's, as soon as it is open."""
        self._eventually(lambda: self._answers(lambda: True))
        return shop_at(self.port)

    def wait_for_load(self) -> BackDoor:
        """Return when the shop has served the run and is known to be its own."""
        door = self.door()
        self._eventually(lambda: door.status().statuses.get(200, 0) > 20)
        return door

    def family(self) -> object:
        """Everything that was started, and the cluster's folder."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        folder = self.door().socket.parent
        return self._traces(folder=folder, pids=[child.pid for child in children])

    def child(self, module: str) -> int:
        """The pid of the one that runs that module of vumeter."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        (found,) = [child.pid for child in children if f"vumeter.{module}" in _command(child)]
        return found

    def stop_run(self) -> None:
        """As `vumeter ctl shop stop`."""
        subprocess.run([VUMETER, "ctl", "shop", "stop"], check=True, capture_output=True)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate() if self.process.stdout else self.process.wait()
        if self._terminal >= 0:
            os.close(self._terminal)

    def _answers(self, question: Callable[[], bool]) -> bool:
        assert self.process.poll() is None, "the demo has ended"
        try:
            shop_at(self.port)
        except ShopError:
            return False
        return question()

    def _drain(self) -> None:
        try:
            while os.read(self._terminal, 65536):
                pass
        except OSError:  # the other end, or ours, is closed
            return


@pytest.fixture
def demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, traces: type, eventually: Eventually
) -> Iterator[Demo]:
    # A short path: a socket's may have 103 bytes.
    with tempfile.TemporaryDirectory(prefix="vumeter-runs-") as runs:
        monkeypatch.setenv(RUNS_VARIABLE, runs)
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(variable, str(tmp_path))
        demo = Demo(Path(runs), traces, eventually)
        yield demo
        demo.close()


def _command(process: psutil.Process) -> list[str]:
    """What it was started with; nothing when it has gone meanwhile."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _vumeter(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([VUMETER, *words], capture_output=True, text=True, check=False)


def test_headless_it_flies_to_its_end_and_leaves_nothing(demo: Demo, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    demo.start("--headless", "--duration", "3s", "--output", str(report))
    left = demo.family()
    output, progress = demo.process.communicate(timeout=60)
    assert demo.process.returncode == ExitCode.OK, progress
    assert left.gone()
    assert "starting PostgreSQL" in progress
    assert "POST /orders" in output
    told = json.loads(report.read_text())
    assert told["totals"]["errors"] == 0
    assert {endpoint["name"] for endpoint in told["endpoints"]} == {
        "POST /login",
        "GET /portfolio",
        "GET /market",
        "GET /quotes/{symbol}",
        "POST /orders",
    }
    assert told["postgres"] is not None


def test_without_a_terminal_it_takes_twenty_seconds(demo: Demo, eventually: Eventually) -> None:
    demo.start()
    demo.wait_for_load()
    left = demo.family()
    eventually(demo.run.socket.exists)
    frame = asyncio.run(client.status(demo.run.socket))
    assert frame.duration_s == 20
    demo.process.send_signal(signal.SIGINT)
    output, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == ExitCode.INTERRUPTED
    assert "http_req_duration" in output
    assert left.gone()


def test_a_fix_is_told_and_marked_on_the_charts(demo: Demo) -> None:
    demo.start("--headless", "--duration", "60s")
    door = demo.wait_for_load()
    # Headless, the shop is its starter's; under the cockpit it is the run's.
    door.follow(demo.run.name)
    done = _vumeter("demo", "fix", "locks", "pool", "--port", str(demo.port))
    assert done.returncode == ExitCode.OK, done.stderr
    assert "20 database connections" in done.stdout
    undone = _vumeter("demo", "break", "locks", "--port", str(demo.port))
    assert undone.returncode == ExitCode.OK, undone.stderr
    state = _vumeter("demo", "status", "--port", str(demo.port)).stdout
    assert re.search(r"✓ pool +20 database connections", state)
    assert re.search(r"✗ locks ", state)

    async def marks() -> list[str]:
        async with await client.Link.open(demo.run.socket, viewer="test", watch=True) as link:
            journal = await link.journal()
        return [each.command.note for each in journal if each.command.kind is CommandKind.MARK]

    assert asyncio.run(marks()) == ["fix locks", "fix pool", "break locks"]


def test_a_detached_demo_goes_on_until_its_run_is_stopped(
    demo: Demo, eventually: Eventually
) -> None:
    demo.start_in_terminal()
    door = demo.wait_for_load()
    eventually(lambda: door.status().run == "shop")
    left = demo.family()
    demo.type("d")
    assert demo.process.wait(20) == ExitCode.OK
    served = sum(door.status().statuses.values())
    eventually(lambda: sum(door.status().statuses.values()) > served + 50)
    demo.stop_run()
    eventually(left.gone)


def test_the_cockpit_killed_the_shop_stays_until_its_run_ends(
    demo: Demo, eventually: Eventually
) -> None:
    demo.start_in_terminal()
    door = demo.wait_for_load()
    eventually(lambda: door.status().run == "shop")
    left = demo.family()
    demo.process.kill()
    demo.process.wait()
    served = sum(door.status().statuses.values())
    eventually(lambda: sum(door.status().statuses.values()) > served + 50)
    demo.stop_run()
    eventually(left.gone)


def test_killed_while_its_run_comes_up_it_leaves_no_run_on_a_dead_port(
    demo: Demo, traces: type, eventually: Eventually
) -> None:
    demo.start_in_terminal()
    demo.door()
    children: list[psutil.Process] = []

    def run_comes_up() -> bool:
        children[:] = psutil.Process(demo.process.pid).children(recursive=True)
        return any("vumeter.cli.conduct" in _command(child) for child in children)

    eventually(run_comes_up)
    folder = demo.door().socket.parent
    left = traces(folder=folder, pids=[child.pid for child in children])
    demo.process.kill()
    demo.process.wait()
    eventually(left.gone)


def test_the_run_killed_everything_goes(demo: Demo, eventually: Eventually) -> None:
    demo.start_in_terminal()
    door = demo.wait_for_load()
    eventually(lambda: door.status().run == "shop")
    left = demo.family()
    os.kill(demo.child("cli.conduct"), signal.SIGKILL)
    eventually(left.gone)


def test_the_shop_killed_its_database_goes_and_the_run_can_be_stopped(
    demo: Demo, eventually: Eventually
) -> None:
    demo.start_in_terminal()
    door = demo.wait_for_load()
    eventually(lambda: door.status().run == "shop")
    left = demo.family()
    os.kill(demo.child("demo.process"), signal.SIGKILL)
    eventually(lambda: not left.folder.exists())
    demo.stop_run()
    eventually(left.gone)


def test_killed_while_the_database_comes_up_it_leaves_nothing(
    demo: Demo, traces: type, eventually: Eventually
) -> None:
    demo.start_in_terminal()
    folders: list[Path] = []

    def server_is_coming_up() -> bool:
        for child in psutil.Process(demo.process.pid).children(recursive=True):
            words = _command(child)
            if "-D" in words and "cluster_name=vumeter demo" in words:
                folders.append(Path(words[words.index("-D") + 1]).parent)
        return bool(folders)

    eventually(server_is_coming_up)
    children = psutil.Process(demo.process.pid).children(recursive=True)
    left = traces(folder=folders[0], pids=[child.pid for child in children])
    demo.process.kill()
    demo.process.wait()
    eventually(left.gone)


def test_the_headless_demo_killed_leaves_nothing(demo: Demo, eventually: Eventually) -> None:
    demo.start("--headless")
    demo.wait_for_load()
    left = demo.family()
    demo.process.kill()
    eventually(left.gone)


def test_served_by_itself_it_says_how_to_load_it_and_ends_with_ctrl_c(demo: Demo) -> None:
    demo.start("--serve")
    left = demo.family()
    assert demo.process.stdout is not None
    said = "".join(iter(demo.process.stdout.readline, "Close it:   ctrl+c\n"))
    url = f"http://127.0.0.1:{demo.port}"
    assert url in said
    (dsn,) = re.findall(r"--pg '(.+)'", said)
    loaded = _vumeter("run", f"{url}/market", "--pg", dsn, "-n", "20", "--headless")
    assert loaded.returncode == ExitCode.OK, loaded.stderr
    assert demo.door().status().statuses == {200: 20}
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(20) == ExitCode.OK
    assert left.gone()


def test_a_taken_port_is_one_clear_message(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()
        demo.start("--headless")
        output, complaint = demo.process.communicate(timeout=60)
    assert demo.process.returncode == ExitCode.USAGE
    assert output == ""
    assert complaint.startswith(f"vumeter: The shop cannot have port {demo.port} of 127.0.0.1")
    assert "Traceback" not in complaint


@pytest.mark.parametrize("verb", ["fix", "break"])
def test_without_a_demo_there_is_nothing_to_mend(verb: str) -> None:
    done = _vumeter("demo", verb, "pool", "--port", "1")
    assert done.returncode == ExitCode.USAGE
    assert done.stderr == (
        "vumeter: No demo shop is running on port 1.\n  Start one: vumeter demo\n"
    )


@pytest.mark.parametrize(
    "words",
    [("fix", "everything"), ("fix",), ("--vus", "0"), ("--vus", "many"), ("-z", "soon")],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(words: tuple[str, ...]) -> None:
    done = _vumeter("demo", *words)
    assert done.returncode == ExitCode.USAGE
    assert "Traceback" not in done.stderr
    assert "starting" not in done.stderr
