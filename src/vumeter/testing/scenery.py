"""What the shop, its host and its database are like in each second of the made-up story."""

import math

from msgspec import Struct

from vumeter.model.database import (
    Blocker,
)
from vumeter.model.measure import GeneratorReading
from vumeter.model.probes import HostReading, PostgresReading, PostgresState

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
    )
