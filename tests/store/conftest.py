"""Stored runs, written as a run writes them and read as anybody does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import StoredRun, open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.seconds import MadeUpRun

GENEROUS_S = 30.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


@pytest.fixture
def a_plan() -> Callable[..., Plan]:
    def make(*, headers: tuple[tuple[str, str], ...] = (), **fields: Any) -> Plan:
        request = Request(name="GET /", url="http://127.0.0.1:1/", headers=headers)
        scenario = Scenario(
            name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=Load(vus=2)
        )
        return Plan(**{"name": "test", "scenarios": (scenario,)} | fields)

    return make


@pytest.fixture
def writing(path: Path, a_plan: Callable[..., Plan]) -> Any:
    """A writer of a plan, closed at the end of the context with all that was left to it."""

    @contextmanager
    def begin(plan: Plan | None = None, **options: Any) -> Iterator[StoreWriter]:
        writer = StoreWriter(path, Redactor(plan or a_plan()), version="1.2.3", **options)
        try:
            yield writer
        finally:
            writer.close(GENEROUS_S)

    return begin


Left = Callable[[StoreWriter, MadeUpRun, range], list[Reading]]


@pytest.fixture
def leave() -> Left:
    """Leave seconds of a made-up run with a writer, no faster than it takes them."""

    def seconds_of(writer: StoreWriter, run: MadeUpRun, seconds: range) -> list[Reading]:
        digest, readings = Digest(), []
        for second in seconds:
            reading = run.reading(second)
            readings.append(reading)
            writer.second(reading, digest.add(reading, vus_target=50.0, rate_target_per_s=None))
            if second % 50 == 49:
                assert writer.drain(GENEROUS_S)
        return readings

    return seconds_of


@pytest.fixture
def stored(writing: Any, path: Path, leave: Left) -> Callable[..., StoredRun]:
    """So many seconds of a made-up run, written and opened again."""

    def store(run: MadeUpRun, seconds: int, **options: Any) -> StoredRun:
        with writing(**options) as writer:
            leave(writer, run, range(seconds))
        return open_run(path)

    return store
