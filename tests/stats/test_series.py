"""The numbers that have a line over time: which there are, in which unit, and what they say."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from vumeter.model.database import TableFigures
from vumeter.model.measure import Reading
from vumeter.model.metric import Unit
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.watched import Watched, WatchedKind
from vumeter.stats.digest import Digest
from vumeter.stats.histogram import percentile_us
from vumeter.stats.series import names_of, series_extents, series_of, shown_value, unit_of
from vumeter.stats.spans import merged
from vumeter.stats.tally import merge
from vumeter.testing.seconds import MadeUpRun


@pytest.fixture(scope="module")
def seconds() -> list[Reading]:
    run = MadeUpRun(endpoints=3, requests=40, is_open=True)
    return [run.reading(second) for second in range(60, 70)]


def test_latency_is_that_of_all_endpoints_together(seconds: list[Reading]) -> None:
    series = series_of(seconds[0])
    times = merge(seconds[0].tallies.values()).response
    assert times is not None
    assert series["latency.p95_ms"] == percentile_us(times, 95) / 1000


def test_with_the_chart_point_the_series_are_the_same(seconds: list[Reading]) -> None:
    digest = Digest()
    for each in seconds:
        point = digest.add(each, vus_target=0.0, rate_target_per_s=None)
        assert series_of(each, point) == series_of(each)


def test_each_number_of_a_probe_is_a_series_but_for_limits_and_identities(
    seconds: list[Reading],
) -> None:
    host, postgres = seconds[0].host, seconds[0].postgres
    assert isinstance(host, HostReading)
    assert isinstance(postgres, PostgresReading)
    series = series_of(seconds[0])
    assert series["host.cpu_percent"] == host.cpu_percent
    assert series["host.busiest_core_percent"] == max(host.core_percents)
    assert series["postgres.connections_percent"] == 100 * 44 / 60
    assert postgres.active_by_wait is not None
    assert series["postgres.active_by_wait.IO"] == postgres.active_by_wait["IO"]
    assert series["postgres.active_sessions"] == sum(postgres.active_by_wait.values())
    for fixed in ("host.memory_total_bytes", "postgres.connections_max", "postgres.probe_ms"):
        assert fixed not in series
    assert not [name for name in series if name.endswith("_pid")]


def test_a_watched_thing_has_its_numbers_under_its_name(reading: Callable[..., Reading]) -> None:
    cache = Watched(name="cache", kind=WatchedKind.PROCESS, series={"rss_bytes": 5e6})
    series = series_of(replace(reading(3), watched=(cache,)))
    assert series["watched.cache.rss_bytes"] == 5e6


def test_what_was_not_seen_has_no_value(reading: Callable[..., Reading]) -> None:
    series = series_of(
        reading(3, postgres=PostgresReading(state=PostgresState.DOWN, blocked_sessions=4))
    )
    assert "latency.p95_ms" not in series, "nothing was answered"
    assert "error_percent" not in series, "of nothing"
    assert "host.cpu_percent" not in series
    assert series["postgres.up"] == 0
    assert "postgres.blocked_sessions" not in series, "the database is down: it is not known"


def test_a_small_table_may_be_read_as_a_whole_and_a_large_one_is_counted(
    reading: Callable[..., Reading],
) -> None:
    def table(name: str, scans: int, rows: int) -> TableFigures:
        return TableFigures(
            name=name,
            live_rows=rows,
            dead_rows=0,
            bytes=8192,
            sequential_scans=scans,
            sequential_rows=scans * rows,
            index_scans=0,
            cache_hit_ratio=None,
            vacuum_age_s=None,
        )

    postgres = PostgresReading(
        state=PostgresState.UP,
        tables=(table("public.products", 3, 1_000_000), table("public.stock", 5_000, 7)),
        tables_span_s=2.0,
    )
    series = series_of(reading(3, postgres=postgres))
    assert series["postgres.sequential_rows_per_s"] == 1_500_000


def test_calls_for_each_request_are_of_the_newest_look_where_it_is_known(
    seconds: list[Reading],
) -> None:
    postgres = seconds[0].postgres
    assert postgres is not None and postgres.statements and postgres.statements_span_s
    requests_per_s = series_of(seconds[0])["requests_per_s"]
    older = series_of(seconds[0])["postgres.calls_per_request"]
    calls = sum(each.calls for each in postgres.statements)
    assert older == pytest.approx(calls / postgres.statements_span_s / requests_per_s)
    statements = tuple(replace(each, calls_per_s=30.0) for each in postgres.statements)
    newest = replace(seconds[0], postgres=replace(postgres, statements=statements))
    per_request = series_of(newest)["postgres.calls_per_request"]
    assert per_request == pytest.approx(30.0 * len(statements) / requests_per_s)


def test_several_seconds_have_rates_per_second_and_how_far_they_went(
    seconds: list[Reading],
) -> None:
    whole = merged(seconds, span_s=10)
    requests = [series_of(each)["requests_per_s"] for each in seconds]
    cpu = [series_of(each)["host.cpu_percent"] for each in seconds]
    assert series_of(whole)["requests_per_s"] == pytest.approx(sum(requests) / 10)
    extent = series_extents(whole)["host.cpu_percent"]
    assert (extent.lowest, extent.highest) == (min(cpu), max(cpu))
    assert series_of(whole)["host.cpu_percent"] == pytest.approx(sum(cpu) / 10)


@pytest.mark.parametrize(
    ("name", "unit", "value", "shown"),
    [
        ("host.cpu_percent", Unit.PERCENT, 80.0, 80.0),
        ("host.disk_read_bytes_per_s", Unit.BYTES_PER_S, 5.0, 5.0),
        ("generator.tick_lag_p99_us", Unit.MS, 2500.0, 2.5),
        ("postgres.longest_transaction_s", Unit.MS, 1.5, 1500.0),
        ("postgres.cache_hit_ratio", Unit.RATIO, 0.9, 0.9),
        ("requests_per_s", Unit.PER_S, 7.0, 7.0),
        ("vus", Unit.COUNT, 7.0, 7.0),
        ("latency.p95_ms", Unit.MS, 7.0, 7.0),
        ("watched.api.rss_bytes", Unit.BYTES, 7.0, 7.0),
    ],
)
def test_the_end_of_a_name_says_the_unit(name: str, unit: Unit, value: float, shown: float) -> None:
    assert unit_of(name) is unit
    assert shown_value(name, value) == pytest.approx(shown)


def test_names_stand_in_the_order_in_which_people_look(seconds: list[Reading]) -> None:
    rooms = [name.partition(".")[0] for name in names_of(series_of(seconds[0]))]
    assert rooms.index("requests_per_s") < rooms.index("postgres") < rooms.index("host")
    assert rooms.index("host") < rooms.index("generator")
