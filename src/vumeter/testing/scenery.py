"""What the shop, its host and its database are like in each second of the made-up story."""

import math

from msgspec import Struct

from vumeter.model.database import (
    Blocker,
    Session,
    SessionGroup,
    StatementFigures,
    TableFigures,
    UnusedIndex,
    Waiter,
)
from vumeter.model.measure import GeneratorReading
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.watched import Watched, WatchedKind, WatchedState

RAMP_FROM_S, RAMP_TO_S = 20, 50
JAM_FROM_S, FIXED_AT_S = 90, 135


class Moment(Struct, frozen=True, kw_only=True):
    """What the shop is like in one second."""

    vus: int
    jam: float
    """0: nobody waits for the hot row; 1: all of its buyers do."""

    @property
    def crowding(self) -> float:
        """How much slower than empty the shop is under so many users."""
        return 1.0 + (self.vus / 120) ** 2

    def p50_ms(self, name: str, base_ms: float) -> float:
        """Return an endpoint's median, *base_ms* in an empty shop."""
        jam = 4.0 * self.jam if name == "POST /orders" else 0.6 * self.jam
        return base_ms * self.crowding * (1.0 + jam)


def moment_at(second: int) -> Moment:
    """Return what the shop is like in that second."""
    ramped = min(max(second - RAMP_FROM_S, 0) / (RAMP_TO_S - RAMP_FROM_S), 1.0)
    rise = min(max(second - JAM_FROM_S, 0) / 12, 1.0)
    fall = min(max(second - FIXED_AT_S, 0) / 6, 1.0)
    return Moment(vus=round(10 + 140 * ramped), jam=rise * (1.0 - fall))


def wobble(second: int, salt: int) -> float:
    """Return a factor near 1 that looks like chance and is the same each time."""
    return 1.0 + 0.08 * math.sin(second * 1.7 + salt) + 0.05 * math.sin(second * 0.61 + 2 * salt)


def generator(now: Moment) -> GeneratorReading:
    """Return a generator that has work and is not the limit."""
    return GeneratorReading(
        limited=False,
        reasons=(),
        cpu_percent=6.0 + now.vus / 8,
        cpu_total_percent=11.0 + now.vus / 4,
        tick_lag_p99_us=420 + 4 * now.vus,
        tick_lag_max_us=1900 + 6 * now.vus,
        late_start_ratio=0.0,
        descriptors=48 + now.vus,
        descriptor_limit=65536,
        rss_bytes=74_000_000 + 40_000 * now.vus,
    )


def host(now: Moment, second: int) -> HostReading:
    """Return a host of four cores that gets busier with the users."""
    cpu_percent = min(97.0, (14 + now.vus * 0.42) * wobble(second, 9))
    return HostReading(
        cpu_percent=cpu_percent,
        core_percents=(
            min(cpu_percent * 1.1, 100.0),
            cpu_percent * 0.9,
            cpu_percent * 0.95,
            min(cpu_percent * 1.05, 100.0),
        ),
        iowait_percent=1.2 + 6 * now.jam,
        steal_percent=0.3,
        load_1m=0.6 + now.vus / 40,
        memory_used_bytes=6_200_000_000 + 2_000_000 * max(second, 0),
        memory_total_bytes=16_000_000_000,
        swap_used_bytes=0,
        swap_total_bytes=2_000_000_000,
        disk_read_bytes_per_s=120_000.0,
        disk_write_bytes_per_s=2_400_000.0 * wobble(second, 4),
        network_sent_bytes_per_s=24_000.0 * now.vus,
        network_received_bytes_per_s=96_000.0 * now.vus,
        descriptors=4200 + 3 * now.vus,
        descriptor_limit=1_048_576,
        tcp_in_use=90 + 2 * now.vus,
        tcp_time_wait=12,
    )


