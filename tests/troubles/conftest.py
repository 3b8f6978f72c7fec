"""A shop, its PostgreSQL, a run that puts load on it, and a cockpit before which nobody sits."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from vumeter.clock import unix_ms
from vumeter.demo.binaries import NoPostgresError, found_binaries
from vumeter.demo.cluster import Cluster
from vumeter.link import folders
from vumeter.model.frame import Event
from vumeter.model.measure import Reading
from vumeter.store.reader import open_run
from vumeter.testing.patience import wait_until

GENEROUS_S = 60.0
"""No test waits for time to pass; this is when it gives up waiting for something."""

CALM_S, HELD_S = 6, 8
"""Before a trouble and after it, and while it lasts: `why` wants twenty seconds in all."""

FIRST_CALM_S = 5
"""Everything that has just begun is slow."""

VUS = 8
SLOTS = 30
"""Of which three are reserved."""

_PROGRAM = (sys.executable, "-m", "vumeter")
_PROFILE = """
target = "{url}"

[defaults]
timeout = "5s"

[limits]
max_vus = 200

[scenarios.customers]
executor = "constant-vus"
vus = {vus}
steps = [
  {{ pick = [
    {{ weight = 25, path = "/product" }},
    {{ weight = 40, path = "/market" }},
    {{ weight = 25, path = "/orders", method = "POST" }},
    {{ weight = 10, path = "/login" }},
  ] }},
  {{ think = "100ms" }},
]
"""


def _wait(holds: Callable[[], object], what: Callable[[], str]) -> None:
    wait_until(holds, what, within_s=GENEROUS_S)


class Shop:
    """The shop's process, and its switches."""

    def __init__(self, cluster: Cluster) -> None:
        command = (Path(__file__).with_name("shop.py"), cluster.dsn(), cluster.dsn("shop"))
        self._process = subprocess.Popen(
            (sys.executable, *command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self._said()

    @contextlib.contextmanager
    def switched(self, name: str) -> Iterator[None]:
        """Have a switch turned for a while."""
        self._turn(name)
        try:
            yield
        finally:
            self._turn(name)

    def close(self) -> None:
        self._process.communicate(timeout=GENEROUS_S)

    def _turn(self, name: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        assert self._said() == "turned"

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Screen:
    """A terminal with the cockpit in it, which a thread reads as an emulator does."""

    def __init__(self, *arguments: str) -> None:
        self._screen = pyte.Screen(140, 50)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))
        self._process = subprocess.Popen(
            (*_PROGRAM, *arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def text(self) -> str:
        """What a person sees."""
        with self._lock:
            return "\n".join(row.rstrip() for row in self._screen.display)

    @property
    def page(self) -> str:
        """The page of the view of the database."""
        found = re.search(r"^─ pg .*\[(\w+)\]", self.text, flags=re.MULTILINE)
        assert found is not None, self.text
        return found[1]

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def shows(self, *words: str) -> None:
        """Wait until all of *words* stand on the screen at once."""
        _wait(lambda: all(map(self.text.__contains__, words)), lambda: f"{words}\n{self.text}")

    def turn_to(self, page: str) -> None:
        """Turn to a page of the view of the database."""
        while (shown := self.page) != page:
            self.press("5")
            _wait(lambda shown=shown: self.page != shown, lambda: self.text)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def _take(self) -> None:
        # EIO, EBADF: the program has gone, or the test is over.
        with contextlib.suppress(OSError):
            while taken := os.read(self._terminal, 65_536):
                with self._lock:
                    self._stream.feed(taken)


class Trouble:
    """One of the run's troubles: since when it is there, and what those who ask are told of it."""

    def __init__(self, run: "Watched", *, calm_from: int) -> None:
        self._run = run
        self._calm_from = calm_from
        self.began_s = run.now_s
        """In run time."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What is stored since it began."""
        return self._run.readings(int(self.began_s))

    @property
    def readings_before(self) -> tuple[Reading, ...]:
        """What is stored of the calm before it."""
        return self._run.readings(self._calm_from, int(self.began_s))

    def shown_after_s(self, shows: Callable[[Reading], object]) -> float:
        """Wait for the first second that *shows* it; return how long after its begin that ended."""

        def seconds() -> list[int]:
            return [each.second for each in self.readings if shows(each)]

        before = [bool(shows(each)) for each in self.readings_before]
        assert sum(before) <= len(before) / 3, "it is there most of the time"
        _wait(seconds, lambda: f"{self.readings[-1:]}")
        return seconds()[0] + 1 - self.began_s

    def events(self) -> list[str]:
        """What the log has of it."""
        return [each.text for each in self._run.events() if each.second >= self.began_s]

    def reasons(self, question: str = "latency") -> list[str]:
        """Return what `vumeter why` names first, second and third, when it is over."""
        window = ("--from", str(self._calm_from), "--to", str(self._run.newest_second + 1))
        said = self._run.said("why", self._run.name, "--of", question, *window)
        print(said)
        return re.split(r"^ +\d\. ", said, flags=re.MULTILINE)[1:4]


class Watched:
    """The run, as those see it who are not before a cockpit: by commands, and by its store."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._store = folders.find(name).store
        self._calm_from = FIRST_CALM_S

    def said(self, *arguments: str) -> str:
        """Run a command of the program to its end."""
        done = subprocess.run(
            (*_PROGRAM, *arguments), capture_output=True, text=True, timeout=GENEROUS_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextlib.contextmanager
    def vus(self, number: int) -> Iterator[None]:
        """Have another number of VUs for a while."""
        self.said("ctl", self.name, "set", "vus", str(number))
        try:
            yield
        finally:
            self.said("ctl", self.name, "set", "vus", str(VUS))

    @contextlib.contextmanager
    def calm_then(self, makes: contextlib.AbstractContextManager[object]) -> Iterator[Trouble]:
        """Have it calm, then what *makes* a trouble, then calm again."""
        calm_from = self._calm_from
        self.until_second(calm_from + CALM_S)
        try:
            with makes:
                trouble = Trouble(self, calm_from=calm_from)
                yield trouble
                self.until_second(int(trouble.began_s) + HELD_S)
        finally:
            self._calm_from = int(self.now_s) + 1
        self.until_second(self._calm_from + CALM_S)

    @property
    def newest_second(self) -> int:
        """The last that is over and stored."""
        with open_run(self._store) as run:
            return run.newest_second

    @property
    def now_s(self) -> float:
        """The time of the run."""
        with open_run(self._store) as run:
            started_unix_ms = run.meta.started_unix_ms
        assert started_unix_ms is not None, "no second has ended yet"
        return (unix_ms() - started_unix_ms) / 1000

    def readings(self, from_second: int, to_second: int | None = None) -> tuple[Reading, ...]:
        with open_run(self._store) as run:
            return tuple(run.readings(from_second, to_second))

    def events(self) -> tuple[Event, ...]:
        with open_run(self._store) as run:
            return run.events

    def until_second(self, second: int) -> None:
        _wait(lambda: self.newest_second >= second, lambda: f"second {self.newest_second}")


@pytest.fixture(scope="module")
def runs() -> Iterator[Path]:
    """A folder for runs, and for what the cockpit remembers, that no one else sees."""
    path = Path(tempfile.mkdtemp(prefix="vu"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(folders.RUNS_VARIABLE, str(path))
        patch.delenv("VUMETER_PG", raising=False)
        for name in ("CONFIG", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(path / name.lower()))
        yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that breaks a deadlock before the shop gives up waiting."""
    try:
        binaries = found_binaries()
    except NoPostgresError as error:
        pytest.skip(error.message)
    if not binaries.has_pg_stat_statements:
        pytest.skip("pg_stat_statements does not come with this PostgreSQL: install its contrib")
    settings = {"deadlock_timeout": "300ms"}
    with Cluster.start(max_connections=SLOTS, settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def shop(cluster: Cluster) -> Iterator[Shop]:
    opened = Shop(cluster)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def watched(cluster: Cluster, shop: Shop, runs: Path) -> Iterator[Watched]:
    """A run in its own process, with the shop's database watched by a role like any other."""
    profile = runs / "shop.toml"
    profile.write_text(_PROFILE.format(url=shop.url, vus=VUS))
    options = ("--name", "shop", "--pg", cluster.dsn("probe"), "--dead-man", "10m")
    started = subprocess.run(
        (*_PROGRAM, "run", str(profile), "--detach", *options),
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    run = Watched("shop")
    run.until_second(0)
    yield run
    run.said("ctl", "shop", "abort")
    _wait(lambda: not folders.is_live(folders.newest_first("shop")[0]), lambda: "the run goes on")


@pytest.fixture(scope="module")
def screen(watched: Watched) -> Iterator[Screen]:
    """The cockpit, on the view of the database."""
    opened = Screen("attach", "shop", "--watch")
    opened.shows("RUN 00:")
    opened.press("5")
    opened.shows("─ pg ", "tables plan")
    yield opened
    opened.close()
