"""
The whole run as one value.

Over 400 lines: every field of a summary, held against what it follows from.
"""

import tracemalloc
from typing import Any

import msgspec
import pytest

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import StopCause
from vumeter.model.measure import ErrorKind, Reading, ScenarioCounts, Tally
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.summary import Summary
from vumeter.model.throttle import Command, CommandKind, JournalEntry
from vumeter.stats.digest import Digest
from vumeter.stats.histogram import histogram_of
from vumeter.stats.summary import SummaryBuilder

CANARY = "c4n4ry-Passw0rd"
PLAN = Plan(
    name="shop",
    scenarios=(
        Scenario(
            name="main",
            steps=(
                Pick(
                    choices=(
                        Choice(
                            steps=(
                                Request(
                                    name="GET /",
                                    url="http://127.0.0.1/",
                                    headers=(("Authorization", f"Bearer {CANARY}"),),
                                ),
                            )
                        ),
                    )
                ),
            ),
            load=Load(vus=1),
        ),
    ),
    postgres_dsn=f"postgresql://shop:{CANARY}@127.0.0.1/shop",
)


def host(**seen: Any) -> HostReading:
    calm: dict[str, Any] = {
        "cpu_percent": 10.0,
        "core_percents": (10.0, 10.0),
        "iowait_percent": None,
        "steal_percent": None,
        "load_1m": 0.5,
        "memory_used_bytes": 100,
        "memory_total_bytes": 1_000,
        "swap_used_bytes": 0,
        "swap_total_bytes": 0,
        "disk_read_bytes_per_s": 0.0,
        "disk_write_bytes_per_s": 0.0,
        "network_sent_bytes_per_s": 10.0,
        "network_received_bytes_per_s": 20.0,
        "descriptors": 100,
        "descriptor_limit": 1_000,
        "tcp_in_use": None,
        "tcp_time_wait": None,
    }
    return HostReading(**(calm | seen))


def built(*readings: Reading, **given: Any) -> Summary:
    builder = SummaryBuilder()
    for reading in readings:
        builder.add(reading)
    defaults: dict[str, Any] = {
        "plan": PLAN,
        "started_unix_ms": 0,
        "duration_s": 10.0,
        "stop": StopCause.SCHEDULE,
        "totals": {},
        "scenario_totals": {},
        "journal": (),
        "remarks": (),
    }
    return builder.build(**(defaults | given))


def answered(*times_us: int, **more: Any) -> Tally:
    return Tally(answered=len(times_us), service=histogram_of(times_us), **more)


def test_the_summary_counts_what_the_totals_count_and_not_what_the_screen_saw(reading: Any) -> None:
    on_time, late = answered(100, 200), answered(300)
    totals = {"GET /a": answered(100, 200, 300), "GET /b": answered(50)}
    summary = built(reading(0, {"GET /a": on_time}), totals=totals)

    assert late.requests == 1
    assert summary.total.requests == 4
    assert summary.total.requests_per_s == 0.4
    assert summary.endpoints["GET /a"].requests == 3
    assert summary.total.latency is not None
    assert summary.total.latency.max_us == 300


def test_service_times_are_told_apart_only_where_the_model_was_open() -> None:
    opened = answered(100, response=histogram_of([900]))

    assert built(totals={"GET /": answered(100)}).service is None
    summary = built(totals={"GET /": opened})
    assert summary.service is not None
    assert summary.service.latency is not None
    assert summary.total.latency is not None
    assert (summary.service.latency.p50_us, summary.total.latency.p50_us) == (100, 900)


def test_no_probe_means_none_and_not_zero(reading: Any) -> None:
    summary = built(reading(0))

    assert summary.host is None
    assert summary.postgres is None


def test_the_hosts_extremes_are_those_of_the_seconds_that_were_watched(reading: Any) -> None:
    summary = built(
        reading(0, host=host(cpu_percent=20, load_1m=1.5)),
        reading(1),
        reading(2, host=host(cpu_percent=80, memory_used_bytes=700)),
    )

    assert summary.host is not None
    assert (summary.host.cpu_percent_mean, summary.host.cpu_percent_max) == (50, 80)
    assert summary.host.load_1m_max == 1.5
    assert summary.host.memory_used_bytes_max == 700
    assert summary.host.network_received_bytes_per_s_max == 20.0


def test_a_database_that_was_never_seen_has_no_extremes_but_a_complaint(reading: Any) -> None:
    down = PostgresReading(state=PostgresState.DOWN, remark=f"no answer to password={CANARY}")
    summary = built(reading(0, postgres=down), reading(1, postgres=down))

    assert summary.postgres is not None
    assert (summary.postgres.seconds_up, summary.postgres.seconds_watched) == (0, 2)
    assert summary.postgres.connections_used_max is None
    assert summary.postgres.active_sessions_max is None
    assert summary.postgres.cache_hit_ratio_min is None
    assert summary.postgres.remark == "no answer to password=***"


