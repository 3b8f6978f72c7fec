"""What a stored run says of itself later: its series, and why it was slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from vumeter.model.explanation import Question
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.retention import Retention
from vumeter.run.archive import Archive, stored_why
from vumeter.stats.digest import Digest
from vumeter.stats.histogram import histogram_of
from vumeter.stats.redaction import Redactor
from vumeter.stats.series import series_of
from vumeter.store.reader import StoredRun, open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.scenery import FIXED_AT_S, JAM_FROM_S, moment_at
from vumeter.testing.seconds import MadeUpRun

FROM_S, UPTO_S = 60, 165


def readings() -> Iterator[Reading]:
    """Yield seconds in which answers take the longer, the more sessions wait for the hot row."""
    run = MadeUpRun(endpoints=2, requests=20)
    for second in range(FROM_S, UPTO_S):
        reading = run.reading(second)
        slower = 1 + 4 * moment_at(second).jam
        tallies = {
            name: replace(
                tally,
                service=histogram_of(round(us * slower) for us in range(20_000, 60_000, 2_000)),
            )
            for name, tally in reading.tallies.items()
        }
        yield replace(reading, tallies=tallies)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store(tmp_path / "run.sqlite")


def store(path: Path, *, retention: Retention | None = None) -> Path:
    """Write the run down."""
    plan = Plan(name="shop", scenarios=(Scenario(name="main", steps=(), load=Load(vus=2)),))
    digest = Digest()
    writer = StoreWriter(path, Redactor(plan), version="1.2.3", retention=retention)
    for reading in readings():
        writer.second(reading, digest.add(reading, vus_target=2.0, rate_target_per_s=None))
    assert writer.close(30.0)
    return path


def why(stored: StoredRun, first: int, end: int) -> list[str]:
    return [each.sentence for each in stored_why(stored, Question.LATENCY, first, end).findings]


def test_a_jam_is_explained_by_what_jammed_and_the_database_names_who_did_it(path: Path) -> None:
    with open_run(path) as stored:
        found = stored_why(stored, Question.LATENCY, FROM_S)
        calm = stored_why(stored, Question.LATENCY, FROM_S, JAM_FROM_S)
    locks = found.findings[0]
    assert locks.sentence.startswith("lock waits rise with p95")
    assert "pid 811 (shop, idle in transaction) holds 38 up" in locks.culprit
    assert "UPDATE stock" in locks.culprit
    assert found.worst_second is not None and JAM_FROM_S < found.worst_second <= FIXED_AT_S + 6
    assert calm.problem == "p95 hardly changed"


def test_of_what_is_left_in_tens_the_same_is_said_with_fewer_values(tmp_path: Path) -> None:
    old = store(
        tmp_path / "old.sqlite",
        retention=Retention(seconds_s=0),
    )
    with open_run(old) as stored:
        found = stored_why(stored, Question.LATENCY, FROM_S)
    assert found.span_s == 10
    assert "only 1" in found.problem, "ten values and a rest are too few"


async def test_series_are_those_of_the_readings(path: Path) -> None:
    expected = {reading.second: series_of(reading) for reading in readings()}
    archive = Archive(path)
    for name in ("latency.p95_ms", "requests_per_s", "postgres.blocked_sessions", "vus"):
        points = await archive.series(name, 0, UPTO_S, span_s=1)
        assert {point.second: point.mean for point in points} == {
            second: series[name] for second, series in expected.items()
        }
    asked = await archive.why(Question.ERRORS, 0, UPTO_S)
    assert asked.problem in ("errors hardly changed", "nothing that is watched changes with errors")
