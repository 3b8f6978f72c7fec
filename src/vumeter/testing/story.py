"""
A made-up run of a shop, second by second, with everything that a screen has to show.

Ten VUs, a ramp to 150, the orders' hot row jams (slow answers, 503s, time-outs, blocked
sessions), a fix, recovery. The numbers follow from closed forms, so each call gives the same
frames; they are plausible, not measured, and only tests of the screen may use them.
"""

import math

from msgspec import Struct

from vumeter.link.protocol import SCHEMA, Hello
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import (
    WINDOW_S,
    Endpoint,
    ErrorCount,
    Event,
    EventLevel,
    Figures,
    Frame,
    Latency,
    Point,
    RunState,
    StopCause,
    Undoable,
)
from vumeter.model.measure import ErrorKind, GeneratorReading
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.model.probes import Blocker, HostReading, PostgresReading, PostgresState
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.testing.feed import Recording

STARTED_UNIX_MS = 1_790_000_000_000
LENGTH_S = 180
RAMP_FROM_S, RAMP_TO_S = 20, 50
JAM_FROM_S, FIXED_AT_S = 90, 135
TARGET = "http://127.0.0.1:8080"

_MIX = (
    ("GET /market", 40.0, 31.0),
    ("GET /quotes", 30.0, 6.0),
    ("GET /portfolio", 18.0, 22.0),
    ("POST /orders", 9.0, 44.0),
    ("GET /history", 3.0, 58.0),
)
"""Name, weight and p50 in ms of each endpoint while nothing is wrong."""

_EVENTS = (
    (0.0, EventLevel.INFO, "run", "started with 10 VUs", ""),
    (20.0, EventLevel.ACTION, "ann", "VU 10 → 150 over 30s", "▲ 10→150"),
    (64.0, EventLevel.MARK, "ann", "cache warm", "cache warm"),
    (93.0, EventLevel.WARNING, "run", "p99 passed 1 s", ""),
    (97.0, EventLevel.ERROR, "run", "503 from POST /orders", ""),
    (135.0, EventLevel.MARK, "ann", "locks fixed", "locks fixed"),
)


class _Second(Struct, frozen=True, kw_only=True):
    """What the shop is like in one second."""

    vus: int
    jam: float
    """0: nobody waits for the hot row; 1: all of its buyers do."""

    @property
    def crowding(self) -> float:
        """How much slower than empty the shop is under so many users."""
        return 1.0 + (self.vus / 120) ** 2

    def p50_ms(self, name: str, base_ms: float) -> float:
        jam = 4.0 * self.jam if name == "POST /orders" else 0.6 * self.jam
        return base_ms * self.crowding * (1.0 + jam)


def story(seconds: int = LENGTH_S) -> Recording:
    """Return the first *seconds* of the story as a recording; the whole of it ends the run."""
    frames = tuple(_frame(second) for second in range(-1, seconds))
    return Recording(hello=_hello(frames[0]), frames=frames)


def _plan() -> Plan:
    mix = tuple(
        Choice(
            steps=(Request(name=name, url=TARGET + name.split()[1], method=name.split()[0]),),
            weight=weight,
        )
        for name, weight, _ in _MIX
    )
    shop = Scenario(
        name="shop", steps=(Pick(choices=mix),), load=Load(vus=10, duration_s=float(LENGTH_S))
    )
    return Plan(name="shop", scenarios=(shop,), limits=Limits(max_vus=500))


def _hello(frame: Frame) -> Hello:
    return Hello(schema=SCHEMA, version="0.1.0", plan=_plan(), frame=frame, points=())


def _at(second: int) -> _Second:
    ramped = min(max(second - RAMP_FROM_S, 0) / (RAMP_TO_S - RAMP_FROM_S), 1.0)
    rise = min(max(second - JAM_FROM_S, 0) / 12, 1.0)
    fall = min(max(second - FIXED_AT_S, 0) / 6, 1.0)
    return _Second(vus=round(10 + 140 * ramped), jam=rise * (1.0 - fall))


def _wobble(second: int, salt: int) -> float:
    """Return a factor near 1 that looks like chance and is the same each time."""
    return 1.0 + 0.08 * math.sin(second * 1.7 + salt) + 0.05 * math.sin(second * 0.61 + 2 * salt)


