"""A shop lives as long as who needs it, and nothing of it stays, whoever is killed."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from vumeter.demo.backdoor import BackDoor, ShopError, shop_at
from vumeter.demo.bottlenecks import Bottleneck
from vumeter.demo.shop import DemoShop
from vumeter.errors import ExitCode
from vumeter.link import folders as runs

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.usefixtures("postgres")]

Eventually = Callable[[Callable[[], object]], None]
Holder = Callable[[str], subprocess.Popen[str]]

_HOLD = """
import sys
from vumeter.demo.shop import DemoShop
shop = DemoShop.open()
print(shop.door.socket, flush=True)
sys.stdin.read()
"""


def _family(door: BackDoor, traces: type) -> object:
    """The shop, its keeper, and the server with all its processes."""
    shop = psutil.Process(door.status().pid)
    pids = [shop.pid, *(child.pid for child in shop.children(recursive=True))]
    assert len(pids) > 3
    return traces(folder=door.socket.parent, pids=pids)


@pytest.fixture
def runs_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place for runs of the test's own, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="vumeter-runs-") as folder:
        monkeypatch.setenv(runs.RUNS_VARIABLE, folder)
        yield


@contextmanager
def _live_run(name: str) -> Iterator[None]:
    with runs.create(name) as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.socket))
        listener.listen()
        yield


def test_it_says_what_it_starts_and_then_answers(traces: type) -> None:
    told: list[str] = []
    with DemoShop.open(tell=told.append) as shop:
        status = shop.door.status()
        left = _family(shop.door, traces)
        assert told[0] == f"starting PostgreSQL {status.postgres_version}"
        assert status.broken == tuple(sorted(Bottleneck))
        assert left.all_there()
    assert left.gone()


def test_a_killed_holder_leaves_nothing(
    holder: Holder, traces: type, eventually: Eventually
) -> None:
    process = holder(_HOLD)
    assert process.stdout is not None
    left = _family(BackDoor(Path(process.stdout.readline().strip())), traces)
    assert left.all_there()
    process.kill()
    eventually(left.gone)


def test_a_killed_shop_leaves_nothing(traces: type, eventually: Eventually) -> None:
    with DemoShop.open() as shop:
        left = _family(shop.door, traces)
        os.kill(shop.pid, signal.SIGKILL)
        eventually(left.gone)


def test_a_killed_database_ends_the_shop(traces: type, eventually: Eventually) -> None:
    with DemoShop.open() as shop:
        left = _family(shop.door, traces)
        postmaster = int(
            (shop.door.socket.parent / "data" / "postmaster.pid").read_text().split()[0]
        )
        os.kill(postmaster, signal.SIGKILL)
        assert shop.wait(20)
        eventually(left.gone)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_shop_that_is_asked_to_end_leaves_nothing(
    traces: type, eventually: Eventually, number: signal.Signals
) -> None:
    with DemoShop.open() as shop:
        left = _family(shop.door, traces)
        os.kill(shop.pid, number)
        assert shop.wait(20)
        eventually(left.gone)


@pytest.mark.usefixtures("runs_here")
def test_it_lives_as_long_as_the_run_that_it_follows(traces: type) -> None:
    with DemoShop.open() as shop:
        left = _family(shop.door, traces)
        with _live_run("shop"):
            assert shop.door.follow("shop").run == "shop"
            shop.leave()
            # Time enough to notice, several times over, that nobody holds it any more.
            assert not shop.wait(1.5)
            assert shop.door.status().run == "shop"
        assert shop.wait(20)
        assert left.gone()


@pytest.mark.usefixtures("runs_here")
def test_it_follows_no_run_that_is_not_going_on() -> None:
    with DemoShop.open() as shop:
        with pytest.raises(ShopError, match="nowhere"):
            shop.door.follow("nowhere")
        assert shop.door.status().run is None


def test_a_port_that_is_taken_is_told_before_anything_is_started() -> None:
    told: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ShopError, match=f"port {port} .*in use") as raised:
            DemoShop.open(port=port, tell=told.append)
    assert raised.value.exit_code == ExitCode.USAGE
    assert told == []


def test_it_takes_the_port_that_it_is_given_and_is_found_by_it() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with DemoShop.open(port=port) as shop:
        status = shop_at(port).status()
        assert status.url == f"http://127.0.0.1:{port}"
        assert status.pid == shop.pid


def test_where_no_shop_is_the_message_says_how_to_start_one() -> None:
    with pytest.raises(ShopError, match="No demo shop") as raised:
        shop_at(port=1)
    assert "vumeter demo" in raised.value.hint


def test_two_shops_are_told_apart_by_their_port() -> None:
    with DemoShop.open() as one, DemoShop.open() as other:
        with pytest.raises(ShopError, match=r"demo shops are running") as raised:
            shop_at()
        assert "--port" in raised.value.hint
        port = int(other.door.status().url.rpartition(":")[2])
        shop_at(port).switch(Bottleneck.CACHE, broken=False)
        assert Bottleneck.CACHE not in other.door.status().broken
        assert Bottleneck.CACHE in one.door.status().broken