def test_the_databases_extremes_leave_out_what_a_look_could_not_see(reading: Any) -> None:
    looks = (
        PostgresReading(
            state=PostgresState.UP,
            server_version="15.4",
            connections_used=90,
            connections_max=100,
            active_by_wait={"CPU": 1.5, "Lock": 6.0},
            cache_hit_ratio=0.98,
            blocked_sessions=5,
            deadlocks=1,
        ),
        PostgresReading(state=PostgresState.UP, connections_used=20, cache_hit_ratio=0.91),
        PostgresReading(
            state=PostgresState.SLOW, remark="no answer in 500 ms", connections_used=99
        ),
    )
    summary = built(*(reading(number, postgres=look) for number, look in enumerate(looks)))

    it = summary.postgres
    assert it is not None
    assert (it.seconds_up, it.seconds_watched) == (2, 3)
    assert it.server_version == "15.4"
    assert (it.connections_used_max, it.connections_max) == (90, 100)
    assert it.active_sessions_max == 7.5
    assert it.blocked_sessions_max == 5
    assert it.cache_hit_ratio_min == 0.91
    assert it.deadlocks == 1
    assert it.longest_transaction_s_max is None
    assert it.remark == "no answer in 500 ms"


def test_what_an_upright_database_kept_hidden_is_told_unless_there_was_worse(reading: Any) -> None:
    hidden = PostgresReading(state=PostgresState.UP, remark="hidden → GRANT pg_monitor TO shop")
    down = PostgresReading(state=PostgresState.DOWN, remark="no server")

    upright = built(reading(0, postgres=hidden)).postgres
    fallen = built(reading(0, postgres=down), reading(1, postgres=hidden)).postgres
    assert upright is not None
    assert fallen is not None
    assert (upright.remark, fallen.remark) == (hidden.remark, "no server")


def test_reasons_that_differ_in_numbers_only_are_told_once_with_how_many(reading: Any) -> None:
    summary = built(
        reading(0),
        reading(1, reasons=("worker 0 used 98 % of its core and answered 4 ms late",)),
        reading(
            2,
            reasons=(
                "worker 0 used 99 % of its core and answered 5.1 ms late",
                "worker 1 used 97 % of its core and answered 3 ms late",
            ),
        ),
        reading(3, reasons=("worker 1 stood still for 300 ms",)),
    )

    assert summary.generator.seconds == 4
    assert summary.generator.limited_seconds == 3
    assert summary.generator.reasons == (
        "worker 0 used 98 % of its core and answered 4 ms late (second 1, and 1 more like it)",
        "worker 1 stood still for 300 ms (second 3)",
    )


def test_late_starts_are_of_all_starts_and_not_a_mean_of_seconds(reading: Any) -> None:
    summary = built(
        reading(0, starts=10, late_start_ratio=0.5), reading(1, starts=90, late_start_ratio=0.1)
    )

    assert summary.generator.late_start_ratio == pytest.approx((5 + 9) / 100)


def test_seconds_in_which_nobody_was_heard_do_not_lower_the_mean_of_the_cpu(reading: Any) -> None:
    summary = built(reading(0), reading(1, heard=0))

    assert summary.generator.cpu_percent_mean == 40.0


def test_the_stump_of_a_last_second_is_not_judged_but_counted(reading: Any) -> None:
    stump = reading(
        2, counts=ScenarioCounts(vus_active=9), reasons=("worker 0 was slow",), heard=0, late=1
    )
    summary = built(reading(0), reading(1), stump, duration_s=2.4)

    assert (summary.generator.seconds, summary.generator.limited_seconds) == (2, 0)
    assert summary.vus_max == 9
    assert [remark[:9] for remark in summary.remarks] == ["Snapshots"]


def test_a_last_second_that_is_mostly_there_is_judged(reading: Any) -> None:
    summary = built(
        reading(0), reading(1), reading(2, reasons=("worker 0 was slow",)), duration_s=2.6
    )

    assert (summary.generator.seconds, summary.generator.limited_seconds) == (3, 1)


def test_a_run_of_a_blink_is_judged_by_the_blink(reading: Any) -> None:
    summary = built(reading(0, host=host()), duration_s=0.1)

    assert summary.generator.seconds == 1
    assert summary.host is not None


def test_the_largest_number_of_vus_is_over_all_scenarios_of_a_second(reading: Any) -> None:
    summary = built(
        reading(0, counts=ScenarioCounts(vus_active=5)),
        reading(1, counts=ScenarioCounts(vus_active=12)),
        reading(2, counts=ScenarioCounts(vus_active=3)),
    )

    assert summary.vus_max == 12


def test_iterations_add_up_over_scenarios() -> None:
    summary = built(
        scenario_totals={
            "a": ScenarioCounts(iterations_due=5, iterations_done=3, iterations_dropped=2),
            "b": ScenarioCounts(iterations_started=7, iterations_done=7),
        }
    )

    counts = summary.iterations
    assert (counts.due, counts.started, counts.done, counts.dropped) == (5, 7, 10, 2)


