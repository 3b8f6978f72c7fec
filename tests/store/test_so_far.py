"""What a run came to that could not say it itself, made of what was stored."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.frame import StopCause
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.stats.sofar import RunSoFar
from vumeter.stats.summary import SummaryBuilder
from vumeter.stats.tally import TallySum
from vumeter.stats.totals import sum_of
from vumeter.store.packing import packed_totals, unpacked_totals
from vumeter.store.reader import StoredRun, open_run
from vumeter.testing.seconds import STARTED_UNIX_MS, MadeUpRun

RUN = MadeUpRun(endpoints=3, requests=5, is_open=True)


def own_summary(plan: Plan, seconds: int) -> Summary:
    """The summary as a conductor makes it, of everything that it ever saw."""
    builder, totals, scenarios, metrics = SummaryBuilder(), {}, {}, {}
    from vumeter.model.measure import ScenarioCounts
    from vumeter.stats import custom

    for second in range(seconds):
        reading = RUN.reading(second)
        builder.add(reading)
        for name, tally in reading.tallies.items():
            totals.setdefault(name, TallySum()).add(tally)
        for name, counts in reading.scenarios.items():
            scenarios[name] = sum_of(scenarios.get(name, ScenarioCounts()), counts)
        metrics = custom.merge_by_name((metrics, reading.metrics))
    return builder.build(
        plan=plan,
        started_unix_ms=STARTED_UNIX_MS,
        duration_s=float(seconds),
        stop=StopCause.KILLED,
        totals={name: total.tally() for name, total in totals.items()},
        scenario_totals=scenarios,
        journal=(),
        remarks=(),
        metric_totals=metrics,
    )


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 150])
def test_a_run_that_died_is_summed_up_as_it_would_have_done_itself(
    stored: Callable[..., StoredRun], a_plan: Callable[..., Plan], seconds: int
) -> None:
    with stored(RUN, seconds) as run:
        assert run.summary is None
        assert run.so_far(StopCause.KILLED) == own_summary(a_plan(), seconds)


def test_late_snapshots_are_in_what_a_run_came_to_and_counted_once(
    writing: Any, path: Any, leave: Any
) -> None:
    from vumeter.model.measure import Histogram, Snapshot, Tally, Vitals

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
        worker=1, second=3, tallies={"late": Tally(answered=7)}, scenarios={}, vitals=vitals
    )
    with writing() as writer:
        leave(writer, RUN, range(30))
        writer.late(late)
        leave(writer, RUN, range(30, 70))
        writer.late(replace(late, second=65))
    with open_run(path) as run:
        assert run.so_far(None).endpoints["late"].requests == 14


def test_what_was_put_away_goes_on_where_it_was() -> None:
    whole, half = RunSoFar(), RunSoFar()
    for second in range(40):
        whole.add(RUN.reading(second))
    for second in range(20):
        half.add(RUN.reading(second))
    totals = half.totals()
    assert totals is not None
    rest = RunSoFar(unpacked_totals(packed_totals(totals)))
    assert rest.newest_second == 19
    for second in range(20, 40):
        rest.add(RUN.reading(second))
    assert rest.totals() == whole.totals()


def test_a_run_that_died_before_its_first_second_has_a_summary_of_nothing(
    writing: Any, path: Any
) -> None:
    with writing():
        pass
    with open_run(path) as run:
        assert run.newest_second == -1
        assert run.so_far(StopCause.KILLED).total.requests == 0
