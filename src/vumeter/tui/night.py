"""
What happened while nobody looked, from the run's minutes. Pure.

Every figure is of whole minutes, so that a night says the same however closely it was known:
percentiles are those of a minute's requests, as the run sent them. Where shorter points are
known instead, a minute has those of the worst of them, and `Night.is_exact` says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from vumeter.tui.columns import Column
from vumeter.tui.history import COARSE_S, History

MINUTE_S = COARSE_S

OUTAGE_RATIO = 0.5
"""A minute in which so many of the requests failed, or more, is one of an outage."""

_COMPARED_MOST = 60
_COMPARED_LEAST = 3
"""Minutes at the beginning and at the end that are compared for drift: an hour, or a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some minutes in a row."""

    first_second: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """The medians of some minutes: a minute as most of them were."""

    minutes: int
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None
    requests_per_s: float
    error_ratio: float
    vus: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One run's minutes, read for what somebody who comes in the morning must know."""

    minutes: int
    is_exact: bool
    """Whether percentiles are those of whole minutes; else of the worst part of each."""
    slowest: Column | None
    """The minute with the greatest p99; `None`: nothing was answered."""
    most_failed: Column | None
    """The minute with the greatest share of failed requests; `None`: none has failed."""
    first: Typical | None
    """The beginning, for drift; `None`: the run is too short to tell."""
    last: Typical | None
    outages: tuple[Stretch, ...]
    limited: tuple[Stretch, ...]
    """In which the generator was the limit for a second at least."""
    unknown: tuple[Stretch, ...]
    """Of which nothing is known."""


def night_of(history: History) -> Night:
    """Return the night that *history* tells of."""
    minutes = history.minutes()
    known = [minute for minute in minutes if minute.seconds]
    answered = [minute for minute in known if minute.p99_us is not None]
    failed = [minute for minute in known if minute.errors]
    # The newest minute is still going on, and the first one may be a ramp of seconds.
    whole = [minute for minute in known if minute.seconds == MINUTE_S]
    compared = min(_COMPARED_MOST, len(whole) // 4)
    is_long = compared >= _COMPARED_LEAST
    return Night(
        minutes=len(minutes),
        is_exact=bool(whole) and all(minute.span_s == MINUTE_S for minute in whole),
        slowest=max(answered, key=lambda minute: minute.p99_us or 0, default=None),
        most_failed=max(failed, key=_failed_ratio, default=None),
        first=_typical(whole[:compared]) if is_long else None,
        last=_typical(whole[-compared:]) if is_long else None,
        outages=_stretches(minutes, lambda minute: _failed_ratio(minute) >= OUTAGE_RATIO),
        limited=_stretches(minutes, lambda minute: minute.is_limited),
        unknown=_stretches(minutes, lambda minute: not minute.seconds),
    )


def _failed_ratio(minute: Column) -> float:
    return minute.errors / minute.requests if minute.requests else 0.0


def _typical(minutes: Sequence[Column]) -> Typical:
    def middle(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return median(known) if known else None

    return Typical(
        minutes=len(minutes),
        p50_us=middle([minute.p50_us for minute in minutes]),
        p95_us=middle([minute.p95_us for minute in minutes]),
        p99_us=middle([minute.p99_us for minute in minutes]),
        requests_per_s=median(minute.requests / MINUTE_S for minute in minutes),
        error_ratio=sum(minute.errors for minute in minutes)
        / max(1.0, sum(minute.requests for minute in minutes)),
        vus=median(minute.vus or 0 for minute in minutes),
    )


def _stretches(minutes: Sequence[Column], belongs: Callable[[Column], bool]) -> tuple[Stretch, ...]:
    """Return the minutes that belong, neighbours joined."""
    found: list[Stretch] = []
    for minute in minutes:
        if not belongs(minute):
            continue
        before = found[-1] if found else None
        if before and before.first_second + before.seconds == minute.first_second:
            found[-1] = Stretch(first_second=before.first_second, seconds=before.seconds + MINUTE_S)
        else:
            found.append(Stretch(first_second=minute.first_second, seconds=MINUTE_S))
    return tuple(found)
