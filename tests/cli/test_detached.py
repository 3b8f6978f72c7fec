"""A run outlives the terminal it was started from, and whoever watches it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.client import Link, status
from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.model.summary import Summary
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "vumeter"
Vumeter = Callable[..., Any]
AtATerminal = Callable[..., Any]
Eventually = Callable[[Callable[[], object]], None]


def newest(name: str | None = None) -> Frame | None:
    """Return what the run shows now; `None`: there is none yet, or no longer."""
    try:
        return asyncio.run(status(folders.find(name).socket))
    except LinkError:
        return None


def watched(viewers: int) -> Callable[[], bool]:
    return lambda: (frame := newest()) is not None and frame.viewers == viewers


def run_process() -> psutil.Process:
    """Return the one process that conducts a run of this test."""
    (found,) = [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if "vumeter.cli.conduct" in (process.info["cmdline"] or [])
        and (process.info["environ"] or {}).get(folders.RUNS_VARIABLE)
        == os.environ[folders.RUNS_VARIABLE]
    ]
    return found


def summary(folder: folders.RunFolder) -> Summary:
    return msgspec.msgpack.decode(folder.summary.read_bytes(), type=Summary)


def test_a_detached_run_is_listed_commanded_and_stopped_by_name(
    vumeter: Vumeter, server: ServerProcess, eventually: Eventually
) -> None:
    started = vumeter("run", server.url, "--detach", "--name", "night")
    assert started.returncode == 0, started.stderr
    assert "vumeter attach night" in started.stdout
    server.wait_for_requests(10)
    assert "night" in vumeter("ps").stdout
    folder = folders.find("night")
    assert vumeter("ctl", "night", "set", "vus", "20", "over", "5s").stdout == (
        "VU 10 → 20 over 5 s\n"
    )
    assert vumeter("ctl", "night", "stop").returncode == 0
    eventually(folder.summary.exists)
    assert summary(folder).stop is StopCause.STOPPED
    eventually(lambda: folders.live() == [])
    assert "No run is going on" in vumeter("ps").stdout
    assert "VU 10 → 20" in folder.log.read_text()


def test_a_detached_run_is_in_a_session_of_its_own_and_has_no_secret_in_its_arguments(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    canary = "canary-9f8e7d6c"
    vumeter("run", server.url, "--detach", "-H", f"Authorization: Bearer {canary}")
    process = run_process()
    assert os.getsid(process.pid) == process.pid
    for each in (process, *process.children()):
        assert canary not in " ".join(each.cmdline())
    for file in folders.find().path.iterdir():
        if file.is_file():
            assert canary.encode() not in file.read_bytes()


def test_a_hang_up_does_not_reach_a_detached_run(vumeter: Vumeter, server: ServerProcess) -> None:
    vumeter("run", server.url, "--detach")
    process = run_process()
    os.killpg(process.pid, signal.SIGHUP)
    server.wait_for_requests(server.truth()["requests"] + 100)
    assert process.is_running()
    assert len(process.children()) == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_detached_run_that_is_told_to_end_leaves_its_summary_and_its_report(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path, name: str
) -> None:
    report = tmp_path / "r.json"
    vumeter("run", server.url, "--detach", "-o", str(report))
    server.wait_for_requests(10)
    folder, process = folders.find(), run_process()
    process.send_signal(signal.Signals[name])
    process.wait(30)
    assert summary(folder).stop is StopCause.SIGNAL
    assert summary(folder).total.requests == server.truth()["requests"]
    assert report.exists()


def test_a_run_process_that_is_killed_leaves_no_worker_and_is_no_longer_listed(
    vumeter: Vumeter, server: ServerProcess, eventually: Eventually
) -> None:
    vumeter("run", server.url, "--detach", "--workers", "2")
    process = run_process()
    workers = process.children()
    assert len(workers) == 2
    folder = folders.find()
    process.kill()
    killed_ns = monotonic_ns()
    psutil.wait_procs(workers, timeout=10)
    # Two seconds are the promise; a busy machine gets some more, ten would be a bug.
    assert monotonic_ns() - killed_ns < 5 * NANOSECONDS_PER_S
    assert not any(worker.is_running() for worker in workers)
    eventually(lambda: folders.live() == [])
    assert "No run is going on" in vumeter("ps").stdout
    assert folder.socket.exists()
    # Its name is free, and its dead socket is swept by whoever is next.
    assert vumeter("run", server.url, "-n", "1", "--name", folder.name).returncode == 0
    assert not folder.socket.exists()
    gone = vumeter("attach", folder.name)
    assert gone.returncode == 2
    assert "No run" in gone.stderr


def test_a_viewer_that_is_killed_changes_nothing_and_the_run_is_found_again_within_a_second(
    runs: Path, server: ServerProcess, at_a_terminal: AtATerminal, eventually: Eventually
) -> None:
    with at_a_terminal("run", server.url, "--name", "night") as screen:
        eventually(lambda: screen.read() and watched(1)())
        os.kill(screen.pid, signal.SIGKILL)
        eventually(screen.has_ended)
        killed_ns = monotonic_ns()

        async def back() -> Frame:
            async with await Link.open(folders.find().socket, viewer="again") as link:
                return link.hello.frame

        frame = asyncio.run(back())
        assert monotonic_ns() - killed_ns < NANOSECONDS_PER_S
        assert frame.run == "night"
        before = server.truth()["requests"]
        server.wait_for_requests(before + 100)
    process, folder = run_process(), folders.find()
    process.terminate()
    process.wait(30)
    # Nothing was lost: what the run counted is what the server saw.
    assert summary(folder).total.requests == server.truth()["requests"]


def test_a_terminal_that_goes_away_takes_only_the_cockpit_along(
    runs: Path, server: ServerProcess, at_a_terminal: AtATerminal, eventually: Eventually
) -> None:
    with at_a_terminal("run", server.url) as screen:
        eventually(lambda: screen.read() and watched(1)())
    # The terminal is closed now, as when a connection breaks: the kernel sends SIGHUP.
    eventually(watched(0))
    server.wait_for_requests(server.truth()["requests"] + 100)


def test_a_run_that_is_to_pause_without_a_hand_does_so_when_the_terminal_goes_away(
    runs: Path,
    vumeter: Vumeter,
    server: ServerProcess,
    at_a_terminal: AtATerminal,
    eventually: Eventually,
) -> None:
    with at_a_terminal("run", server.url, "--on-viewer-lost", "pause") as screen:
        eventually(lambda: screen.read() and watched(1)())
    eventually(lambda: (frame := newest()) and frame.state is RunState.PAUSED)
    assert "nobody is left to steer: the load pauses in 2 s" in vumeter("logs").stdout
    with at_a_terminal("attach") as screen:
        eventually(lambda: screen.read() and watched(1)())
        frame = newest()
        assert frame is not None
        assert frame.state is RunState.PAUSED
        vumeter("ctl", frame.run, "resume", "--take")
        eventually(lambda: screen.read() and (now := newest()) and now.state is RunState.RUNNING)
        # Whoever leaves is not lost.
        screen.type("d")
        eventually(screen.has_ended)
    left_s = frame.elapsed_s
    eventually(lambda: (now := newest()) and now.elapsed_s > left_s + 4)
    after = newest()
    assert after is not None
    assert after.state is RunState.RUNNING


VIEWER = """
import asyncio, sys
from vumeter.link import folders
from vumeter.link.client import Link

