"""docs/control-api.md: what it shows is what happens."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from vumeter.link.openapi import operations
from vumeter.model.frame import Frame, Point
from vumeter.model.plan import Listen, Plan
from vumeter.model.throttle import CommandKind, JournalEntry, Outcome
from vumeter.model.watched import Watched, WatchedKind
from vumeter.report.schema import Report
from vumeter.run.metrics import families
from vumeter.stats.exposition import Family
from vumeter.testing.server import LoopbackServer
from vumeter.testing.story import story

PAGE = (Path(__file__).parents[2] / "docs" / "control-api.md").read_text()

pytestmark = pytest.mark.slow


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
async def test_every_curl_example_works_on_a_live_run(
    fly: Any, a_plan: Callable[..., Plan], server: LoopbackServer, until: Any
) -> None:
    # What each example in turn is answered with; the first only names the socket.
    types: list[Any] = [
        Frame,
        tuple[Point, ...],
        tuple[Point, ...],
        Report,
        None,  # text
        Outcome,
        Outcome,
        tuple[JournalEntry, ...],
        Outcome,
        Frame,
    ]
    examples = blocks("sh")
    assert examples[0].startswith("SOCKET=")
    assert len(examples) == 1 + len(types)
    listen = Listen(host="127.0.0.1", port=0)
    async with fly(a_plan(server.url, vus=10, listen=listen)) as flight:
        async with await flight.link("reader", watch=True) as link:
            await until(link, lambda frame: frame.second >= 3)
        answers = []
        for example, kind in zip(examples[1:], types, strict=True):
            ended = await asyncio.to_thread(
                subprocess.run,
                ["/bin/sh", "-ec", example],
                env={"SOCKET": str(flight.folder.socket), "PATH": "/usr/bin:/bin"},
                capture_output=True,
                check=False,
                timeout=30,
            )
            assert ended.returncode == 0, ended.stderr
            text = ended.stdout
            answers.append(text if kind is None else msgspec.json.decode(text, type=kind))
        outcome, refusal = map(json.loads, blocks("json"))
        assert msgspec.to_builtins(answers[5]) == outcome
        assert [entry.command.author for entry in answers[7]] == ["deploy-script"] * 2
        async with await flight.link("alice@pts/3"):
            refused = await flight.do(CommandKind.SET, author="bob", value=5)
            assert refused == refusal["message"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
async def test_the_python_example_prints_a_line_a_second(
    fly: Any, a_plan: Callable[..., Plan], server: LoopbackServer, tmp_path: Path
) -> None:
    (example,) = blocks("python")
    script = tmp_path / "example.py"
    script.write_text(example)
    async with fly(a_plan(server.url, name="shop", duration_s=4.0)):
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^\d+ \d+", ended.stdout, re.MULTILINE)


def test_all_that_can_be_asked_is_in_the_table() -> None:
    table = PAGE.partition("| | | |")[2].partition("\n\n")[0]
    asked = re.findall(r"`(GET|POST) (/[a-z/]+)", table)
    assert sorted(asked) == sorted((it.method.upper(), it.path) for it in operations(Report))


def test_every_metric_is_in_the_table_and_no_other() -> None:
    table = PAGE.partition("| metric | labels |")[2].partition("\n\n")[0]
    written: set[str] = set()
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`([a-z_]+)`", row)
        written.add(first)
        written |= {it if it.startswith("vumeter_") else _beside(first, it) for it in others}
    assert written == {family.name for family in all_families()}


def _beside(first: str, part: str) -> str:
    """Return the whole name of which the table has only the part that differs from *first*."""
    if part.endswith("_"):  # vumeter_iterations_due_total: _started_
        return re.sub(r"_[a-z]+_total$", f"{part}total", first)
    return re.sub(r"(vumeter_[a-z]+)_.*", rf"\1{part}", first)


def all_families() -> list[Family]:
    """Return every family that there can be."""
    frame = story(180).frames[-1]
    database = replace(frame.postgres, connections_used=1, sessions_active=1, blocked_sessions=0)
    api = Watched(name="api", kind=WatchedKind.PROCESS, series={"threads": 1.0})
    frame = replace(frame, postgres=database, watched=(api,))
    return families(frame, totals={}, scenario_totals={})


def test_every_command_is_in_the_table() -> None:
    table = PAGE.partition("| kind | does")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)`", table.replace("`value`", ""))) >= set(CommandKind)
