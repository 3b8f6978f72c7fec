"""Adding tallies up, and reading figures off them."""

from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from vumeter.model.frame import Figures, Latency
from vumeter.model.measure import ErrorKind, Histogram, Tally
from vumeter.stats.histogram import HistogramSum, latency
from vumeter.stats.timings import TimingsSum

KeyT = TypeVar("KeyT", ErrorKind, int)


def merge(tallies: Iterable[Tally]) -> Tally:
    """
    Return all of *tallies* as one: exact, in any order and grouping.

    Where only some have response times, the others were taken in the closed model; there
    due = sent, and their service times are their response times.
    """
    several = list(tallies)
    if len(several) == 1:
        return several[0]
    total = TallySum()
    for tally in several:
        total.add(tally)
    return total.tally()


def response_times(tally: Tally) -> Histogram:
    """Return done − due: what a user would have waited."""
    return tally.service if tally.response is None else tally.response


def figures(tally: Tally, seconds: float) -> Figures:
    """Return what a screen shows of *tally*, with response time as latency, over *seconds*."""
    return _figures(tally, seconds, response_times(tally))


def service_figures(tally: Tally, seconds: float) -> Figures:
    """Return the same as `figures` with service time, done − sent, as latency."""
    return _figures(tally, seconds, tally.service)


def _figures(tally: Tally, seconds: float, times: Histogram) -> Figures:
    return _figures_with(latency(times), tally, seconds)


def _figures_with(times: Latency | None, tally: Tally, seconds: float) -> Figures:
    return Figures(**counted(tally, seconds), latency=times)


def counted(tally: Tally, seconds: float) -> dict[str, Any]:
    """Return the fields of `Counts` that *tally* comes to over *seconds*."""
    return {
        "requests": tally.requests,
        "requests_per_s": tally.requests / seconds if seconds > 0 else 0.0,
        "errors": sum(tally.errors.values()),
        "errors_by_kind": dict(tally.errors),
        "statuses": dict(tally.statuses),
        "sent_bytes": tally.sent_bytes,
        "received_bytes": tally.received_bytes,
    }


class TallySum:
    """A tally that others are added to, and taken away from again: both exact."""

    __slots__ = (
        "_answered",
        "_checks",
        "_errors",
        "_open_tallies",
        "_received_bytes",
        "_response",
        "_sent_bytes",
        "_service",
        "_statuses",
        "_timings",
    )

    def __init__(self) -> None:
        self._answered = 0
        self._checks: dict[str, tuple[int, int]] = {}
        self._errors: dict[ErrorKind, int] = {}
        self._statuses: dict[int, int] = {}
        self._sent_bytes = 0
        self._received_bytes = 0
        self._service = HistogramSum()
        # Kept only while something of the open model is in the sum: `_open_tallies` tells.
        self._response: HistogramSum | None = None
        self._open_tallies = 0
        # Kept only once there are any.
        self._timings: TimingsSum | None = None

    def add(self, tally: Tally) -> None:
        """Count every sample of *tally*."""
        if tally.response is not None:
            self._open_tallies += 1
            if self._response is None:
                self._response = HistogramSum()
                self._response.add_sum(self._service)
        if self._response is not None:
            self._response.add(response_times(tally))
        self._service.add(tally.service)
        self._count(tally)

    def _count(self, tally: Tally) -> None:
        self._answered += tally.answered
        self._sent_bytes += tally.sent_bytes
        self._received_bytes += tally.received_bytes
        for kind, number in tally.errors.items():
            _change(self._errors, kind, number)
        for status, number in tally.statuses.items():
            _change(self._statuses, status, number)
        for name, (passed, failed) in tally.checks.items():
            self._judge(name, passed, failed)
        if tally.timings is not None:
            self._timings = self._timings or TimingsSum()
            self._timings.add(tally.timings)

    def remove(self, tally: Tally) -> None:
        """Take back what an `add` of the same *tally* counted."""
        if tally.response is not None:
            self._open_tallies -= 1
        if self._open_tallies == 0:
            self._response = None
        elif self._response is not None:
            self._response.remove(response_times(tally))
        self._service.remove(tally.service)
        self._answered -= tally.answered
        self._sent_bytes -= tally.sent_bytes
        self._received_bytes -= tally.received_bytes
        for kind, number in tally.errors.items():
            _change(self._errors, kind, -number)
        for status, number in tally.statuses.items():
            _change(self._statuses, status, -number)
        for name, (passed, failed) in tally.checks.items():
            self._judge(name, -passed, -failed)
        if tally.timings is not None and self._timings is not None:
            self._timings.remove(tally.timings)

    def add_sum(self, other: "TallySum") -> None:
        """Count every sample that *other* has counted, but not the phases of requests."""
        has_due = self._response is not None or other._response is not None
        if has_due and self._response is None:
            self._response = HistogramSum()
            self._response.add_sum(self._service)
        if self._response is not None:
            self._response.add_sum(other._response or other._service)
        self._open_tallies += other._open_tallies
        self._service.add_sum(other._service)
        self._count(other.outcomes())

    def figures(self, seconds: float) -> Figures:
        """Return what a screen shows of the sum so far, over *seconds*."""
        times = self._service if self._response is None else self._response
        return _figures_with(times.latency(), self.outcomes(), seconds)

    def outcomes(self) -> Tally:
        """Return the sum so far without any times, which are the dear part of it."""
        return Tally(
            answered=self._answered,
            errors=self._errors.copy(),
            statuses=self._statuses.copy(),
            sent_bytes=self._sent_bytes,
            received_bytes=self._received_bytes,
            checks=self._checks.copy(),
        )

    def tally(self) -> Tally:
        """Return the sum so far, as a value that later changes do not touch."""
        return replace(
            self.outcomes(),
            service=self._service.histogram(),
            response=None if self._response is None else self._response.histogram(),
            timings=None if self._timings is None else self._timings.timings(),
        )

    def _judge(self, name: str, passed: int, failed: int) -> None:
        old_passed, old_failed = self._checks.get(name, (0, 0))
        changed = (old_passed + passed, old_failed + failed)
        if any(changed):
            self._checks[name] = changed
        else:
            self._checks.pop(name, None)


def _change(counts: dict[KeyT, int], key: KeyT, by: int) -> None:
    changed = counts.get(key, 0) + by
    if changed:
        counts[key] = changed
    else:
        # What did not happen has no row: zeros are neither kept nor taken over.
        counts.pop(key, None)
