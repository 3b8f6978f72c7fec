"""When the generator calls itself the limit, and in which words."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.measure import ErrorKind
from vumeter.model.summary import GeneratorSummary
from vumeter.stats.verdict import (
    BUSY_LAG_US,
    CPU_PERCENT,
    DESCRIPTOR_RATIO,
    FREEZE_US,
    LATE_START_RATIO,
    STARVED_LAG_US,
    GeneratorJudge,
    Verdict,
    verdict,
)

LATE_2_MS = (100,) * 90 + (2_100,) * 10
LATE_1_MS = (100,) * 90 + (1_100,) * 10
LATE_6_MS = (100,) * 90 + (6_100,) * 10
LATE_25_MS = (100,) * 90 + (25_000,) * 10


@pytest.mark.parametrize(
    ("seen", "reasons"),
    [
        pytest.param({}, (), id="calm"),
        pytest.param({"cpu_percent": 99}, (), id="busy but punctual"),
        pytest.param({"tick_lag_us": LATE_2_MS}, (), id="a little late but idle"),
        pytest.param(
            {"cpu_percent": 98, "tick_lag_us": LATE_2_MS},
            ("worker 1 used 98 % of its core and answered 2.1 ms late",),
            id="busy and late",
        ),
        pytest.param(
            {"cpu_percent": 5, "core_wait_percent": 24, "tick_lag_us": LATE_6_MS},
            (),
            id="others have the core now and then",
        ),
        pytest.param(
            {"cpu_percent": 5, "core_wait_percent": 60, "tick_lag_us": LATE_2_MS},
            (),
            id="others have the core, but not for long",
        ),
        pytest.param(
            {"cpu_percent": 5, "core_wait_percent": 60, "tick_lag_us": LATE_6_MS},
            ("worker 1 waited for a core 60 % of the time and answered 6.1 ms late",),
            id="others have the core",
        ),
        pytest.param(
            {"cpu_percent": 40, "tick_lag_us": LATE_25_MS},
            ("worker 1 used 40 % of its core and answered 25 ms late",),
            id="starved by others",
        ),
        pytest.param(
            {"tick_lag_us": (100,) * 99 + (150_000,)},
            ("worker 1 stood still for 150 ms",),
            id="frozen once",
        ),
        pytest.param({"starts": 100, "late_starts": 4}, (), id="a few late starts"),
        pytest.param(
            {"starts": 100, "late_starts": 5},
            ("worker 1 started 5 % of its iterations more than 1 ms late",),
            id="many late starts",
        ),
        pytest.param(
            {"descriptors": 900},
            ("worker 1 has 900 of 1000 file descriptors open",),
            id="hardly any descriptors left",
        ),
        pytest.param(
            {"denied": {ErrorKind.PORTS: 3}},
            ("worker 1 had no local port for 3 connections",),
            id="no ports left",
        ),
        pytest.param(
            {"denied": {ErrorKind.DESCRIPTORS: 7}},
            ("worker 1 had no file descriptor for 7 connections",),
            id="no descriptors left",
        ),
    ],
)
def test_each_sign_alone_gives_its_reason_in_words(
    vitals: Any, seen: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    reading = GeneratorJudge().judge({0: vitals(), 1: vitals(**seen)})

    assert reading.reasons == reasons
    assert reading.limited == bool(reasons)


@pytest.mark.parametrize(
    ("over", "between", "under"),
    [
        pytest.param(
            {"cpu_percent": 95, "tick_lag_us": LATE_2_MS},
            {"cpu_percent": 82, "tick_lag_us": LATE_1_MS},
            {"cpu_percent": 79, "tick_lag_us": LATE_1_MS},
            id="busy and late",
        ),
        pytest.param(
            {"starts": 100, "late_starts": 5},
            {"starts": 100, "late_starts": 2},
            {"starts": 100, "late_starts": 1},
            id="late starts",
        ),
        pytest.param(
            {"descriptors": 900}, {"descriptors": 860}, {"descriptors": 840}, id="descriptors"
        ),
    ],
)
def test_a_verdict_falls_at_one_edge_and_is_lifted_at_a_lower_one(
    vitals: Any, over: dict[str, Any], between: dict[str, Any], under: dict[str, Any]
) -> None:
    judge = GeneratorJudge()
    seconds = [between, over, between, under, between]

    verdicts = [judge.judge({0: vitals(**seen)}).limited for seen in seconds]

    assert verdicts == [False, True, True, False, False]


def test_ports_are_what_all_workers_hold_together(vitals: Any) -> None:
    judge = GeneratorJudge()

    def judged(*ports: int) -> tuple[str, ...]:
        seconds = {number: vitals(ports=each) for number, each in enumerate(ports)}
        return judge.judge(seconds).reasons

    assert judged(449, 450) == ()
    assert judged(450, 450) == ("all workers hold 900 of 1000 local ports",)
    assert judged(430, 425) == ("all workers hold 855 of 1000 local ports",)
    assert judged(430, 419) == ()


def test_one_worker_that_is_over_an_edge_does_not_hold_another_over_it(vitals: Any) -> None:
    judge = GeneratorJudge()
    judge.judge({0: vitals(descriptors=900), 1: vitals()})
    reading = judge.judge({0: vitals(), 1: vitals(descriptors=860)})

    assert not reading.limited


def test_a_worker_that_is_silent_makes_the_second_the_generators(vitals: Any) -> None:
    reading = GeneratorJudge().judge({0: vitals()}, missing=frozenset({3, 2}))

    assert reading.limited
    assert reading.reasons == (
        "worker 2 did not report in time",
        "worker 3 did not report in time",
    )


def test_a_second_without_a_single_tick_was_a_standstill_unless_it_was_the_first(
    vitals: Any,
) -> None:
    judge = GeneratorJudge()
    seconds = [(), (100,) * 100, ()]

    reasons = [judge.judge({0: vitals(tick_lag_us=each)}).reasons for each in seconds]

    assert reasons == [(), (), ("worker 0 stood still throughout",)]


def test_the_reading_takes_the_worst_or_the_sum_of_all_workers(vitals: Any) -> None:
    reading = GeneratorJudge().judge(
        {
            0: vitals(cpu_percent=30, descriptors=10, starts=50, late_starts=1),
            1: vitals(cpu_percent=50, descriptors=70, starts=50, tick_lag_us=(100, 40_000)),
        }
    )

    assert reading.cpu_percent == 50
    assert reading.cpu_total_percent == 80
    assert reading.descriptors == 70
    assert (reading.late_start_ratio, reading.starts) == (0.01, 100)
    assert reading.rss_bytes == 100_000_000
    assert reading.tick_lag_max_us == pytest.approx(40_000, rel=0.001)


@pytest.mark.parametrize(
    ("limited_seconds", "seconds", "expected"),
    [
        (0, 60, Verdict.TARGET_LIMITED),
        (3, 60, Verdict.TARGET_LIMITED),
        (4, 60, Verdict.GENERATOR_LIMITED),
        (1, 1, Verdict.GENERATOR_LIMITED),
        (0, 0, None),
    ],
)
def test_a_run_is_generator_limited_from_more_than_one_second_in_twenty(
    limited_seconds: int, seconds: int, expected: Verdict | None
) -> None:
    summary = GeneratorSummary(
        seconds=60,
        limited_seconds=0,
        cpu_percent_mean=0,
        cpu_percent_max=0,
        tick_lag_p99_us=0,
        tick_lag_max_us=0,
        late_start_ratio=0,
        rss_bytes_max=0,
        reasons=(),
    )

    assert verdict(replace(summary, seconds=seconds, limited_seconds=limited_seconds)) == expected


def test_the_page_on_measurement_names_the_same_thresholds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "measurement.md").read_text()

    for row in (
        f"| CPU ≥ {CPU_PERCENT.enter} % and tick lag p99 ≥ {BUSY_LAG_US.enter / 1e3:g} ms "
        f"| {CPU_PERCENT.leave} % or {BUSY_LAG_US.leave / 1e3:g} ms |",
        f"| tick lag p99 ≥ {STARVED_LAG_US.enter / 1e3:g} ms | {STARVED_LAG_US.leave / 1e3:g} ms |",
        f"| a tick ≥ {FREEZE_US / 1e3:g} ms late, or a second without any |",
        f"| ≥ {LATE_START_RATIO.enter * 100:g} % of starts more than 1 ms after they were due "
        f"| {LATE_START_RATIO.leave * 100:g} % |",
        f"| ≥ {DESCRIPTOR_RATIO.enter * 100:g} % of the process's limit "
        f"| {DESCRIPTOR_RATIO.leave * 100:g} % |",
    ):
        assert row in page
