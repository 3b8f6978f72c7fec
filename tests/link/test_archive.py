"""Which stored runs there are, and which one is meant."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vumeter.errors import StoreError
from vumeter.link import archive, folders
from vumeter.link.archive import StoredState
from vumeter.link.folders import RunFolder
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import StopCause
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.seconds import MadeUpRun

RUN = MadeUpRun(endpoints=2, requests=4)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vu"))
    monkeypatch.setenv(folders.RUNS_VARIABLE, str(path))
    yield path
    shutil.rmtree(path)


def write(folder: RunFolder, *, seconds: int = 3, ends: bool = True) -> None:
    request = Request(name="GET /", url="http://127.0.0.1:1/")
    scenario = Scenario(
        name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=Load(vus=2)
    )
    plan = Plan(name=folder.name, scenarios=(scenario,))
    writer, digest = StoreWriter(folder.store, Redactor(plan), version="1"), Digest()
    for second in range(seconds):
        reading = RUN.reading(second)
        writer.second(reading, digest.add(reading, vus_target=2.0, rate_target_per_s=None))
    assert writer.drain(30)
    if ends:
        with open_run(folder.store) as run:
            writer.finish(run.so_far(StopCause.SCHEDULE))
    assert writer.close(30)


def stored(name: str, *, age: int, ends: bool = True) -> RunFolder:
    with folders.create(name) as folder:
        write(folder, ends=ends)
    os.utime(folder.lock, (10_000 - age, 10_000 - age))
    return folder


def test_a_run_is_found_by_id_by_name_and_by_how_its_id_begins(runs: Path) -> None:
    old, new = stored("shop", age=3), stored("shop", age=2)
    other = stored("shopper", age=1)
    assert archive.find() == other
    assert archive.find("shop") == new
    assert archive.find(old.id) == old
    assert archive.find("shopp") == other
    with pytest.raises(StoreError, match='"sho" is the beginning of 3 runs') as several:
        archive.find("sho")
    assert old.id in several.value.hint
    with pytest.raises(StoreError, match='No run "nix" is stored'):
        archive.find("nix")


def test_what_is_to_be_removed_is_never_guessed(runs: Path) -> None:
    old, new = stored("shop", age=3), stored("shop", age=2)
    with pytest.raises(StoreError, match='There are 2 runs called "shop"') as several:
        archive.find_one("shop")
    assert old.id in several.value.hint
    archive.remove(archive.find_one(old.id))
    assert archive.find_one("shop") == new
    assert not old.path.exists()


def test_where_nothing_is_stored_it_is_said_why_that_may_be(runs: Path) -> None:
    with folders.create("kept-nothing"):
        pass
    with pytest.raises(StoreError, match="No run is stored") as nothing:
        archive.find()
    assert "--no-store" in nothing.value.hint
    assert archive.briefs() == []


def test_each_run_is_listed_as_it_stands(runs: Path) -> None:
    ended, died = stored("ended", age=3), stored("died", age=2, ends=False)
    broken = stored("broken", age=1)
    broken.store.write_bytes(b"no database" * 1000)
    with folders.create("live") as live:
        write(live, ends=False)
        with pytest.raises(StoreError, match="goes on, and cannot be removed"):
            archive.remove(live)
        found = {it.folder: it for it in archive.briefs()}
    assert [found[each].state for each in (ended, died, broken, live)] == [
        StoredState.ENDED,
        StoredState.DIED,
        StoredState.UNREADABLE,
        StoredState.GOING_ON,
    ]
    requests = sum(it.requests for it in RUN.reading(0).tallies.values()) * 3
    for each in (ended, died, live):
        assert found[each].duration_s == 3
        assert abs(found[each].requests - requests) <= 6  # time-outs come on top
        assert found[each].target == "http://127.0.0.1:1"
    assert found[ended].requests == found[died].requests
    assert "file is not a database" in found[broken].problem


def test_a_run_that_died_has_a_summary_that_says_so(runs: Path) -> None:
    died, ended = stored("died", age=2, ends=False), stored("ended", age=1)
    assert archive.summary(died).stop is StopCause.KILLED
    assert archive.summary(ended).stop is StopCause.SCHEDULE
    assert archive.summary(died).total == archive.summary(ended).total