def _latency(p50_ms: float, tail: float) -> Latency:
    p50_us = round(p50_ms * 1000)
    factors = {"p90": 1.6 + tail, "p95": 2.0 + 2 * tail, "p99": 3.4 + 6 * tail}
    p99_us = round(p50_us * factors["p99"])
    return Latency(
        min_us=round(p50_us * 0.3),
        mean_us=round(p50_us * (1.1 + tail)),
        p50_us=p50_us,
        p90_us=round(p50_us * factors["p90"]),
        p95_us=round(p50_us * factors["p95"]),
        p99_us=p99_us,
        p99_9_us=round(p99_us * 1.3),
        max_us=round(p99_us * 1.6),
    )


def _figures(name: str, weight: float, base_ms: float, now: _Second, second: int) -> Figures:
    """Return one endpoint's figures over the window that ends with *second*."""
    p50_ms = now.p50_ms(name, base_ms) * _wobble(second, len(name))
    requests_per_s = now.vus * weight / 100 / (0.12 + p50_ms / 1000)
    requests = round(requests_per_s * min(second + 1, WINDOW_S))
    failed = round(requests * 0.14 * now.jam) if name == "POST /orders" else 0
    timeouts = failed // 4
    kinds = {ErrorKind.STATUS: failed - timeouts, ErrorKind.TIMEOUT_RESPONSE: timeouts}
    return Figures(
        requests=requests,
        requests_per_s=requests_per_s,
        errors=failed,
        errors_by_kind={kind: count for kind, count in kinds.items() if count},
        statuses={200: requests - failed, **({503: failed - timeouts} if failed else {})},
        sent_bytes=requests * 180,
        received_bytes=requests * 1400,
        latency=_latency(p50_ms, 0.4 * now.jam) if requests else None,
    )


def _all(parts: list[Figures], seconds: float) -> Figures:
    """Return plausible figures for all endpoints together. (A real run adds histograms.)"""
    requests = sum(part.requests for part in parts)
    errors = sum(part.errors for part in parts)
    kinds: dict[ErrorKind, int] = {}
    for part in parts:
        for kind, count in part.errors_by_kind.items():
            kinds[kind] = kinds.get(kind, 0) + count
    answered = [part for part in parts if part.latency is not None]
    slowest = max(
        (part.latency for part in answered if part.latency),
        key=lambda each: each.p99_us,
        default=None,
    )
    middle = sum(part.requests * part.latency.p50_us for part in answered if part.latency) / max(
        requests, 1
    )
    return Figures(
        requests=requests,
        requests_per_s=requests / seconds if seconds else 0.0,
        errors=errors,
        errors_by_kind=kinds,
        statuses={200: requests - errors, **({503: errors} if errors else {})},
        sent_bytes=requests * 180,
        received_bytes=requests * 1400,
        latency=None
        if slowest is None
        else Latency(
            min_us=1900,
            mean_us=round(middle * 1.2),
            p50_us=round(middle),
            p90_us=round(middle * 1.9),
            p95_us=round((middle * 2.4 + slowest.p50_us) / 2),
            p99_us=round(slowest.p99_us * 0.7),
            p99_9_us=slowest.p99_us,
            max_us=slowest.max_us,
        ),
    )


def _windows(second: int) -> dict[str, Figures]:
    now = _at(second)
    return {name: _figures(name, weight, ms, now, second) for name, weight, ms in _MIX}


def _point(second: int) -> Point:
    now = _at(second)
    window = _all(list(_windows(second).values()), min(second + 1, WINDOW_S))
    latency = window.latency
    silent = latency is None or second in (71, 72)
    return Point(
        second=second,
        at_unix_ms=STARTED_UNIX_MS + 1000 * second,
        requests=0 if silent else round(window.requests_per_s * _wobble(second, 3)),
        errors=round(window.errors / WINDOW_S),
        p50_us=None if silent or latency is None else latency.p50_us,
        p95_us=None if silent or latency is None else latency.p95_us,
        p99_us=None if silent or latency is None else round(latency.p99_us * _wobble(second, 5)),
        max_us=None if silent or latency is None else latency.max_us,
        vus=now.vus,
        vus_target=float(now.vus),
        rate_target_per_s=None,
        dropped=0,
        generator_limited=False,
    )


def _events(second: int) -> tuple[Event, ...]:
    return tuple(
        Event(
            serial=serial,
            second=at_s,
            at_unix_ms=STARTED_UNIX_MS + round(at_s * 1000),
            level=level,
            author=author,
            text=text,
            label=label,
        )
        for serial, (at_s, level, author, text, label) in enumerate(_EVENTS)
        if at_s <= second
    )


