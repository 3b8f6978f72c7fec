"""
A made-up run of a shop, second by second, with everything that a screen has to show.

Ten VUs, a ramp to 150, the orders' hot row jams (slow answers, 503s, time-outs, blocked
sessions), a fix, recovery. The numbers follow from closed forms, so each call gives the same
frames; they are plausible, not measured, and only tests of the screen may use them.
"""

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
from vumeter.model.measure import ErrorKind, Slow
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.testing.feed import Recording
from vumeter.testing.scenery import (
    FIXED_AT_S,
    JAM_FROM_S,
    RAMP_FROM_S,
    RAMP_TO_S,
    Moment,
    generator,
    host,
    moment_at,
    postgres,
    wobble,
)

STARTED_UNIX_MS = 1_790_000_000_000
LENGTH_S = 180
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


def _figures(name: str, weight: float, base_ms: float, now: Moment, second: int) -> Figures:
    """Return one endpoint's figures over the window that ends with *second*."""
    p50_ms = now.p50_ms(name, base_ms) * wobble(second, len(name))
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
    now = moment_at(second)
    return {name: _figures(name, weight, ms, now, second) for name, weight, ms in _MIX}


def _point(second: int) -> Point:
    now = moment_at(second)
    window = _all(list(_windows(second).values()), min(second + 1, WINDOW_S))
    latency = window.latency
    silent = latency is None or second in (71, 72)
    return Point(
        second=second,
        at_unix_ms=STARTED_UNIX_MS + 1000 * second,
        requests=0 if silent else round(window.requests_per_s * wobble(second, 3)),
        errors=round(window.errors / WINDOW_S),
        p50_us=None if silent or latency is None else latency.p50_us,
        p95_us=None if silent or latency is None else latency.p95_us,
        p99_us=None if silent or latency is None else round(latency.p99_us * wobble(second, 5)),
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
    now = moment_at(second)
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
        generator=generator(now) if second >= 0 else None,
        host=host(now, second) if second >= 0 else None,
        postgres=postgres(now) if second >= 0 else None,
        events=_events(second),
        undo=Undoable(text="VU 10 → 150 over 30s", second=20.0) if second >= RAMP_FROM_S else None,
        redo=None,
        workers_heard=2,
        workers_expected=2,
        viewers=1,
        control="ann",
    )


def _throttle(now: Moment, *, second: int, ramping: bool) -> ThrottleState:
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
            slowest=_slowest(name, second),
        )
        for name, window in windows.items()
    ]
    return tuple(sorted(rows, key=lambda row: -row.window.requests))


def _slowest(name: str, second: int) -> tuple[Slow, ...]:
    """Return the slowest of the last three seconds; those of one endpoint wait for the hot row."""
    slow = []
    for at in range(max(0, second - 2), second + 1):
        latency = _windows(at)[name].latency
        if latency is not None:
            is_jammed = name == "POST /orders" and moment_at(at).jam > 0.9
            service_us = round(latency.max_us * wobble(at, 3))
            slow.append(
                Slow(
                    service_us=service_us,
                    at_ms=at * 1000 + 413,
                    status=503 if is_jammed else 200,
                    received_bytes=1400,
                    vu=1 + at % 150,
                    iteration=at // 2,
                    waiting_us=service_us * 97 // 100,
                    receiving_us=service_us * 3 // 100,
                )
            )
    return tuple(sorted(slow, key=lambda it: -it.service_us))


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