def postgres(now: Moment) -> PostgresReading:
    """Return a database whose sessions wait for each other while the shop is jammed."""
    blocked = round(38 * now.jam)
    blocker = Blocker(
        pid=811,
        blocked=blocked,
        age_s=2.4 * now.jam,
        state="idle in transaction",
        application="shop",
        statement="UPDATE stock SET left = left - 1 WHERE symbol = 'VUM'",
    )
    working = now.vus / 40
    return PostgresReading(
        state=PostgresState.UP,
        server_version="15.8",
        cpu_count=4,
        sessions_active=round(working * 1.6) + blocked,
        sessions_idle=40 - min(round(working * 1.6) + blocked, 38),
        sessions_idle_in_transaction=round(2 * now.jam) + 1,
        sessions_other=2,
        connections_used=44,
        connections_max=60,
        connections_reserved=3,
        active_by_wait={
            "CPU": working,
            "IO": working * 0.3,
            "LWLock": working * 0.1,
            **({"Lock": float(blocked)} if blocked else {}),
        },
        transactions_per_s=now.vus * 6.0 * (1 - 0.5 * now.jam),
        rollbacks_per_s=4.0 * now.jam,
        cache_hit_ratio=0.991,
        deadlocks=0,
        blocked_sessions=blocked,
        blockers=(blocker,) if blocked else (),
        longest_transaction_s=0.2 + 8 * now.jam,
        longest_transaction_pid=811,
        probe_ms=3.1,
        active_by_event={
            "CPU": working,
            "IO:DataFileRead": working * 0.3,
            "LWLock:WALWrite": working * 0.1,
            **({"Lock:transactionid": 1.0, "Lock:tuple": blocked - 1.0} if blocked else {}),
        },
        running=_running(now),
        idle_in_transaction=(_idle(now),),
        longest_running_s=2.3 * now.jam,
        longest_idle_in_transaction_s=0.1 + 2.4 * now.jam,
        groups=(
            SessionGroup(
                user="shop",
                application="shop",
                client="10.0.0.7",
                sessions=40,
                active=min(40, round(working * 1.6) + blocked),
                idle_in_transaction=round(2 * now.jam) + 1,
            ),
            SessionGroup(
                user="ann",
                application="psql",
                client="",
                sessions=3,
                active=0,
                idle_in_transaction=0,
            ),
        ),
        waiters=_waiters(now, blocked),
        statements=_statements(now),
        statements_span_s=10.0,
        tables=_TABLES,
        tables_span_s=10.0,
        unused_indexes=(
            UnusedIndex(name="stock_note_idx", table="public.stock", bytes=41_000_000),
        ),
        rows_read_per_s=now.vus * 900.0,
        rows_written_per_s=now.vus * 1.5,
        temporary_bytes_per_s=0.0,
        wal_bytes_per_s=now.vus * 21_000.0,
        checkpoints_timed=2,
        checkpoints_requested=0,
        temporary_files=0,
        autovacuum_workers=1,
    )


_HOT = "UPDATE stock SET left = left - 1 WHERE symbol = 'VUM'"


def _idle(now: Moment) -> Session:
    return Session(
        pid=811,
        user="shop",
        application="shop",
        client="10.0.0.7",
        database="shop",
        state="idle in transaction",
        wait="",
        age_s=0.1 + 2.4 * now.jam,
        transaction_s=0.2 + 2.4 * now.jam,
        statement=_HOT,
    )


def _running(now: Moment) -> tuple[Session, ...]:
    return tuple(
        Session(
            pid=900 + number,
            user="shop",
            application="shop",
            client="10.0.0.7",
            database="shop",
            state="active",
            wait=("", "IO:DataFileRead", "")[number],
            age_s=(0.3 + now.jam) / (number + 1),
            transaction_s=(0.3 + now.jam) / (number + 1),
            statement="SELECT symbol, avg(price) FROM ticks GROUP BY symbol",
        )
        for number in range(3)
    )


def _waiters(now: Moment, blocked: int) -> tuple[Waiter, ...]:
    return tuple(
        Waiter(
            pid=830 + number,
            blocked_by=(811,) if number == 0 else (830, 811),
            wait_s=2.2 * now.jam / (number + 1),
            lock="ShareLock on transactionid" if number == 0 else "ExclusiveLock on tuple",
            relation="stock",
            user="shop",
            application="shop",
            statement=_HOT,
        )
        for number in range(min(blocked, 20))
    )


