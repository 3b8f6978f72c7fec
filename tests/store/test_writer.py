"""A run written down on a thread, and what is to be read then."""

import json
import sqlite3
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.balance import Balance
from vumeter.model.frame import ErrorCount, Event, EventLevel
from vumeter.model.measure import ErrorKind, Tally
from vumeter.model.plan import Plan
from vumeter.model.retention import Retention
from vumeter.model.throttle import Command, CommandKind, JournalEntry
from vumeter.stats.spans import merged
from vumeter.stats.tally import TallySum
from vumeter.store.reader import StoredRun, open_run
from vumeter.testing.seconds import STARTED_UNIX_MS, MadeUpRun

QUICK = Retention(seconds_s=30, tens_s=120)
RUN = MadeUpRun(endpoints=3, requests=5)


def requests(readings: Any) -> int:
    return sum(tally.requests for it in readings for tally in it.tallies.values())


def test_what_was_left_is_read_as_it_was(stored: Callable[..., StoredRun]) -> None:
    with stored(RUN, 25) as run:
        assert list(run.readings()) == [RUN.reading(second) for second in range(25)]
        assert run.newest_second == 24
        assert run.meta.version == "1.2.3"
        assert run.meta.started_unix_ms == STARTED_UNIX_MS
        assert run.plan.name == "test"
        assert run.summary is None
        assert run.lost == ()


def test_points_are_kept_at_each_resolution(stored: Callable[..., StoredRun]) -> None:
    from vumeter.stats.digest import Digest

    digest = Digest()
    for second in range(130):
        digest.add(RUN.reading(second), vus_target=50.0, rate_target_per_s=None)
    with stored(RUN, 130, retention=QUICK) as run:
        for span_s, number in ((1, 130), (10, 13), (60, 2)):
            assert len(run.points(span_s=span_s)) == number
            assert run.points(span_s=span_s) == digest.points(0, span_s=span_s)
        assert [point.second for point in run.points(20, 50, span_s=10)] == [20, 30, 40]


def test_readings_grow_coarser_with_age_and_lose_nothing(
    stored: Callable[..., StoredRun],
) -> None:
    with stored(RUN, 300, retention=QUICK) as run:
        spans = [(it.second, it.span_s) for it in run.readings()]
        assert spans == [
            *((second, 60) for second in range(0, 180, 60)),
            *((second, 10) for second in range(180, 270, 10)),
            *((second, 1) for second in range(270, 300)),
        ]
        assert requests(run.readings()) == requests(RUN.reading(second) for second in range(300))


def test_finer_readings_are_merged_where_longer_spans_are_asked_for(
    stored: Callable[..., StoredRun],
) -> None:
    with stored(RUN, 300, retention=QUICK) as run:
        minutes = list(run.readings(span_s=60))
        assert [(it.second, it.span_s) for it in minutes] == [(at, 60) for at in range(0, 300, 60)]
        assert requests(minutes) == requests(RUN.reading(second) for second in range(300))
        some = list(run.readings(200, 285, span_s=10))
        assert [it.second for it in some] == list(range(200, 285, 10))


def test_events_commands_and_standings_are_kept_with_their_newest_state(
    writing: Any, path: Path
) -> None:
    command = Command(kind=CommandKind.MARK, author="ann", note="deploy")
    entry = JournalEntry(
        id=1, second=1.5, at_unix_ms=5, command=command, accepted=True, effect="marked"
    )
    event = Event(
        serial=1, second=1.5, at_unix_ms=5, level=EventLevel.MARK, author="ann", text="deploy"
    )
    with writing() as writer:
        writer.event(event)
        writer.journal(entry)
        writer.journal(replace(entry, acknowledged_s=2.0))
    with open_run(path) as run:
        assert run.events == (event,)
        assert run.journal == (replace(entry, acknowledged_s=2.0),)
        assert run.verdicts == ()
        assert run.setup is None