async def main():
    link = await Link.open(folders.find().socket, viewer="ann")
    print(flush=True)
    async for frame in link.frames():
        pass

asyncio.run(main())
"""


def test_viewers_that_are_killed_under_load_lose_no_request(
    runs: Path, vumeter: Vumeter, eventually: Eventually
) -> None:
    with ServerProcess("--law", "fixed:2ms") as server:
        vumeter("run", server.url, "--detach", "-q", "1000", "-c", "50")
        folder = folders.find()
        for _ in range(3):
            with subprocess.Popen([sys.executable, "-c", VIEWER], stdout=subprocess.PIPE) as viewer:
                assert viewer.stdout is not None
                viewer.stdout.readline()
                viewer.kill()
        vumeter("stop")
        assert summary(folder).total.requests == server.truth()["requests"]
        assert summary(folder).total.errors == 0
        assert folder.log.read_text().count("was lost, and nobody is left to steer") == 3


def test_two_cockpits_on_one_run_and_the_second_comes_by_attach(
    runs: Path,
    vumeter: Vumeter,
    server: ServerProcess,
    at_a_terminal: AtATerminal,
    eventually: Eventually,
) -> None:
    vumeter("run", server.url, "--detach")
    with at_a_terminal("attach") as first, at_a_terminal("attach", "--watch") as second:
        eventually(lambda: (first.read(), second.read()) and watched(2)())
        frame = newest()
        assert frame is not None
        assert "@pts/" in frame.control
        # The first one's hand moves what both of them see.
        first.type("+")
        eventually(
            lambda: (
                (first.read(), second.read())
                and (now := newest())
                and now.throttles[0].requested == 11
            )
        )


def test_a_cockpit_that_is_left_says_how_to_come_back(
    runs: Path, server: ServerProcess, at_a_terminal: AtATerminal, eventually: Eventually
) -> None:
    with at_a_terminal("run", server.url, "--name", "night") as screen:
        eventually(lambda: screen.read() and watched(1)())
        screen.type("d")
        eventually(lambda: "vumeter attach night" in screen.read())
        eventually(screen.has_ended)
        assert screen.exit_code == 0
    assert newest("night") is not None


def test_a_cockpit_that_is_left_after_the_end_prints_the_summary(
    runs: Path, server: ServerProcess, at_a_terminal: AtATerminal, eventually: Eventually
) -> None:
    with at_a_terminal("run", server.url, "-z", "2s") as screen:
        eventually(lambda: "ENDED" in screen.read())
        screen.type("q")
        eventually(lambda: "http_reqs" in screen.read())
        eventually(screen.has_ended)
        assert screen.exit_code == 0


def test_what_is_refused_before_the_start_is_said_at_the_terminal(
    runs: Path, at_a_terminal: AtATerminal, eventually: Eventually
) -> None:
    with at_a_terminal("run", "http://8.8.8.8/") as screen:
        eventually(lambda: "--allow-host 8.8.8.8" in screen.read())
        eventually(screen.has_ended)
        assert screen.exit_code == 2
    assert newest() is None


def test_a_run_process_that_does_not_come_up_says_why_and_is_a_bug(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'vumeter.cli.conduct' in sys.orig_argv:\n"
        "    raise SystemExit('something is broken')\n"
    )
    ended = vumeter("run", server.url, "--detach", env_of={"PYTHONPATH": str(tmp_path)})
    assert ended.returncode == 1
    assert "ended before it began" in ended.stderr
    assert "something is broken" in ended.stderr
    assert server.truth()["requests"] == 0


def test_a_terminal_that_knows_only_ascii_is_no_reason_for_a_traceback(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    started = vumeter("run", server.url, "--detach", "--name", "night", env_of=ascii_only)
    assert (started.returncode, started.stderr) == (0, "")
    told = vumeter("ctl", "night", "set", "12", env_of=ascii_only)
    assert (told.returncode, told.stdout) == (0, "VU 10 ? 12\n")
    summary = vumeter("run", server.url, "-n", "10", env_of=ascii_only)
    assert summary.returncode == 0
    assert "Traceback" not in summary.stderr