def _frame(second: int) -> Frame:
    now = _at(second)
    windows = _windows(second) if second >= 0 else {}
    seconds = max(min(second + 1, WINDOW_S), 0)
    window = _all(list(windows.values()), seconds)
    ends = second >= LENGTH_S - 1
    ramping = RAMP_FROM_S <= second < RAMP_TO_S
    state = RunState.STARTING if second < 0 else RunState.ENDED if ends else RunState.RUNNING
    return Frame(
        run="shop",
        target=TARGET,
        state=state,
        stop_cause=StopCause.SCHEDULE if ends else None,
        second=second,
        at_unix_ms=STARTED_UNIX_MS + 1000 * (second + 1),
        started_unix_ms=STARTED_UNIX_MS,
        elapsed_s=float(max(second + 1, 0)),
        duration_s=float(LENGTH_S),
        throttles=(_throttle(now, second=second, ramping=ramping),),
        window=window,
        total=_total(window, second),
        in_flight=round(now.vus * 0.6),
        dropped=0,
        points=tuple(_point(each) for each in range(max(second - 2, 0), second + 1)),
        endpoints=_endpoints(windows, second),
        errors=_errors(second),
        generator=_generator(now) if second >= 0 else None,
        host=_host(now, second) if second >= 0 else None,
        postgres=_postgres(now) if second >= 0 else None,
        events=_events(second),
        undo=Undoable(text="VU 10 → 150 over 30s", second=20.0) if second >= RAMP_FROM_S else None,
        redo=None,
        workers_heard=2,
        workers_expected=2,
        viewers=1,
        control="ann",
    )


def _throttle(now: _Second, *, second: int, ramping: bool) -> ThrottleState:
    requested = 150.0 if second >= RAMP_FROM_S else 10.0
    return ThrottleState(
        scenario="shop",
        lever=Lever.VUS,
        requested=requested,
        acknowledged=None if second == RAMP_FROM_S else requested,
        target=float(now.vus),
        actual=0.0 if second < 0 else float(now.vus),
        eta_s=float(RAMP_TO_S - second) if ramping else 0.0,
        held=False,
        limit=500.0,
        step=1.0,
    )


def _total(window: Figures, second: int) -> Figures:
    seen = sum(_point(each).requests for each in range(0, second + 1, 10)) * 10
    failed = sum(_point(each).errors for each in range(0, second + 1, 10)) * 10
    return Figures(
        requests=seen,
        requests_per_s=seen / (second + 1) if second >= 0 else 0.0,
        errors=failed,
        errors_by_kind={ErrorKind.STATUS: failed} if failed else {},
        statuses={200: seen - failed},
        sent_bytes=seen * 180,
        received_bytes=seen * 1400,
        latency=window.latency,
    )


def _endpoints(windows: dict[str, Figures], second: int) -> tuple[Endpoint, ...]:
    before = _windows(second - WINDOW_S) if second >= WINDOW_S else {}
    rows = [
        Endpoint(
            name=name,
            window=window,
            total=window,
            previous_p95_us=latency.p95_us
            if name in before and (latency := before[name].latency)
            else None,
        )
        for name, window in windows.items()
    ]
    return tuple(sorted(rows, key=lambda row: -row.window.requests))


def _errors(second: int) -> tuple[ErrorCount, ...]:
    if second <= JAM_FROM_S + 2:
        return ()
    first, last = JAM_FROM_S + 2, min(second, FIXED_AT_S)
    past, recent = last - first + 1, max(0, last - max(first, second - 59) + 1)
    kinds = ((ErrorKind.STATUS, 503, 6), (ErrorKind.TIMEOUT_RESPONSE, None, 2))
    return tuple(
        ErrorCount(
            kind=kind,
            status=status,
            endpoint="POST /orders",
            window=recent * per_s,
            total=past * per_s,
            first_second=first,
            last_second=last,
        )
        for kind, status, per_s in kinds
    )


def _generator(now: _Second) -> GeneratorReading:
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


def _host(now: _Second, second: int) -> HostReading:
    cpu_percent = min(97.0, (14 + now.vus * 0.42) * _wobble(second, 9))
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
        disk_write_bytes_per_s=2_400_000.0 * _wobble(second, 4),
        network_sent_bytes_per_s=24_000.0 * now.vus,
        network_received_bytes_per_s=96_000.0 * now.vus,
        descriptors=4200 + 3 * now.vus,
        descriptor_limit=1_048_576,
        tcp_in_use=90 + 2 * now.vus,
        tcp_time_wait=12,
    )


def _postgres(now: _Second) -> PostgresReading:
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
