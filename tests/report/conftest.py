"""Two runs as summaries: one with everything, one with as little as there can be."""

import pytest
from msgspec.structs import replace

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Figures, Latency, StopCause
from vumeter.model.measure import ErrorKind
from vumeter.model.metric import Kind
from vumeter.model.plan import Load, Plan, Scenario, Threshold
from vumeter.model.summary import (
    GeneratorSummary,
    HostSummary,
    Iterations,
    MetricTotal,
    PostgresSummary,
    Summary,
)
from vumeter.model.throttle import Command, CommandKind, JournalEntry, Lever
from vumeter.model.verdict import Standing, Unit, Verdict

STARTED_UNIX_MS = 1_795_327_200_000
"""22 November 2026, 06:00 UTC."""


def latency(factor: int = 1) -> Latency:
    return Latency(
        min_us=850 * factor,
        mean_us=20_930 * factor,
        p50_us=20_100 * factor,
        p90_us=31_000 * factor,
        p95_us=41_200 * factor,
        p99_us=241_000 * factor,
        p99_9_us=790_000 * factor,
        max_us=1_902_000 * factor,
    )


def plan(load: Load) -> Plan:
    return Plan(
        name="shop",
        scenarios=(
            Scenario(
                name="main",
                steps=(
                    Pick(
                        choices=(
                            Choice(
                                steps=(
                                    Request(name="GET /quotes", url="http://127.0.0.1:8000/quotes"),
                                ),
                                weight=3.0,
                            ),
                            Choice(
                                steps=(
                                    Request(
                                        name="POST /orders",
                                        method="POST",
                                        url="http://127.0.0.1:8000/orders",
                                    ),
                                )
                            ),
                        )
                    ),
                ),
                load=load,
            ),
        ),
        workers=2,
    )


def verdict(
    metric: str,
    expression: str,
    standing: Standing,
    observed: float | None,
    *,
    limit: float = 300.0,
    unit: Unit = Unit.MS,
    is_failing: bool = False,
    first_failed_second: int | None = None,
    crossings: int = 0,
) -> Verdict:
    return Verdict(
        threshold=Threshold(metric=metric, expression=expression),
        standing=standing,
        is_failing=is_failing,
        observed=observed,
        limit=limit,
        unit=unit,
        first_failed_second=first_failed_second,
        crossings=crossings,
    )


