"""Makers of rules and of seconds, with all that a test does not care about filled in."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, settings

from vumeter.model.measure import ErrorKind, GeneratorReading, Reading, ScenarioCounts, Tally
from vumeter.model.plan import Threshold
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.stats.histogram import histogram_of
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.judge import Judge
from vumeter.thresholds.rule import Rule

# A machine that is busy with other tests must not fail one for being slow.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def rule() -> Callable[..., Rule]:
    def make(text: str, *, abort_on_fail: bool = False, delay_abort_s: float = 0.0) -> Rule:
        threshold = written(text)
        return parse(
            Threshold(
                metric=threshold.metric,
                expression=threshold.expression,
                abort_on_fail=abort_on_fail or threshold.abort_on_fail,
                delay_abort_s=delay_abort_s or threshold.delay_abort_s,
            )
        )

    return make


@pytest.fixture(scope="session")
def judge(rule: Callable[..., Rule]) -> Callable[..., Judge]:
    return lambda *texts: Judge(map(rule, texts))


@pytest.fixture(scope="session")
def tally() -> Callable[..., Tally]:
    def make(
        *times_ms: float, failed: int = 0, checks: dict[str, tuple[int, int]] | None = None
    ) -> Tally:
        return Tally(
            answered=len(times_ms),
            errors={ErrorKind.STATUS: failed} if failed else {},
            statuses={200: len(times_ms) - failed} | ({503: failed} if failed else {}),
            sent_bytes=100 * len(times_ms),
            received_bytes=1000 * len(times_ms),
            service=histogram_of(round(ms * 1000) for ms in times_ms),
            checks=checks or {},
        )

    return make


@pytest.fixture(scope="session")
def second() -> Callable[..., Reading]:
    def make(
        number: int,
        tallies: dict[str, Tally] | None = None,
        *,
        vus: int | None = 5,
        iterations: int = 0,
        dropped: int = 0,
        host: HostReading | None = None,
        postgres: PostgresReading | None = None,
        limited: bool = False,
    ) -> Reading:
        counts = ScenarioCounts(
            vus_active=vus or 0, iterations_done=iterations, iterations_dropped=dropped
        )
        return Reading(
            second=number,
            at_unix_ms=1000 * number,
            tallies=tallies or {},
            scenarios={} if vus is None else {"main": counts},
            generator=GeneratorReading(
                limited=limited,
                reasons=(),
                cpu_percent=30.0,
                cpu_total_percent=30.0,
                tick_lag_p99_us=100,
                tick_lag_max_us=200,
                late_start_ratio=0.0,
                descriptors=10,
                descriptor_limit=1000,
                rss_bytes=50_000_000,
            ),
            workers_heard=0 if vus is None else 1,
            workers_expected=1,
            late_snapshots=0,
            host=host,
            postgres=postgres,
        )

    return make


@pytest.fixture(scope="session")
def host() -> Callable[[float], HostReading]:
    def make(cpu_percent: float) -> HostReading:
        return HostReading(
            cpu_percent=cpu_percent,
            core_percents=(cpu_percent,),
            iowait_percent=None,
            steal_percent=None,
            load_1m=1.0,
            memory_used_bytes=3_000,
            memory_total_bytes=4_000,
            swap_used_bytes=0,
            swap_total_bytes=0,
            disk_read_bytes_per_s=0.0,
            disk_write_bytes_per_s=0.0,
            network_sent_bytes_per_s=0.0,
            network_received_bytes_per_s=0.0,
            descriptors=100,
            descriptor_limit=1000,
            tcp_in_use=None,
            tcp_time_wait=None,
        )

    return make


@pytest.fixture(scope="session")
def postgres() -> Callable[..., PostgresReading]:
    def make(*, used: int = 83, blocked: int | None = 0) -> PostgresReading:
        return PostgresReading(
            state=PostgresState.UP,
            connections_used=used,
            connections_max=100,
            blocked_sessions=blocked,
            transactions_per_s=1900.0,
            cache_hit_ratio=0.991,
        )

    return make


@pytest.fixture(scope="session")
def run_of(
    second: Callable[..., Reading], tally: Callable[..., Tally]
) -> Callable[[Sequence[Sequence[float]]], list[Reading]]:
    """Return a reading for each second's response times in ms."""

    def make(times_ms: Sequence[Sequence[float]]) -> list[Reading]:
        return [second(number, {"/": tally(*each)}) for number, each in enumerate(times_ms)]

    return make
