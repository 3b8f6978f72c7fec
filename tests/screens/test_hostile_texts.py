"""Texts of databases and pages that would take a terminal over: what reaches a real one of them."""

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from vumeter.demo.cluster import Cluster
from vumeter.errors import VumeterError
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

Desk = Any
"""conftest's; fixtures are not imported."""

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(240)]

# A title, a colour that nobody uses, the clipboard; a direction; and markup of Rich's.
TITLE, COLOUR, CLIPBOARD = "\x1b]0;PWNED\x07", "\x1b[38;5;201m", "\x1b]52;c;UFdORUQ=\x07"
MARKUP = "[red]hot[/red]"
HOSTILE = f"{MARKUP}{TITLE}{COLOUR}\u202e\x9b31m{CLIPBOARD}"
FORBIDDEN = tuple(
    sign.encode() for sign in ("\x1b]0;PWNED", COLOUR, "\x1b]52;c;UFdO", "\u202e", "\x9b31m")
)
PAGE = f"""\
# HELP jobs {MARKUP} {CLIPBOARD}
# TYPE jobs gauge
jobs{{queue="{HOSTILE}"}} 4
"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        running = Cluster.start()
    except VumeterError as error:
        pytest.skip(error.message)
    with running:
        yield running


@pytest.fixture
async def locked(cluster: Cluster) -> AsyncIterator[str]:
    """Sessions of hostile names, one of which waits for a lock of another on a hostile table."""
    table = '"h' + HOSTILE.replace('"', "") + '"'
    settings = {"application_name": HOSTILE}
    holder = await asyncpg.connect(cluster.dsn(), server_settings=settings)
    waiter = await asyncpg.connect(cluster.dsn(), server_settings=settings)
    await holder.execute(f"CREATE TABLE {table} (n int); INSERT INTO {table} VALUES (1)")
    await holder.execute(f"BEGIN; UPDATE {table} SET n = 2 /* {HOSTILE} */")
    waiting = asyncio.create_task(waiter.execute(f"UPDATE {table} SET n = 3 /* {HOSTILE} */"))
    yield cluster.dsn()
    await holder.execute("ROLLBACK")
    with contextlib.suppress(asyncpg.PostgresError):
        await waiting
    await holder.execute(f"DROP TABLE {table}")
    await holder.close()
    await waiter.close()


def written(folder: Path, *, target: str, dsn: str, page: str) -> str:
    """Return the path of a profile with these monitors."""
    path = folder / "shop.toml"
    path.write_text(f"""
target = "{target}"
[scenarios.main]
executor = "constant-vus"
vus = 2
duration = "4m"
steps = [{{ path = "/" }}]
[monitors]
postgres = "{dsn}"
[[monitors.prometheus]]
name = "queue"
url = "{page}"
series = {{ jobs = "jobs" }}
""")
    return str(path)


async def test_no_escape_sequence_and_no_markup_of_theirs_reaches_the_terminal(
    desk: Desk, locked: str, page: str
) -> None:
    async with LoopbackServer(law=fixed(0.02)) as server:
        profile = written(desk.home, target=server.url, dsn=locked, page=page)
        async with desk.open("run", profile, "--name", "shop", size=(120, 40)) as term:
            await term.sees("RUN 00:")
            await _look_around(term)
            term.press("m")
            term.press(f"{HOSTILE}\r".replace("\x1b", "").replace("\x07", ""))
            term.press("x")
            term.press("6")
            await term.sees("snapshot 1 kept")
            await term.until(lambda: _elapsed_s(term) >= 5, "five seconds")
            term.press("Sy")
            await term.until(lambda: "ENDED" in term.text, "the end")
            term.press("q")
            _is_clean(term.raw)
        async with desk.open("replay", "shop", size=(120, 40)) as term:
            await term.sees("REPLAY")
            term.press("p:3\r")
            await term.sees("REPLAY PAUSED")
            await _look_around(term)
            _is_clean(term.raw)


async def _look_around(term: Any) -> None:
    """See the blocked session, and what else there is, in each view."""
    term.press("5")
    await term.sees("blocks 1")
    # As it is written: what Rich took for markup would be gone.
    await term.sees(MARKUP)
    for words in ("[sessions]", "[statements]", "[tables]"):
        term.press("5")
        await term.sees(words)
    term.press("4")
    await term.sees("jobs")
    term.press("c")
    await term.sees("why p95")
    term.press("q1")


def _elapsed_s(term: Any) -> int:
    found = re.search(r"RUN 00:(\d\d):(\d\d)", term.rows[0])
    return int(found[1]) * 60 + int(found[2]) if found else 0


def _is_clean(raw: bytes) -> None:
    assert [each for each in FORBIDDEN if each in raw] == []