@pytest.fixture
def full_summary() -> Summary:
    """An open run in which there was something of everything."""
    total = Figures(
        requests=24_103,
        requests_per_s=401.7167,
        errors=29,
        errors_by_kind={ErrorKind.STATUS: 22, ErrorKind.TIMEOUT_RESPONSE: 7},
        statuses={200: 24_074, 503: 22},
        sent_bytes=2_410_300,
        received_bytes=12_300_000,
        latency=latency(2),
    )
    quotes = Figures(
        requests=18_000,
        requests_per_s=300.0,
        errors=0,
        errors_by_kind={},
        statuses={200: 18_000},
        sent_bytes=1_800_000,
        received_bytes=9_000_000,
        latency=latency(),
    )
    orders = Figures(
        requests=6_103,
        requests_per_s=101.7167,
        errors=29,
        errors_by_kind={ErrorKind.STATUS: 22, ErrorKind.TIMEOUT_RESPONSE: 7},
        statuses={200: 6_074, 503: 22},
        sent_bytes=610_300,
        received_bytes=3_300_000,
        latency=latency(3),
    )
    return Summary(
        plan=plan(Load(vus=50, rate_per_s=400.0, duration_s=60.0)),
        started_unix_ms=STARTED_UNIX_MS,
        duration_s=60.0,
        stop=StopCause.SCHEDULE,
        total=total,
        service=Figures(
            requests=24_103,
            requests_per_s=401.7167,
            errors=29,
            errors_by_kind=total.errors_by_kind,
            statuses=total.statuses,
            sent_bytes=2_410_300,
            received_bytes=12_300_000,
            latency=latency(),
        ),
        endpoints={"POST /orders": orders, "GET /quotes": quotes},
        iterations=Iterations(due=24_115, started=24_105, done=24_103, dropped=10, interrupted=2),
        vus_max=52,
        generator=GeneratorSummary(
            seconds=60,
            limited_seconds=2,
            cpu_percent_mean=38.2,
            cpu_percent_max=97.6,
            tick_lag_p99_us=4_100,
            tick_lag_max_us=12_300,
            late_start_ratio=0.0031,
            rss_bytes_max=61_000_000,
            reasons=(
                "worker 1 used 98 % of its core and answered 4.1 ms late "
                "(second 12, and 1 more like it)",
            ),
        ),
        host=HostSummary(
            cpu_percent_mean=61.3,
            cpu_percent_max=92.0,
            memory_used_bytes_max=3_100_000_000,
            memory_total_bytes=8_200_000_000,
            swap_used_bytes_max=0,
            load_1m_max=2.31,
            network_received_bytes_per_s_max=310_000.0,
            network_sent_bytes_per_s_max=95_000.0,
        ),
        postgres=PostgresSummary(
            server_version="15.14",
            seconds_watched=60,
            seconds_up=58,
            connections_used_max=83,
            connections_max=100,
            active_sessions_max=9.2,
            blocked_sessions_max=3,
            transactions_per_s_max=1_910.4,
            cache_hit_ratio_min=0.991,
            longest_transaction_s_max=2.04,
            deadlocks=0,
            remark="no answer within 500 ms",
        ),
        journal=(
            JournalEntry(
                id=1,
                second=12.3,
                at_unix_ms=STARTED_UNIX_MS + 12_300,
                command=Command(
                    kind=CommandKind.SET,
                    author="alice",
                    scenario="main",
                    lever=Lever.RATE,
                    value=450.0,
                    ramp_s=5.0,
                ),
                accepted=True,
                effect="rate 400 → 450/s in 5 s",
                acknowledged_s=12.31,
            ),
            JournalEntry(
                id=2,
                second=40.0,
                at_unix_ms=STARTED_UNIX_MS + 40_000,
                command=Command(kind=CommandKind.MARK, author="bob", note="index dropped"),
                accepted=False,
                effect="alice holds the control",
            ),
        ),
        remarks=("vumeter itself was the limit in 2 of 60 seconds.",),
        verdicts=(
            verdict("http_req_duration", "p(95) < 300ms", Standing.PASSED, 82.4),
            verdict(
                "http_req_duration",
                "p(99) < 400ms over 10s",
                Standing.FAILED,
                212.0,
                limit=400.0,
                first_failed_second=37,
                crossings=2,
            ),
            verdict(
                "http_req_failed",
                "rate < 0.1%",
                Standing.FAILED,
                29 / 24_103,
                limit=0.001,
                unit=Unit.RATIO,
                is_failing=True,
                first_failed_second=40,
                crossings=1,
            ),
            verdict(
                "http_req_duration{name:GET /never}", "med < 10", Standing.NO_DATA, None, limit=10.0
            ),
        ),
        checks={"status is 200": (24_074, 22), "body has a quote": (18_000, 0)},
        timings={
            "http_req_blocked": replace(latency(), min_us=0, p50_us=0, mean_us=9_000),
            # What takes less than a hundredth of the time has no row.
            "http_req_connecting": replace(latency(), mean_us=200),
            "http_req_receiving": replace(latency(), mean_us=5_000),
            # Nor has what is all of it.
            "http_req_waiting": latency(1),
        },
        iteration_duration=latency(3),
        metrics=(
            MetricTotal(
                name="checkout_total",
                kind=Kind.TREND,
                unit=Unit.MS,
                values={
                    **{"count": 8_000, "avg": 92.04, "min": 4.3, "med": 88.1, "max": 2_104.0},
                    **{"p(90)": 141.0, "p(95)": 241.0, "p(99)": 801.0},
                },
            ),
            MetricTotal(
                name="orders", kind=Kind.COUNTER, values={"count": 12_034.0, "rate": 200.5667}
            ),
            MetricTotal(
                name="uploaded",
                kind=Kind.COUNTER,
                unit=Unit.BYTES,
                values={"count": 31_200_000.0, "rate": 520_000.0},
            ),
            MetricTotal(
                name="fast",
                kind=Kind.RATE,
                unit=Unit.RATIO,
                values={"rate": 0.97303, "passes": 11_709, "fails": 325},
            ),
            MetricTotal(
                name="queue",
                kind=Kind.GAUGE,
                values={"value": 14.0, "avg": 11.2, "min": 0.0, "max": 40.0},
            ),
            MetricTotal(name="refunds", kind=Kind.TREND, unit=Unit.MS, values={}),
        ),
    )


@pytest.fixture
def bare_summary() -> Summary:
    """A closed run that nobody answered, with nothing watched."""
    nothing = Figures(
        requests=0,
        requests_per_s=0.0,
        errors=0,
        errors_by_kind={},
        statuses={},
        sent_bytes=0,
        received_bytes=0,
        latency=None,
    )
    return Summary(
        plan=plan(Load(vus=1)),
        started_unix_ms=STARTED_UNIX_MS,
        duration_s=0.0,
        stop=StopCause.ABORTED,
        total=nothing,
        service=None,
        endpoints={},
        iterations=Iterations(due=0, started=0, done=0, dropped=0, interrupted=0),
        vus_max=0,
        generator=GeneratorSummary(
            seconds=0,
            limited_seconds=0,
            cpu_percent_mean=0.0,
            cpu_percent_max=0.0,
            tick_lag_p99_us=0,
            tick_lag_max_us=0,
            late_start_ratio=0.0,
            rss_bytes_max=0,
            reasons=(),
        ),
        host=None,
        postgres=None,
        journal=(),
        remarks=(),
    )
