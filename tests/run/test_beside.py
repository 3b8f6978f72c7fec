"""A run held to a stored one, second by second: the same figures as `vumeter compare` has."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.model.comparison import Comparison, Judgement, Metric
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan
from vumeter.model.throttle import Command, CommandKind, JournalEntry
from vumeter.report.compared.comparison import compare
from vumeter.report.compared.subjects import subjects_of
from vumeter.run.beside import EVERY_S, Beside
from vumeter.stats.redaction import Redactor
from vumeter.testing.clock import ManualClock
from vumeter.testing.seconds import MadeUpRun, slower
from vumeter.testing.stored import plain_plan, store_run

pytestmark = pytest.mark.slow

SECONDS = 40
SLOW = "GET /endpoint/1"


def readings(seed: int, *, factor: float = 1.0) -> Iterator[Reading]:
    run = MadeUpRun(endpoints=2, requests=40, seed=seed)
    for second in range(SECONDS):
        it = run.reading(second)
        tally = it.tallies[SLOW]
        changed = replace(tally, service=slower(tally.service, factor))
        yield replace(it, tallies={**it.tallies, SLOW: changed})


@pytest.fixture
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a made-up run, which is the baseline "main"."""
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))
    (tmp_path / ".baselines").mkdir()
    path = tmp_path / ".baselines" / "main.sqlite"
    store_run(path, readings(1)).close()
    return path


def plan(**changes: object) -> Plan:
    return replace(plain_plan(), name="now", baseline="main", **changes)


def entry(kind: CommandKind) -> JournalEntry:
    command = Command(kind=kind, author="ann")
    return JournalEntry(id=1, second=1.0, at_unix_ms=0, command=command, accepted=True, effect="")


async def flown(
    plan: Plan,
    run: Iterable[Reading],
    *,
    journal: tuple[JournalEntry, ...] = (),
    told: list[str] | None = None,
) -> tuple[list[Comparison], Beside]:
    """Return every look that was made at *run*, and who made them."""
    # How long a look takes is nobody's business here: by this clock, no time.
    beside = Beside(
        plan,
        Redactor(plan),
        journal=lambda: journal,
        tell=str if told is None else told.append,
        clock=ManualClock(),
    )
    looks: list[Comparison] = []
    for reading in run:
        beside.hear([reading], reading.second + 1.0)
        if beside._task is not None:
            await beside._task
        if beside.comparison is not None and beside.comparison not in looks:
            looks.append(beside.comparison)
    return looks, beside


def line(it: Comparison, name: str, metric: Metric) -> tuple[Judgement, float | None]:
    (found,) = (each for each in it.lines if (each.name, each.metric) == (name, metric))
    return found.verdict, found.low


async def test_it_is_looked_at_every_few_seconds_and_tested_when_there_is_enough(
    baseline: Path,
) -> None:
    looks, beside = await flown(plan(), readings(2, factor=1.4))
    await beside.close()
    # As many seconds of the baseline as the run has had, and no more.
    assert [each.windows for each in looks] == [
        # The newest second may be the run's last, of which nobody knows yet how long it is.
        (each - 1, each - 1)
        for each in range(round(EVERY_S), SECONDS + 1, round(EVERY_S))
    ]
    assert line(looks[0], SLOW, Metric.P50) == (Judgement.WORSE, None)
    assert all(each.low is None for each in looks[0].lines)
    judgement, low = line(looks[-1], SLOW, Metric.P50)
    assert judgement is Judgement.WORSE and low is not None and low > 0.2
    assert line(looks[-1], "GET /endpoint/0", Metric.P50)[0] is not Judgement.WORSE
    assert all(each.is_paired for each in looks)


async def test_the_end_is_what_compare_says_of_the_two(baseline: Path, tmp_path: Path) -> None:
    _, beside = await flown(plan(), readings(2, factor=1.4))
    path = tmp_path / "now.sqlite"
    with store_run(path, readings(2, factor=1.4), plan=plan()) as stored:
        await beside.conclude(stored.so_far(None))
    await beside.close()
    theirs = compare(*subjects_of([str(baseline), str(path)]))
    assert beside.comparison is not None
    assert beside.comparison.a == "baseline main" and beside.comparison.b == "now"
    assert beside.comparison.windows == theirs.windows == (SECONDS, SECONDS)
    for own, other in zip(beside.comparison.lines, theirs.lines, strict=True):
        assert (own.name, own.metric, own.verdict) == (other.name, other.metric, other.verdict)
        # A report has its rates and shares rounded.
        assert own.a == pytest.approx(other.a, abs=1e-3) and own.b == pytest.approx(
            other.b, abs=1e-3
        )
        assert own.low == pytest.approx(other.low, abs=1e-5)