@pytest.mark.parametrize(
    ("readings", "given", "words"),
    [
        pytest.param([{"limited": True}], {}, "vumeter itself was the limit in 1 of 1", id="limit"),
        pytest.param([{"heard": 0}], {}, "No worker reported in time in 1 of 1", id="unheard"),
        pytest.param(
            [{"heard": 1, "expected": 2}],
            {},
            "Not every worker reported in time in 1 of 1",
            id="partly heard",
        ),
        pytest.param(
            [{"late": 3}], {}, "Snapshots that came too late for their second: 3.", id="late"
        ),
        pytest.param(
            [{"outage_us": 400_000}, {"outage_us": 810_000}],
            {},
            "The target was away for 1.21 of 10 seconds",
            id="outage",
        ),
        pytest.param(
            [],
            {"scenario_totals": {"a": ScenarioCounts(iterations_due=9, iterations_dropped=2)}},
            "Dropped because no VU could begin them when they were due: 2 of 9",
            id="dropped",
        ),
        pytest.param(
            [],
            {"scenario_totals": {"a": ScenarioCounts(iterations_interrupted=4)}},
            "Iterations cut off at the end of the run: 4.",
            id="interrupted",
        ),
        pytest.param(
            [],
            {"totals": {"GET /": answered(5_000_000_000)}},
            "Times above 1 h, the histogram's range: 1.",
            id="over range",
        ),
        pytest.param(
            [],
            {"totals": {"GET /": answered(*[20_000] * 4_000, *[2_000_000] * 10)}},
            "Waits of 0.2 s and more were 0.25 % of the requests, but 20 % of the VUs' time.",
            id="a stall of 2 s in 10 that p99 hides",
        ),
    ],
)
def test_whatever_was_not_as_it_should_be_is_said(
    reading: Any, readings: list[dict[str, Any]], given: dict[str, Any], words: str
) -> None:
    summary = built(*(reading(number, **each) for number, each in enumerate(readings)), **given)

    assert [remark for remark in summary.remarks if remark.startswith(words)]


@pytest.mark.parametrize(
    "times_us",
    [
        pytest.param([20_000] * 1_000, id="even"),
        pytest.param([200] * 100_000 + [110_000], id="one hiccup in many"),
        pytest.param([20_000] * 1_000 + [90_000] * 100, id="a slow tenth"),
        pytest.param([], id="nothing answered"),
    ],
)
def test_nothing_is_said_where_nothing_was_wrong(reading: Any, times_us: list[int]) -> None:
    tally = answered(*times_us)

    assert built(reading(0, {"GET /": tally}), totals={"GET /": tally}).remarks == ()


def test_a_stall_needs_no_remark_where_the_open_model_has_counted_it() -> None:
    times = histogram_of([*[20_000] * 4_000, *[2_000_000] * 10])
    opened = Tally(answered=4_010, service=times, response=times)

    assert built(totals={"GET /": opened}).remarks == ()


def test_no_secret_of_the_plan_is_in_its_summary(reading: Any) -> None:
    entry = JournalEntry(
        id=1,
        second=1.0,
        at_unix_ms=0,
        command=Command(kind=CommandKind.MARK, author="alice", note=f"used {CANARY} here"),
        accepted=True,
        effect=f"marked: used {CANARY} here",
    )
    down = PostgresReading(state=PostgresState.REFUSED, remark=f"password {CANARY} was refused")
    summary = built(
        reading(0, postgres=down),
        journal=[entry],
        remarks=[f"could not log in with {CANARY}"],
        totals={f"GET /?token={CANARY}": answered(10), f"GET /?token={CANARY}2": answered(20)},
    )

    assert CANARY.encode() in msgspec.msgpack.encode(PLAN)
    assert CANARY.encode() not in msgspec.msgpack.encode(summary)


def test_two_names_that_differ_by_a_secret_alone_become_one_endpoint() -> None:
    summary = built(
        totals={"GET /?token=first-of-them": answered(10), "GET /?token=second": answered(20)}
    )

    assert list(summary.endpoints) == ["GET /?token=***"]
    assert summary.endpoints["GET /?token=***"].requests == 2


@pytest.mark.slow
def test_neither_screen_nor_summary_grows_with_time_or_load(reading: Any) -> None:
    digest, builder, names = Digest(), SummaryBuilder(), ("GET /a", "GET /b", "GET /c")

    def run(seconds: range) -> None:
        for second in seconds:
            tally = answered(*(1_000 + (second * 7 + step * 31) % 900 for step in range(40)))
            failing = Tally(errors={ErrorKind.RESET: 1})
            one = reading(second, {**dict.fromkeys(names, tally), "GET /d": failing})
            digest.add(one, vus_target=1.0, rate_target_per_s=None)
            builder.add(one)

    tracemalloc.start()
    try:
        run(range(100))
        before_bytes, _ = tracemalloc.get_traced_memory()
        run(range(100, 700))
        after_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # A bytearray that grows has up to an eighth in reserve; 20 kB are for dicts that resize.
    assert after_bytes - before_bytes < 600 * 61 * 9 / 8 + 20_000
