"""
A made-up soak of three days, as a viewer who comes in the morning is greeted by it.

Minutes for what is old, tens of seconds for the last day, seconds for the last quarter of an hour,
then a frame each second. It drifts, is away for four minutes, has one slow minute, and a generator
that was the limit for two. The numbers follow from closed forms; only tests of the screen may use
them.
"""

import math

from msgspec.structs import replace

from vumeter.model.frame import Event, EventLevel, Frame, Point
from vumeter.model.metric import Unit
from vumeter.model.plan import Threshold
from vumeter.model.verdict import Standing, Verdict
from vumeter.testing.alerts import firing
from vumeter.testing.feed import Recording
from vumeter.testing.story import STARTED_UNIX_MS, story

DAY_S = 86_400
LENGTH_S = 3 * DAY_S
AWAY_FROM_S, AWAY_TO_S = 111_600, 111_840
SLOW_FROM_S = 180_720
LIMITED_FROM_S, LIMITED_TO_S = 72_000, 72_120

_FRAMES = 30
_RATE_PER_S = 412
_BASE_P50_US = 60_000
_DRIFT_RATIO = 0.3
"""By how much it is slower at the end."""

_EVENTS = (
    (3_600.0, EventLevel.ACTION, "ann", "VU 40 → 60", "▲ 40→60"),
    (41_000.0, EventLevel.MARK, "ann", "deploy 42", "deploy 42"),
    (float(AWAY_FROM_S), EventLevel.ERROR, "run", "refused: POST /orders", ""),
    (float(SLOW_FROM_S), EventLevel.WARNING, "run", "p95<300ms failed", "p95<300ms"),
    (250_000.0, EventLevel.MARK, "bob", "cache warm", "cache warm"),
)


def soak() -> Recording:
    """Return the greeting at the end of the third day, and half a minute of frames."""
    played = story(_FRAMES)
    frames = tuple(_shifted(frame) for frame in played.frames[1:])
    day, quarter = LENGTH_S - DAY_S, LENGTH_S - 900
    points = (
        *(point(second, span_s=60) for second in range(0, day, 60)),
        *(point(second, span_s=10) for second in range(day, quarter, 10)),
        *(point(second) for second in range(quarter, LENGTH_S)),
    )
    return Recording(hello=replace(played.hello, points=points), frames=frames)


def point(second: int, *, span_s: int = 1) -> Point:
    """Return how it went in the *span_s* seconds from *second* on."""
    age = second / LENGTH_S
    wave = 1 + 0.12 * math.sin(2 * math.pi * second / DAY_S) + 0.04 * math.sin(second / 97)
    p50_us = round(_BASE_P50_US * (1 + _DRIFT_RATIO * age) * wave)
    is_slow = SLOW_FROM_S <= second < SLOW_FROM_S + 60
    is_away = AWAY_FROM_S <= second < AWAY_TO_S
    p99_us = p50_us * (40 if is_slow else 5)
    requests = round(_RATE_PER_S * span_s * (2 - wave))
    return Point(
        second=second,
        at_unix_ms=STARTED_UNIX_MS + 1000 * second,
        requests=requests,
        errors=requests if is_away else 0,
        p50_us=None if is_away else p50_us,
        p95_us=None if is_away else p50_us * 2,
        p99_us=None if is_away else p99_us,
        max_us=None if is_away else p99_us * 2,
        vus=40 if second < 3_600 else 60,
        vus_target=40.0 if second < 3_600 else 60.0,
        rate_target_per_s=None,
        dropped=0,
        generator_limited=LIMITED_FROM_S <= second < LIMITED_TO_S,
        span_s=span_s,
    )


def _shifted(frame: Frame) -> Frame:
    second = frame.second + LENGTH_S
    return replace(
        frame,
        second=second,
        elapsed_s=frame.elapsed_s + LENGTH_S,
        duration_s=None,
        points=tuple(point(at) for at in range(second - 2, second + 1)),
        events=tuple(
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
        ),
        verdicts=(
            Verdict(
                threshold=Threshold(metric="http_req_duration", expression="p(95) < 300ms over 1m"),
                standing=Standing.FAILED,
                is_failing=False,
                observed=161.0,
                limit=300.0,
                unit=Unit.MS,
                first_failed_second=SLOW_FROM_S,
                crossings=1,
            ),
        ),
        alerts=(
            firing(
                is_firing=False, firings=2, firing_s=95.0, first_fired_s=float(SLOW_FROM_S + 10)
            ),
        ),
        outage_s=float(AWAY_TO_S - AWAY_FROM_S),
    )