async def test_another_load_is_said_and_not_compared_moment_by_moment(baseline: Path) -> None:
    (scenario,) = plain_plan().scenarios
    other = plan(scenarios=(replace(scenario, load=Load(vus=25)),))
    halved = (
        replace(
            it,
            scenarios={name: replace(each, vus_active=25) for name, each in it.scenarios.items()},
        )
        for it in readings(2)
    )
    told: list[str] = []
    looks, beside = await flown(other, halved, told=told)
    await beside.close()
    assert not looks[-1].is_paired
    assert "The loads differ: 50 VUs there, and 25 here." in looks[-1].remarks
    assert told == ["baseline main: The loads differ: 50 VUs there, and 25 here."]


@pytest.mark.parametrize(
    ("kind", "is_paired"), [(CommandKind.SET, False), (CommandKind.MARK, True)]
)
async def test_a_hand_on_the_throttle_ends_the_pairing(
    baseline: Path, kind: CommandKind, is_paired: bool
) -> None:
    looks, beside = await flown(plan(), readings(2), journal=(entry(kind),))
    await beside.close()
    assert looks[-1].is_paired is is_paired


async def test_requests_that_only_one_of_them_has_are_named(baseline: Path) -> None:
    renamed = (
        replace(
            it,
            tallies={
                "GET /new": it.tallies[SLOW],
                **{name: tally for name, tally in it.tallies.items() if name != SLOW},
            },
        )
        for it in readings(2)
    )
    looks, beside = await flown(plan(), renamed)
    await beside.close()
    assert looks[-1].only_a == (SLOW,) and looks[-1].only_b == ("GET /new",)
    assert f"Only in baseline main: {SLOW}." in looks[-1].remarks


async def test_a_baseline_that_has_gone_is_said_and_nothing_else_happens(baseline: Path) -> None:
    await asyncio.to_thread(baseline.unlink)
    looks, beside = await flown(plan(), readings(2))
    await beside.close()
    (look,) = looks
    assert look.lines == ()
    assert look.remarks == ('It cannot be compared: There is no baseline "main".',)


async def test_one_that_is_removed_while_it_is_used_stays_what_it_was(baseline: Path) -> None:
    first, *others = readings(2)
    beside = Beside(plan(), Redactor(plan()), journal=tuple, tell=str, clock=ManualClock())
    for reading in (first, *others):
        beside.hear([reading], reading.second + 1.0)
        if beside._task is not None:
            await beside._task
            await asyncio.to_thread(baseline.unlink, missing_ok=True)
    assert beside.comparison is not None
    assert beside.comparison.windows == (SECONDS - 1, SECONDS - 1)
    await beside.close()


async def test_a_run_without_a_baseline_is_compared_with_nothing() -> None:
    looks, beside = await flown(replace(plan(), baseline=""), readings(2))
    await beside.close()
    assert looks == []


async def test_a_look_that_is_being_made_is_waited_for_at_the_end(baseline: Path) -> None:
    beside = Beside(plan(), Redactor(plan()), journal=tuple, tell=str)
    for reading in readings(2):
        beside.hear([reading], reading.second + 1.0)
    assert beside._task is not None and not beside._task.done()
    async with asyncio.timeout(60):
        await beside.close()
    assert beside._task is None


async def test_a_look_that_takes_long_is_made_less_often(baseline: Path) -> None:
    # By this clock each look takes a second, and so the next one comes twenty later.
    ticks = itertools.count(step=10**9)
    beside = Beside(plan(), Redactor(plan()), journal=tuple, tell=str, clock=lambda: next(ticks))
    looked_at_s = []
    for reading in readings(2):
        at_s = reading.second + 1.0
        beside.hear([reading], at_s)
        if beside._task is not None:
            looked_at_s.append(at_s)
            await beside._task
    await beside.close()
    assert looked_at_s == [EVERY_S, 2 * EVERY_S, 2 * EVERY_S + 20]