def test_other_programs_can_read_what_people_look_for(writing: Any, path: Path) -> None:
    event = Event(
        serial=1, second=1.5, at_unix_ms=5, level=EventLevel.MARK, author="ann", text="deploy"
    )
    with writing() as writer:
        writer.event(event)
    with sqlite3.connect(path) as connection:
        ((text,),) = connection.execute("SELECT content FROM events").fetchall()
        assert json.loads(text)["text"] == "deploy"
    connection.close()


def test_the_file_is_its_owners_alone(writing: Any, path: Path) -> None:
    with writing() as writer:
        assert writer.drain(30)
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert path.with_name("run.sqlite-wal").exists()
    assert [file.name for file in path.parent.iterdir()] == ["run.sqlite"]


def test_a_run_is_read_while_it_goes_on(writing: Any, path: Path, leave: Any) -> None:
    with writing() as writer:
        leave(writer, RUN, range(5))
        assert writer.drain(30)
        with open_run(path) as run:
            assert run.newest_second == 4
            leave(writer, RUN, range(5, 9))
            assert writer.drain(30)
            assert run.newest_second == 8


CANARY = "canary-5f1d7e"


def test_no_secret_is_in_the_file(writing: Any, path: Path, a_plan: Callable[..., Plan]) -> None:
    plan = a_plan(
        headers=(("Authorization", f"Bearer {CANARY}"),),
        secrets=(f"own-{CANARY}",),
        postgres_dsn=f"postgresql://ann:{CANARY}@127.0.0.1/shop",
    )
    reading = RUN.reading(0)
    assert reading.postgres is not None
    leaky = Tally(answered=1, checks={f"has own-{CANARY}": (1, 0)})
    blocker = replace(
        MadeUpRun().reading(110).postgres.blockers[0],  # type: ignore[union-attr]
        statement=f"UPDATE users SET password = '{CANARY}'",
    )
    command = Command(kind=CommandKind.MARK, author="ann", note=f"token={CANARY}")
    with writing(plan) as writer:
        writer.second(
            replace(
                reading,
                tallies={f"GET /?key=own-{CANARY}": leaky, "GET /": Tally(answered=1)},
                postgres=replace(
                    reading.postgres, remark=f"password={CANARY}", blockers=(blocker,)
                ),
            ),
            None,
        )
        writer.event(
            Event(
                serial=1,
                second=0,
                at_unix_ms=0,
                level=EventLevel.SCRIPT,
                author="x",
                text=f"got Bearer {CANARY}",
            )
        )
        writer.journal(
            JournalEntry(
                id=1,
                second=0,
                at_unix_ms=0,
                command=command,
                accepted=True,
                effect=f"marked token={CANARY}",
            )
        )
    with open_run(path) as run:
        (found,) = run.readings()
        texts = repr((found, run.events, run.journal, run.plan))
        assert "***" in texts
        assert CANARY not in texts
        assert sum(tally.answered for tally in found.tallies.values()) == 2
    assert CANARY.encode() not in path.read_bytes()


def test_what_came_too_late_is_kept_beside_the_readings(writing: Any, path: Path) -> None:
    from vumeter.model.measure import Histogram, Snapshot, Vitals

    vitals = Vitals(
        cpu_percent=1.0,
        tick_lag=Histogram(),
        start_lag=Histogram(),
        late_starts=0,
        descriptors=1,
        descriptor_limit=2,
        rss_bytes=3,
    )
    late = Snapshot(
        worker=1, second=3, tallies={"GET /": Tally(answered=7)}, scenarios={}, vitals=vitals
    )
    with writing() as writer:
        writer.late(late)
    with open_run(path) as run:
        assert run.late_snapshots == (late,)


@pytest.mark.parametrize("span_s", [10, 60])
def test_percentiles_of_what_was_rolled_up_are_those_of_its_seconds(
    stored: Callable[..., StoredRun], span_s: int
) -> None:
    with stored(RUN, 300, retention=QUICK) as run:
        for whole in run.readings(0, 180, span_s=span_s):
            seconds = [
                RUN.reading(second) for second in range(whole.second, whole.second + whole.span_s)
            ]
            assert whole.tallies == merged(seconds, span_s=whole.span_s).tallies


