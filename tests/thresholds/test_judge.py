"""
The judge against seconds made up for it, and against merging everything anew.

Over 400 lines: a second judge, plain and slow, and what both must agree on.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.measure import Reading, ScenarioCounts, Tally
from vumeter.model.verdict import Standing, Verdict
from vumeter.stats import histogram
from vumeter.stats.tally import merge, response_times
from vumeter.thresholds.judge import EVALUATION_S, Judge

Judges = Callable[..., Judge]
Seconds = Callable[..., Reading]
Runs = Callable[[Sequence[Sequence[float]]], list[Reading]]

SLOW, FAST = [900.0] * 10, [10.0] * 10


def conclude(judge: Judge, readings: Sequence[Reading], duration_s: float | None = None) -> None:
    """End the run as the conductor does: with exact totals."""
    names = {name for reading in readings for name in reading.tallies}
    judge.conclude(
        totals={
            name: merge(reading.tallies[name] for reading in readings if name in reading.tallies)
            for name in names
        },
        scenario_totals={
            "main": ScenarioCounts(
                iterations_done=sum(
                    counts.iterations_done
                    for reading in readings
                    for counts in reading.scenarios.values()
                ),
                iterations_dropped=sum(
                    counts.iterations_dropped
                    for reading in readings
                    for counts in reading.scenarios.values()
                ),
            )
        },
        duration_s=float(len(readings)) if duration_s is None else duration_s,
    )


def whole(judge: Judge, readings: Sequence[Reading], **more: Any) -> tuple[Verdict, ...]:
    """Return the verdicts on a run of *readings*."""
    for reading in readings:
        judge.add(reading)
    conclude(judge, readings, **more)
    return judge.verdicts()


# Totals: what they are at the end decides


def test_totals_that_recover_have_passed_and_say_that_they_had_failed(
    judge: Judges, run_of: Runs
) -> None:
    (verdict,) = whole(judge("http_req_duration: med < 500"), run_of([SLOW] * 3 + [FAST] * 7))
    assert verdict.standing is Standing.PASSED
    assert not verdict.is_failing
    assert verdict.crossings == 1
    assert verdict.first_failed_second == 1
    assert verdict.observed == pytest.approx(10.0, rel=1e-3)


def test_totals_that_break_at_the_end_have_failed(judge: Judges, run_of: Runs) -> None:
    (verdict,) = whole(judge("http_req_duration: max < 500"), run_of([FAST] * 9 + [SLOW]))
    assert verdict.standing is Standing.FAILED
    assert verdict.first_failed_second == 9


def test_what_came_too_late_for_any_second_counts_at_the_end(
    judge: Judges, run_of: Runs, tally: Callable[..., Tally]
) -> None:
    judged = judge("http_req_duration: max < 500", "http_reqs: count == 21")
    readings = run_of([FAST] * 2)
    for reading in readings:
        judged.add(reading)
    assert judged.verdicts()[0].standing is Standing.PASSED
    late = tally(900)
    judged.conclude(
        totals={"/": merge([*(reading.tallies["/"] for reading in readings), late])},
        scenario_totals={},
        duration_s=2.0,
    )
    assert [each.standing for each in judged.verdicts()] == [Standing.FAILED, Standing.PASSED]


def test_rates_are_over_the_whole_run_to_its_exact_end(judge: Judges, run_of: Runs) -> None:
    (rate,) = whole(judge("http_reqs: rate > 1/s"), run_of([FAST] * 3), duration_s=2.5)
    assert rate.observed == pytest.approx(30 / 2.5)


# Windows: one failure fails the run


def test_a_crash_that_totals_dilute_to_nothing_fails_a_window_for_good(
    judge: Judges, run_of: Runs
) -> None:
    readings = run_of([FAST] * 60 + [[900.0] * 2] * 4 + [FAST] * 20)
    diluted, windowed = whole(
        judge("http_req_duration: p(95) < 500", "http_req_duration: p(95) < 500 over 4s"), readings
    )
    assert diluted.standing is Standing.PASSED
    assert diluted.crossings == 0
    assert windowed.standing is Standing.FAILED
    assert not windowed.is_failing
    assert windowed.crossings == 1
    assert windowed.first_failed_second == 61


def test_a_window_is_pending_until_it_is_full(judge: Judges, run_of: Runs) -> None:
    judged = judge("http_req_duration: p(95) < 500 over 5s")
    for reading in run_of([SLOW] * 5):
        judged.add(reading)
        assert judged.verdicts()[0].standing is Standing.PENDING
    judged.add(run_of([SLOW] * 6)[5])
    assert judged.verdicts()[0].standing is Standing.FAILED


def test_a_run_shorter_than_the_window_is_judged_as_a_whole(judge: Judges, run_of: Runs) -> None:
    slow, rate = whole(
        judge("http_req_duration: max < 500 over 60s", "http_reqs: rate >= 10 over 60s"),
        run_of([FAST, FAST, SLOW]),
    )
    assert slow.standing is Standing.FAILED
    assert rate.standing is Standing.PASSED
    assert rate.observed == pytest.approx(10.0)


def test_only_what_lasts_fails_where_it_has_to_last(
    judge: Judges, second: Seconds, host: Callable[[float], Any]
) -> None:
    def seconds(busy: int) -> list[Reading]:
        return [second(number, host=host(95 if number < busy else 20)) for number in range(40)]

    (blip,) = whole(judge("host.cpu < 80% for 20s"), seconds(20))
    (storm,) = whole(judge("host.cpu < 80% for 20s"), seconds(22))
    assert (blip.standing, blip.crossings) == (Standing.PASSED, 0)
    assert (storm.standing, storm.crossings) == (Standing.FAILED, 1)
    # Broken from the first look, at 2 s, to the look at 22 s.
    assert storm.first_failed_second == 21


def test_each_time_it_begins_to_fail_is_counted(judge: Judges, run_of: Runs) -> None:
    readings = run_of(([SLOW] * 4 + [FAST] * 4) * 3)
    (verdict,) = whole(judge("http_req_duration: max < 500 over 2s"), readings)
    assert verdict.crossings == 3
    assert verdict.first_failed_second == 1


# Nothing measured


@pytest.mark.parametrize(
    "text",
    [
        "http_req_duration: p(95) < 500",
        "http_req_duration: p(95) < 500 over 4s",
        "http_req_duration{name:never}: p(95) < 500",
        "http_reqs{name:never}: count < 10",
        "http_req_failed: rate < 1%",
        "checks: rate > 0",
        "host.cpu < 80%",
        "host.cpu: avg < 80% over 4s",
        "postgres.blocked == 0",
        "iterations{scenario:never}: count < 5",
    ],
)
def test_nothing_measured_is_neither_0_nor_a_pass(
    judge: Judges, second: Seconds, text: str
) -> None:
    (verdict,) = whole(judge(text), [second(number) for number in range(10)])
    assert verdict.standing is Standing.NO_DATA
    assert verdict.observed is None
    assert not verdict.is_failing


def test_what_is_counted_and_never_happened_is_0(judge: Judges, second: Seconds) -> None:
    verdicts = whole(
        judge("http_reqs: count == 0", "http_reqs{status:503}: count == 0", "iterations: count>0"),
        [second(number) for number in range(4)],
    )
    assert [each.observed for each in verdicts] == [0, 0, 0]
    assert [each.standing for each in verdicts] == [
        Standing.PASSED,
        Standing.PASSED,
        Standing.FAILED,
    ]


def test_requests_of_a_name_that_have_stopped_are_0_in_a_window(
    judge: Judges, run_of: Runs, second: Seconds
) -> None:
    readings = run_of([FAST] * 4) + [second(number) for number in range(4, 10)]
    (verdict,) = whole(judge("http_reqs{name:/}: rate > 1/s over 3s"), readings)
    assert verdict.observed == 0
    assert verdict.standing is Standing.FAILED


def test_a_window_without_an_answer_neither_breaks_nor_mends(
    judge: Judges, run_of: Runs, second: Seconds
) -> None:
    judged = judge("http_req_duration: max < 500 over 2s")
    for reading in [*run_of([SLOW] * 4), *(second(number) for number in range(4, 10))]:
        judged.add(reading)
    (verdict,) = judged.verdicts()
    assert verdict.is_failing
    assert verdict.observed is None
    assert verdict.crossings == 1


def test_a_gauge_that_has_not_been_seen_for_long_has_no_value(
    judge: Judges, second: Seconds, postgres: Callable[..., Any]
) -> None:
    readings = [
        second(number, postgres=postgres(blocked=0) if number < 4 else None) for number in range(20)
    ]
    (soon,) = whole(judge("postgres.blocked == 0"), readings[:12])
    (late,) = whole(judge("postgres.blocked == 0"), readings)
    assert soon.standing is Standing.PASSED
    assert late.standing is Standing.NO_DATA


# Each metric finds its number


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("http_reqs: count > 0", 8),
        ("http_reqs{name:/a}: count > 0", 4),
        ("http_reqs{status:503}: count > 0", 2),
        ("http_reqs{name:/b,status:503}: count > 0", 0),
        ("http_reqs: rate > 0", 4),
        ("http_req_failed: rate < 1", 0.25),
        ("http_req_failed{name:/a}: rate < 1", 0.5),
        ("http_req_duration{name:/b}: max < 1s", 40),
        ("http_req_duration: avg < 1s", 25),
        ("http_req_service: min < 1s", 10),
        ("iterations: count > 0", 6),
        ("dropped_iterations: count < 9", 2),
        ("checks: rate > 0", 0.75),
        ("checks{check:status}: rate > 0", 0.5),
        ("checks{name:/b}: rate > 0", 1.0),
        ("vus: value > 0", 5),
        ("vus{scenario:main}: max > 0", 5),
        ("data_sent: count > 0", 800),
        ("data_received: rate > 0", 4000),
        ("host.cpu: value < 80%", 61),
        ("host.memory: max < 80%", 75),
        ("postgres.connections.used: value < 90%", 83),
        ("postgres.blocked: max == 0", 3),
        ("host.cpu_percent: max < 80%", 61),
        ("host.memory_percent: value < 80", 75),
        ("postgres.blocked_sessions: max == 0", 3),
        ("postgres.transactions_per_s: min > 0", 1900),
        ("postgres.tps: min > 0", 1900),
        ("postgres.cache_hit: avg > 90%", 99.1),
        ("generator.limited: rate < 10%", 0.5),
        ("generator.cpu: max < 90%", 30),
    ],
)
def test_each_metric_finds_its_number(
    judge: Judges,
    second: Seconds,
    tally: Callable[..., Tally],
    host: Callable[[float], Any],
    postgres: Callable[..., Any],
    text: str,
    observed: float,
) -> None:
    tallies = {
        "/a": tally(10, 20, failed=1, checks={"status": (1, 1)}),
        "/b": tally(30, 40, checks={"body": (2, 0)}),
    }
    readings = [
        second(
            number,
            tallies,
            iterations=3,
            dropped=1,
            host=host(61),
            postgres=postgres(blocked=3),
            limited=number == 0,
        )
        for number in range(2)
    ]
    (verdict,) = whole(judge(text), readings)
    # Three digits of a time are a thousandth; all the rest is exact.
    assert verdict.observed == pytest.approx(observed, rel=1e-3)


# Ending the run


def test_only_a_rule_that_may_end_the_run_does_and_not_before_its_delay(
    judge: Judges, run_of: Runs
) -> None:
    quiet = judge("http_req_duration: max < 500")
    loud = judge("http_req_duration: max < 500 abort_on_fail")
    late = judge("http_req_duration: max < 500 delay_abort_eval 5s")
    aborted = {"quiet": [], "loud": [], "late": []}  # type: dict[str, list[int]]
    for reading in run_of([SLOW] * 8):
        for name, judged in (("quiet", quiet), ("loud", loud), ("late", late)):
            judged.add(reading)
            if judged.aborting() is not None:
                aborted[name].append(reading.second)
    assert aborted == {"quiet": [], "loud": [1, 2, 3, 4, 5, 6, 7], "late": [5, 6, 7]}


def test_nothing_measured_ends_no_run(judge: Judges, second: Seconds) -> None:
    judged = judge("http_req_duration: p(95) < 500 abort_on_fail")
    for number in range(6):
        judged.add(second(number))
    assert judged.aborting() is None


# Exactness

TIMES = st.lists(st.lists(st.integers(1, 3_000), max_size=6), min_size=1, max_size=25)


@given(
    times_ms=TIMES,
    over_s=st.integers(1, 8),
    aggregate=st.sampled_from(["avg", "min", "max", "med", "p(90)", "p(99.9)"]),
)
@pytest.mark.slow
def test_a_window_is_what_merging_its_seconds_anew_gives(
    judge: Judges, run_of: Runs, times_ms: list[list[float]], over_s: int, aggregate: str
) -> None:
    judged = judge(f"http_req_duration: {aggregate} < 1s over {over_s}s")
    readings = run_of(times_ms)
    percent = {"min": 0.0, "max": 100.0, "med": 50.0, "p(90)": 90.0, "p(99.9)": 99.9}
    for reading in readings:
        judged.add(reading)
        is_looked_at = (reading.second + 1) % EVALUATION_S == 0 and reading.second + 1 >= over_s
        if not is_looked_at:
            continue
        window = readings[max(0, reading.second + 1 - over_s) : reading.second + 1]
        times = response_times(merge(each.tallies["/"] for each in window))
        (verdict,) = judged.verdicts()
        if not times.counts:
            assert verdict.observed is None
        elif aggregate == "avg":
            assert verdict.observed == pytest.approx(
                times.sum_us / histogram.count(times) / 1000, rel=1e-12
            )
        else:
            assert verdict.observed == histogram.percentile_us(times, percent[aggregate]) / 1000


@given(
    cpu=st.lists(st.none() | st.floats(0, 100), min_size=1, max_size=20),
    over_s=st.integers(1, 8),
    aggregate=st.sampled_from(["avg", "min", "max"]),
)
@pytest.mark.slow
def test_a_window_of_a_gauge_is_what_its_seconds_are(
    judge: Judges,
    second: Seconds,
    host: Callable[[float], Any],
    cpu: list[float | None],
    over_s: int,
    aggregate: str,
) -> None:
    readings = [
        second(number, host=None if percent is None else host(percent))
        for number, percent in enumerate(cpu)
    ]
    (verdict,) = whole(judge(f"host.cpu: {aggregate} < 80% over {over_s}s"), readings)
    known = [percent for percent in cpu[-over_s:] if percent is not None]
    reduce = {"avg": lambda all_: sum(all_) / len(all_), "min": min, "max": max}[aggregate]
    assert verdict.observed == (reduce(known) if known else None)


@given(times_ms=TIMES)
@pytest.mark.slow
def test_totals_while_it_runs_are_those_of_the_end(
    judge: Judges, run_of: Runs, times_ms: list[list[float]]
) -> None:
    texts = ("http_req_duration: p(95) < 1s", "http_reqs: count > 5", "http_reqs: rate > 2")
    readings = run_of(times_ms + [[5.0]] * (len(times_ms) % EVALUATION_S))
    judged = judge(*texts)
    for reading in readings:
        judged.add(reading)
    live = judged.verdicts()
    conclude(judged, readings)
    assert judged.verdicts() == live


def test_memory_does_not_grow_with_the_run(judge: Judges, run_of: Runs) -> None:
    judged = judge("http_req_duration: p(95) < 1s over 5s", "host.cpu: avg < 80% over 3s")
    for reading in run_of([FAST] * 500):
        judged.add(reading)
    kept = [len(span._parts) for span in judged._spans._spans.values()]
    assert kept == [5, 3]
