"""What is a stored run, what is none, and how old ones are brought up to date."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.errors import StoreError
from vumeter.store import connection
from vumeter.store.reader import StoredRun, open_run
from vumeter.testing.seconds import MadeUpRun

RUN = MadeUpRun(endpoints=2, requests=3)


def database(path: Path, *statements: str) -> None:
    made = sqlite3.connect(path)
    for statement in statements:
        made.execute(statement)
    made.commit()
    made.close()


def test_a_run_that_is_not_there_is_not_made_by_looking_for_it(path: Path) -> None:
    with pytest.raises(StoreError, match="There is no stored run at"):
        open_run(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty: the run ended before anything was stored", id="nothing"),
        pytest.param(b"hello, world" * 1000, "file is not a database", id="no database"),
    ],
)
def test_a_file_that_is_no_run_is_refused_in_words(
    path: Path, content: bytes, message: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=message):
        open_run(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_as_it_was(path: Path) -> None:
    database(path, "CREATE TABLE songs (title TEXT)", "PRAGMA user_version = 1")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is a database, but no run that vumeter stored"):
        open_run(path)
    assert path.read_bytes() == before


def test_a_newer_vumeters_run_is_refused_with_what_to_do(
    stored: Callable[..., StoredRun], path: Path
) -> None:
    stored(RUN, 3).close()
    database(path, f"PRAGMA user_version = {connection.SCHEMA + 1}")
    with pytest.raises(StoreError, match="written by a newer vumeter: its schema is") as refused:
        open_run(path)
    assert "update this one" in refused.value.hint


def test_a_file_that_was_cut_off_is_refused_or_read_and_never_a_traceback(
    stored: Callable[..., StoredRun], path: Path
) -> None:
    stored(RUN, 200).close()
    whole = path.read_bytes()
    problems = 0
    for size in range(0, len(whole), 4096 + 17):
        path.write_bytes(whole[:size])
        try:
            with open_run(path) as run:
                assert len(list(run.readings())) <= 200
                assert run.points()
        except StoreError as problem:
            problems += 1
            assert str(path) in str(problem)
    assert problems > 5


def test_a_reading_that_is_damaged_is_said_and_the_others_are_read(
    stored: Callable[..., StoredRun], path: Path
) -> None:
    stored(RUN, 5).close()
    database(path, "UPDATE readings SET content = x'93c0' WHERE second = 3")
    with open_run(path) as run:
        assert len(list(run.readings(0, 3))) == 3
        with pytest.raises(StoreError, match="cannot be read"):
            list(run.readings())


OLD = Path(__file__).parent / "data" / "schema-1.sqlite"
"""Twelve seconds that the first vumeter with a store has written."""


@pytest.fixture
def old(path: Path) -> Path:
    shutil.copy(OLD, path)
    return path


def version(path: Path) -> int:
    found = sqlite3.connect(path)
    number: int = found.execute("PRAGMA user_version").fetchone()[0]
    found.close()
    return number


def test_an_older_run_that_is_over_is_brought_up_to_date(old: Path) -> None:
    with open_run(old, is_over=True) as run:
        assert len(list(run.readings())) == 12
        assert run.balance(11) is None
    assert version(old) == connection.SCHEMA


def test_an_older_run_that_goes_on_is_read_and_left_to_its_process(old: Path) -> None:
    owner = sqlite3.connect(old, isolation_level=None)
    owner.execute("PRAGMA journal_mode = WAL")
    with open_run(old) as run:
        assert len(list(run.readings())) == 12
        assert [event.text for event in run.events] == ["deploy"]
        assert run.balance(11) is None
        assert run.so_far(None).total.requests > 0
        # An older process goes on writing by the schema that it knows.
        owner.execute("DELETE FROM readings WHERE second = 3")
        assert len(list(run.readings())) == 11
    tables = {name for (name,) in owner.execute("SELECT name FROM sqlite_schema")}
    owner.close()
    assert "balances" not in tables
    assert version(old) == 1


NOTES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO notes SELECT second, 'semi;colon' FROM readings;
"""


@pytest.fixture
def future(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vumeter whose newest migration changes what there is."""
    newer = (*connection.scripts(), NOTES)
    monkeypatch.setattr(connection, "scripts", lambda: newer)
    monkeypatch.setattr(connection, "SCHEMA", len(newer))


@pytest.mark.usefixtures("future")
def test_a_migration_that_moves_what_there_is_waits_for_the_end_of_the_run(old: Path) -> None:
    with pytest.raises(StoreError, match="by an older vumeter, and cannot be read by this one"):
        open_run(old)
    assert version(old) == 1
    with open_run(old, is_over=True) as run:
        assert len(list(run.readings())) == 12
    with sqlite3.connect(old) as found:
        assert found.execute("SELECT count(*) FROM notes").fetchone() == (12,)
    found.close()
    assert version(old) == connection.SCHEMA


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (*connection.scripts(), "CREATE TABLE notes (id);\nINSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr(connection, "scripts", lambda: broken)
    with pytest.raises(StoreError, match="nowhere"):
        open_run(old, is_over=True)
    monkeypatch.undo()
    assert version(old) == 1
    with open_run(old, is_over=True) as run:
        assert len(list(run.readings())) == 12


def test_reading_changes_nothing(stored: Callable[..., StoredRun]) -> None:
    with stored(RUN, 3) as run, pytest.raises(sqlite3.OperationalError, match="readonly"):
        run._connection.execute("DELETE FROM readings")


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is read-only for root")
def test_a_run_on_a_medium_that_cannot_be_written_is_read(
    stored: Callable[..., StoredRun], path: Path
) -> None:
    stored(RUN, 3).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with open_run(path) as run:
            assert run.newest_second == 2
    finally:
        path.parent.chmod(0o700)


def test_what_is_in_the_way_is_not_followed(path: Path, tmp_path: Path, writing: Any) -> None:
    elsewhere = tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    with writing() as writer:
        assert not writer.drain(30)
        assert "cannot be written" in (writer.problem or "")
    assert not elsewhere.exists()