def test_an_hour_of_twenty_busy_endpoints_is_small(writing: Any, path: Path, leave: Any) -> None:
    run = MadeUpRun()
    with writing(retention=Retention(seconds_s=60, tens_s=120)) as writer:
        leave(writer, run, range(300))
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT span_s, avg(length(content)) FROM readings GROUP BY span_s"
        ).fetchall()
    connection.close()
    mean_bytes = dict(rows)
    # A second comes to 4,124 bytes, of which the database has 1,007: 322 are its statements, 204
    # what runs and 166 what idles in a transaction, 182 its tables. An hour of them: 14.8 MB.
    assert mean_bytes[1] < 4_400
    # A minute comes to 28.4 kB, of which the database and the extents of its numbers have 2.4 kB.
    # Minutes grow for ever: those of 72 h are 123 MB of the 200 MB that a run may have.
    assert mean_bytes[60] < 29_500
    # All of it is less than from where on the oldest would be merged.
    default = Retention()
    rows_kept = {1: default.seconds_s, 10: default.tens_s / 10, 60: 72 * 60}
    whole_bytes = sum(rows_kept[span_s] * mean_bytes[span_s] for span_s in rows_kept)
    assert whole_bytes < 0.9 * default.most_bytes


@pytest.mark.slow
def test_a_store_that_would_become_too_large_merges_its_oldest_and_loses_nothing(
    writing: Any, path: Path, leave: Any
) -> None:
    most_bytes, run_of_one = 200_000, MadeUpRun(endpoints=1, requests=2)
    retention = Retention(seconds_s=60, tens_s=120, most_bytes=most_bytes)
    with writing(retention=retention) as writer:
        leave(writer, run_of_one, range(1_300))
    with open_run(path) as run:
        spans = [(it.second, it.span_s) for it in run.readings()]
        assert spans[0] == (0, 600)
        assert spans[-1] == (1_299, 1)
        assert all(second + span_s == then for (second, span_s), (then, _) in pairwise(spans)), (
            "each time of the run is there once"
        )
        merged_to = next(second for second, span_s in spans if span_s < 600)
        assert [span_s for _, span_s in spans] == sorted(
            (span_s for _, span_s in spans), reverse=True
        )
        seconds = [run_of_one.reading(second) for second in range(merged_to)]
        whole = merged(list(run.readings(0, merged_to)), span_s=merged_to)
        assert whole.tallies == merged(seconds, span_s=merged_to).tallies
    # The file keeps pages that are free by now for what comes.
    with sqlite3.connect(path) as connection:
        pages, free, page_bytes = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    connection.close()
    assert (pages - free) * page_bytes <= most_bytes


def test_no_secret_is_in_what_a_run_had_come_to(
    writing: Any, path: Path, a_plan: Callable[..., Plan]
) -> None:
    figures = TallySum().figures(1.0)
    balance = Balance(
        second=0,
        total=figures,
        # Two names that differ by their secrets alone stay two.
        endpoints={f"GET /?key=own-{CANARY}": figures, f"GET /?key=other-{CANARY}": figures},
        errors=(
            ErrorCount(
                kind=ErrorKind.STATUS,
                status=500,
                endpoint=f"GET /?key=own-{CANARY}",
                window=1,
                total=1,
                first_second=0,
                last_second=0,
            ),
        ),
        dropped=0,
        outage_s=0.0,
        metrics={},
        verdicts=(),
        alerts=(),
    )
    with writing(a_plan(secrets=(f"own-{CANARY}", f"other-{CANARY}"))) as writer:
        writer.balance(balance)
        writer.last_balance(balance)
    with open_run(path) as run:
        for kept in (run.balance(0), run.last_balance):
            assert kept is not None
            # It is deflated in the file, so that only what is read tells.
            assert CANARY not in repr(kept)
            assert len(kept.endpoints) == 2
