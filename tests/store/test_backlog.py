"""What waits for the disk: how much, and what goes first."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from vumeter.store import rows
from vumeter.store.backlog import Backlog
from vumeter.store.reader import open_run
from vumeter.store.rows import Lost, Row
from vumeter.store.writer import WAITING_S
from vumeter.testing.seconds import MadeUpRun

RUN = MadeUpRun(endpoints=2, requests=3)


def row(second: int, size_bytes: int) -> Row:
    return Row("INSERT", (b"x" * (size_bytes - 100),), second=second)


def test_beyond_the_bound_the_oldest_seconds_are_given_up_and_written_down_as_lost() -> None:
    backlog = Backlog(1_000)
    for second in range(15):
        backlog.add(row(second, 200))
    assert [each.second for each in backlog.rows if each.second is not None] == [10, 11, 12, 13, 14]
    assert backlog.lost == (Lost(0, 9),)
    assert [each.values for each in backlog.rows if each.key.startswith("loss")] == [(0, 9)]


def test_losses_that_are_apart_are_told_apart() -> None:
    backlog = Backlog(1_000)
    for second in (3, 4, 9, 10, 12):
        backlog.lose(second)
    assert backlog.lost == (Lost(3, 4), Lost(9, 10), Lost(12, 12))


def test_what_has_a_key_is_never_given_up_and_only_its_newest_is_kept() -> None:
    backlog = Backlog(1_000)
    for number in range(100):
        backlog.add(rows.of_standing("verdicts", [number]))
        backlog.add(row(number, 400))
    assert [each.values for each in backlog.rows if each.key == "standing verdicts"] == [
        ("verdicts", "[99]")
    ]


def test_nothing_waits_when_all_is_written() -> None:
    backlog = Backlog(1_000)
    backlog.add(row(1, 300))
    backlog.add(rows.of_meta("version", "1"))
    assert backlog
    backlog.clear()
    assert not backlog
    for second in range(3):
        backlog.add(row(second, 300))
    assert backlog.lost == ()


def test_while_the_file_is_held_seconds_wait_and_beyond_the_bound_the_oldest_are_lost(
    writing: Any, path: Path, leave: Any
) -> None:
    with writing() as writer:
        leave(writer, RUN, range(10))
        assert writer.drain(30)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        # The first of these has the thread wait for the file; the others come meanwhile.
        writer.second(RUN.reading(10), None)
        while writer._seconds:
            time.sleep(0.001)
        for second in range(11, 11 + WAITING_S + 50):
            writer.second(RUN.reading(second), None)
        assert writer.problem is not None
        holder.execute("ROLLBACK")
        holder.close()
    assert writer.problem is None
    newest = 10 + WAITING_S + 50
    with open_run(path) as run:
        (lost,) = run.lost
        assert run.lost == writer.lost
        seconds = [reading.second for reading in run.readings()]
        kept = [*range(lost.first_second), *range(lost.last_second + 1, newest + 1)]
        assert seconds == kept
        assert len(kept) >= 10 + WAITING_S


def test_a_file_that_cannot_be_made_is_said_and_tried_again(
    writing: Any, path: Path, leave: Any
) -> None:
    path.mkdir()
    with writing() as writer:
        writer.second(RUN.reading(0), None)
        assert not writer.drain(30)
        assert str(path) in (writer.problem or "")
        path.rmdir()
    assert writer.problem is None
    with open_run(path) as run:
        assert run.newest_second == 0
