"""A secret of each kind goes into a run, and is found in nothing that comes out of it."""

import asyncio
import base64
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil
import pytest
from typer.testing import CliRunner

from vumeter.cli.app import app_for
from vumeter.cli.export import Format
from vumeter.cli.report import Form
from vumeter.link import folders
from vumeter.link.folders import RUNS_VARIABLE, RunFolder
from vumeter.link.openapi import operations
from vumeter.report.schema import Report
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]

CANARY = "c4n4ry"
"""All of them begin with it: it is what is looked for."""
BASIC = base64.b64encode(f"ann:{CANARY}-url".encode()).rstrip(b"=")

OF_FLAMES = {Format.FLAMEGRAPH, Format.STACKS}
"""A run has one when a hand took it; tests/run/test_profiler.py looks for secrets in those."""
EXPORTS = [form for form in Format if form not in OF_FLAMES]

PROFILE = f"""
target = "http://ann:{CANARY}-url@127.0.0.1:PORT"
secrets = ["PIN"]

[defaults]
headers = {{ Authorization = "Bearer ${{TOKEN}}", X-Api-Key = "{CANARY}-header" }}

[feeders.users]
columns = ["mail", "password"]
rows = [["a@b.example", "{CANARY}-feeder"]]

[scenarios.main]
executor = "constant-vus"
vus = 2
steps = [
  {{ path = "/open", query = {{ token = "{CANARY}-query", who = "{{{{users.password}}}}" }} }},
  {{ path = "/login", json = {{ user = "ann", password = "${{PASSWORD}}", pin = "${{PIN}}" }} }},
  {{ path = "/shut", checks = [{{ name = "has ${{PIN}}", contains = "x" }}] }},
]

[monitors]
postgres = "postgresql://watcher:{CANARY}-dsn@127.0.0.1:1/none"

[[monitors.redis]]
name = "cache"
url = "redis://:{CANARY}-redis@127.0.0.1:1"

[[alerts]]
name = "always"
when = "http_reqs: rate > 0/s over 1s"
webhook = "http://127.0.0.1:1/{CANARY}-hook"
"""


def found_in(places: dict[str, bytes]) -> list[str]:
    """Return where a canary is, also one that is packed, and what stands around it."""
    return [
        f"{name}: {found[0].decode(errors='replace')}"
        for name, content in places.items()
        for part in unpacked(content)
        if (found := re.search(rb".{,40}(?:%s|%s).{,40}" % (CANARY.encode(), BASIC), part))
    ]


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield *content*, and all that is deflated or msgpack in it, however deep."""
    yield content
    try:
        yield from unpacked(zlib.decompress(content, -15))
    except zlib.error:
        yield from _packed_in(content)


def _packed_in(content: bytes) -> Iterator[bytes]:
    try:
        decoded = msgspec.msgpack.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    if isinstance(decoded, list):
        for each in decoded:
            if isinstance(each, bytes):
                yield from unpacked(each)


def cells_of(store: Path) -> dict[str, bytes]:
    """Return every value of the database, by table and row."""
    cells = {}
    with sqlite3.connect(store) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in names.fetchall():
            for number, row in enumerate(connection.execute(f"SELECT * FROM {table}")):
                parts = [it if isinstance(it, bytes) else str(it).encode() for it in row]
                cells |= {f"{table} {number} {at}": part for at, part in enumerate(parts)}
    connection.close()
    return cells


def command_lines() -> dict[str, bytes]:
    """Return those of the run's process and its workers, as anybody can read them."""
    found = {}
    for process in psutil.process_iter(["cmdline", "environ"]):
        if RUNS_VARIABLE in (process.info["environ"] or {}):
            found[f"process {process.pid}"] = " ".join(process.info["cmdline"]).encode()
    return found


