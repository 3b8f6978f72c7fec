"""The process probe against real processes, and /proc as it is read here."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vumeter.model.watched import ProcessMonitor
from vumeter.probes.observing import Look, UnseenError
from vumeter.probes.process import ProcessObserver, process_words

pytestmark = pytest.mark.slow


class Victim:
    """A process that does as it is told."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("victim.py")), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.do("begin")

    def do(self, order: str) -> int:
        """Return what it answers; 0 is no number."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        return int(answer) if answer.isdigit() else 0

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.communicate()


@pytest.fixture
def victim() -> Iterator[Victim]:
    found = Victim()
    yield found
    found.end()


def rss_bytes(*pids: int) -> int:
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors(*pids: int) -> int:
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)  # noqa: PTH208


def descriptor_limit(pid: int) -> int:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Max open files")).split()[3])


async def looked(**by: object) -> Look:
    return await ProcessObserver(ProcessMonitor(name="api", **by)).look()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_who_listens_on_a_port_is_found_with_either_version_of_ip(victim, host) -> None:
    port = victim.do(f"listen {host}")
    look = await looked(port=port)
    assert look.title.startswith(f"pid {victim.pid} python")
    assert look.series["rss_bytes"] == pytest.approx(rss_bytes(victim.pid), rel=0.05)
    assert look.series["descriptors"] == descriptors(victim.pid)
    assert look.series["processes"] == look.series["threads"] == 1


async def test_what_a_process_takes_on_is_seen_at_the_next_look(victim) -> None:
    observer = ProcessObserver(ProcessMonitor(name="api", pid=victim.pid))
    before = (await observer.look()).series
    victim.do("open 100")
    victim.do("threads 7")
    victim.do(f"allocate {32 * 2**20}")
    after = (await observer.look()).series
    assert after["descriptors"] - before["descriptors"] == 100
    assert after["descriptors_of_fullest"] == after["descriptors"]
    assert after["threads"] - before["threads"] == 7
    assert after["rss_bytes"] - before["rss_bytes"] >= 32 * 2**20
    assert after["descriptor_limit"] == descriptor_limit(victim.pid)


async def test_children_count_with_their_parent_unless_they_are_not_to(victim) -> None:
    child = victim.do("child")
    whole, alone = await looked(pid=victim.pid), await looked(pid=victim.pid, children=False)
    assert (whole.series["processes"], alone.series["processes"]) == (2, 1)
    assert whole.series["rss_bytes"] == pytest.approx(rss_bytes(victim.pid, child), rel=0.05)
    assert whole.series["descriptors"] == descriptors(victim.pid, child)


async def test_processor_time_is_what_the_process_used_between_two_looks(victim) -> None:
    observer = ProcessObserver(ProcessMonitor(name="api", pid=victim.pid))
    assert "cpu_percent" not in (await observer.look()).series
    began_s = time.monotonic()
    await observer.look()
    inner_s = time.monotonic()
    victim.do("burn 0.5")
    inner_s = time.monotonic() - inner_s
    percent = (await observer.look()).series["cpu_percent"]
    outer_s = time.monotonic() - began_s
    # The kernel counts in hundredths of seconds, at both ends.
    assert 100 * 0.48 / outer_s <= percent <= 100 * 0.56 / inner_s


async def test_a_server_is_found_by_its_command_line_before_its_workers() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sign = Path(folder).name
        victim = Victim(sign)
        try:
            victim.do("child")  # has the same command line
            look = await looked(pattern=f"victim.py {sign}$")
            assert look.title.startswith(f"pid {victim.pid} ")
            assert look.series["processes"] == 2
        finally:
            victim.end()


async def test_a_restart_is_told_and_a_process_that_is_gone_is_waited_for(victim) -> None:
    port = victim.do("listen")
    observer = ProcessObserver(ProcessMonitor(name="api", port=port))
    await observer.look()
    victim.end()
    with pytest.raises(UnseenError, match=rf"^nothing listens on port {port}$"):
        await observer.look()
    with socket.create_server(("127.0.0.1", port)):
        look = await observer.look()
    assert f"pid {os.getpid()} " in look.title
    assert look.notices[0].startswith(f"api was restarted: pid {os.getpid()} ")


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ({"pid": 2**22 + 1}, f"there is no process {2**22 + 1}"),
        ({"pattern": "no such{3} thing"}, 'no process has "no such{3} thing" in its command line'),
    ],
)
async def test_what_is_not_there_is_said_in_words(by, message) -> None:
    with pytest.raises(UnseenError) as caught:
        await looked(**by)
    assert caught.value.message == message
    assert caught.value.hint


async def test_neither_this_run_nor_who_started_it_matches_a_pattern() -> None:
    # In a process of its own, whose command line nobody else has.
    program = (
        "import asyncio, sys; from tests.probes.test_process import looked\n"
        "asyncio.run(looked(pattern=sys.argv[1]))"
    )
    with tempfile.TemporaryDirectory() as folder:
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", program, Path(folder).name],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert f'UnseenError: no process has "{Path(folder).name}"' in ended.stderr


def test_words_that_may_be_secrets_are_not_shown() -> None:
    assert process_words(["/srv/api", "--password", "hunter2"]) == ["api"]
    assert process_words(["java", "postgresql://ann:pw@db/x"]) == ["java"]
    assert process_words(["/usr/bin/python3", "/srv/gunicorn", "shop:app"]) == [
        "python3",
        "gunicorn",
        "shop:app",
    ]


async def test_a_look_that_was_given_up_is_not_begun_a_second_time(victim) -> None:
    observer = ProcessObserver(ProcessMonitor(name="api", pid=victim.pid))
    looking = asyncio.ensure_future(observer.look())
    await asyncio.sleep(0)
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
    assert "cpu_percent" not in (await observer.look()).series, "it is the first one's"