def _statements(now: Moment) -> tuple[StatementFigures, ...]:
    rates = (
        ("SELECT symbol, avg(price) FROM ticks GROUP BY symbol", 0.4, 18.0, 9_000, True),
        ("UPDATE stock SET left = left - $1 WHERE symbol = $2", 0.1, 2.0 + 900 * now.jam, 3, False),
        ("SELECT price FROM prices WHERE instrument_id = $1", 14.0, 0.02, 1, True),
    )
    return tuple(
        StatementFigures(
            id=str(7_310_000_000_000_000_001 + number),
            text=text,
            user="shop",
            database="shop",
            calls=round(now.vus * per_vu * 10),
            total_ms=now.vus * per_vu * 10 * mean_ms,
            mean_ms=mean_ms,
            rows=round(now.vus * per_vu * 10) * rows,
            hits=round(now.vus * per_vu * 10) * rows,
            reads=round(now.vus * per_vu * 10 * rows * 0.01),
            temporary=0,
            io_ms=0.0,
            is_new=is_new,
        )
        for number, (text, per_vu, mean_ms, rows, is_new) in enumerate(rates)
    )


_TABLES = (
    TableFigures(
        name="public.ticks",
        live_rows=1_200_000,
        dead_rows=4_000,
        bytes=96_000_000,
        sequential_scans=40,
        sequential_rows=48_000_000,
        index_scans=0,
        cache_hit_ratio=0.94,
        vacuum_age_s=5400.0,
    ),
    TableFigures(
        name="public.stock",
        live_rows=60,
        dead_rows=310,
        bytes=65_536,
        sequential_scans=0,
        sequential_rows=0,
        index_scans=160,
        cache_hit_ratio=1.0,
        vacuum_age_s=None,
    ),
)


def watched(now: Moment, second: int) -> tuple[Watched, ...]:
    """Return an API that leaks, its cache, and another machine's page of metrics."""
    rss_bytes = 180e6 + 170e3 * max(second, 0)
    limit_bytes = 512e6
    leak = {
        "rss_growth_bytes_per_s": 170e3,
        "memory_limit_in_s": (limit_bytes - rss_bytes) / 170e3,
    }
    told = f"memory grows by 10.2MB/min for 1m: {rss_bytes / 1e6:.0f}MB, at its limit of 512MB in"
    return (
        Watched(
            name="api",
            kind=WatchedKind.PROCESS,
            state=WatchedState.UP,
            title="pid 811 uvicorn shop:app",
            remark=f"{told} {leak['memory_limit_in_s'] / 60:.0f}m" if second >= 60 else "",
            series={
                "cpu_percent": min(195.0, now.vus * 1.3),
                "cpu_limit_cores": 2.0,
                "throttled_percent": 40.0 * now.jam,
                "rss_bytes": rss_bytes,
                "memory_limit_bytes": limit_bytes,
                **(leak if second >= 60 else {}),
                "descriptors_of_fullest": 40.0 + now.vus,
                "descriptor_limit": 1024.0,
                "threads": 12.0,
                "processes": 5.0,
            },
        ),
        Watched(
            name="cache",
            kind=WatchedKind.REDIS,
            state=WatchedState.UP,
            title="7.0.15 master",
            series={
                "memory_bytes": 61e6,
                "memory_limit_bytes": 64e6,
                "hit_ratio": 0.93 - 0.2 * now.jam,
                "commands_per_s": now.vus * 20.0,
                "clients": 12.0,
                "client_limit": 10_000.0,
                "evictions_per_s": 4.0 * now.vus,
                "keys": 48_211.0,
            },
        ),
        Watched(
            name="db-host",
            kind=WatchedKind.PROMETHEUS,
            state=WatchedState.UP,
            title="http://10.0.0.7:9100/metrics",
            series={"load_1m": 1.2 + now.vus / 30, "free_bytes": 2.1e9, "answer_ms": 8.0},
        ),
    )