async def answers_of(folder: RunFolder) -> dict[str, bytes]:
    """Return all that can be asked of a run that goes on, and what a viewer is greeted with."""
    paths = [each.path for each in operations(Report) if each.method == "get"]
    connector = aiohttp.UnixConnector(path=str(folder.socket))
    answers = {}
    async with aiohttp.ClientSession("http://run", connector=connector) as session:
        for path in paths:
            async with session.get(path) as response:
                answers[path] = await response.read()
        async with session.ws_connect("/stream", max_msg_size=0) as stream:
            answers["/stream"] = await stream.receive_bytes()
    return answers


@pytest.fixture
def flown(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> Iterator[tuple[RunFolder, dict[str, bytes]]]:
    """A run with secrets that goes on, and what its start has printed."""
    profile = tmp_path / "secrets.toml"
    profile.write_text(PROFILE.replace("PORT", str(server.port)))
    secret = {"TOKEN": f"{CANARY}-token", "PASSWORD": f"{CANARY}-word", "PIN": f"{CANARY}-pin"}
    started = vumeter(
        "run", str(profile), "--detach", "--name", "night", "--pg-wait", env_of=secret
    )
    assert started.returncode == 0, started.stderr
    checked = vumeter("check", str(profile), env_of=secret)
    assert checked.returncode == 0, checked.stderr
    server.wait_for_requests(100)
    yield (
        folders.find("night"),
        {
            "run": (started.stdout + started.stderr).encode(),
            "check": (checked.stdout + checked.stderr).encode(),
        },
    )


def test_a_canary_secret_is_found_nowhere(
    vumeter: Vumeter,
    flown: tuple[RunFolder, dict[str, bytes]],
    server: ServerProcess,
    tmp_path: Path,
) -> None:
    folder, places = flown
    assert any(CANARY in path for path in server.truth()["paths"]), "they are what was sent"
    assert vumeter("ctl", "night", "mark", f"logged in with {CANARY}-token").returncode == 0
    lines = command_lines()
    assert len(lines) >= 2, "the run and its worker"
    places |= lines | asyncio.run(answers_of(folder))
    assert vumeter("stop", "night").returncode == 0

    out = tmp_path / "out"
    out.mkdir()
    printed = [
        ("show", "night"),
        ("logs", "night"),
        ("why", "night"),
        ("drift", "night"),
        ("drift", "night", "--format", "json"),
        ("runs",),
        ("export-profile", "night"),
        ("compare", "night", "night"),
        ("chart", "night"),
        *(("export", "night", "--format", form, "-o", f"{out}/export-{form}") for form in EXPORTS),
        *(("report", "night", "--format", form, "-o", f"{out}/report-{form}") for form in Form),
    ]
    # In this process: two dozen starts of a program would take most of the test's time.
    for words in printed:
        done = CliRunner().invoke(app_for(words), words, catch_exceptions=False)
        assert done.exit_code == 0, (words, done.output)
        places[" ".join(words)] = done.output.encode()
    written = list(out.iterdir())
    assert len(written) == len(EXPORTS) + len(Form) + 2, "locust-csv is three files"
    for file in (*written, *(each for each in folder.path.iterdir() if each.is_file())):
        places[file.name] = file.read_bytes()
    places |= cells_of(folder.store)

    assert found_in(places) == []
    # They were hidden, and not forgotten: what has no secret in it is there.
    for name in ("show night", "report-html", "report-json", "export-jsonl"):
        assert b"GET /open" in places[name], name
    assert b"logged in with ***" in places["logs night"]


def test_what_looks_for_canaries_finds_them_however_deep_they_are_packed() -> None:
    deflate = zlib.compressobj(wbits=-15)
    deep = deflate.compress(f"a {CANARY}".encode()) + deflate.flush()
    packed = msgspec.msgpack.encode([deep, b"", 3])
    places = {"plain": b"x c4n4ry-1", "packed": packed, "basic": b": " + BASIC, "none": b"x"}
    assert found_in(places) == [
        "plain: x c4n4ry-1",
        "packed: a c4n4ry",
        f"basic: : {BASIC.decode()}",
    ]
