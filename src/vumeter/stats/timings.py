"""
The phases of requests, as k6 has them, out of what was recorded of them.

Most phases of most requests take no time that could be measured: the connection was there, the
request was small, the answer came whole. Those are never recorded. They are zeros all the
same, and are added here, by their number.
"""

from collections.abc import Iterator
from enum import StrEnum

from vumeter.model.frame import Latency
from vumeter.model.measure import Histogram, Tally, Timings
from vumeter.stats.histogram import HistogramSum, count, latency


class Timing(StrEnum):
    """A phase of a request, by its metric."""

    BLOCKED = "http_req_blocked"
    CONNECTING = "http_req_connecting"
    TLS_HANDSHAKING = "http_req_tls_handshaking"
    SENDING = "http_req_sending"
    WAITING = "http_req_waiting"
    RECEIVING = "http_req_receiving"


_NOTHING = Timings()


def times(tally: Tally, timing: Timing) -> Histogram:
    """
    Return how long *timing* took each request.

    What concerns connections is of every attempt; the other phases are of those that have a
    service time, of which they are the parts:

        service = sending + waiting + receiving          docs/measurement.md, "Phases"
    """
    recorded = tally.timings or _NOTHING
    match timing:
        case Timing.BLOCKED:
            return _with_zeros(recorded.blocked, tally.requests)
        case Timing.CONNECTING:
            return _with_zeros(recorded.connecting, tally.requests)
        case Timing.TLS_HANDSHAKING:
            return _with_zeros(recorded.handshaking, tally.requests)
        case Timing.SENDING:
            return _with_zeros(recorded.sending, count(tally.service))
        case Timing.RECEIVING:
            return _with_zeros(recorded.receiving, count(tally.service))
        case Timing.WAITING:
            return _waiting(tally.service, recorded)


def _with_zeros(recorded: Histogram, requests: int) -> Histogram:
    zeros = requests - count(recorded)
    if zeros <= 0:
        return recorded
    counts = recorded.counts | {0: recorded.counts.get(0, 0) + zeros}
    return Histogram(counts=counts, sum_us=recorded.sum_us, over_range=recorded.over_range)


def _waiting(service: Histogram, recorded: Timings) -> Histogram:
    """Return the service times, with the waiting of those answers that have other parts."""
    if not recorded.parted.counts:
        return service
    total = HistogramSum()
    total.add(service)
    total.remove(recorded.parted)
    total.add(recorded.parted_waiting)
    return total.histogram()


def latencies(tally: Tally) -> dict[str, Latency]:
    """Return the figures of each phase by its metric; none where nothing was measured."""
    found = ((timing.value, latency(times(tally, timing))) for timing in Timing)
    return {metric: figures for metric, figures in found if figures is not None}


class TimingsSum:
    """Timings that others are added to, and taken away from again: both exact."""

    __slots__ = ("_sums",)

    def __init__(self) -> None:
        self._sums = {name: HistogramSum() for name in Timings.__struct_fields__}

    def add(self, timings: Timings) -> None:
        """Count all of *timings*."""
        for total, part in self._beside(timings):
            total.add(part)

    def remove(self, timings: Timings) -> None:
        """Take back what an `add` of the same *timings* counted."""
        for total, part in self._beside(timings):
            total.remove(part)

    def timings(self) -> Timings | None:
        """Return the sum so far; `None` where nothing is in it."""
        if not any(total for total in self._sums.values()):
            return None
        return Timings(**{name: total.histogram() for name, total in self._sums.items()})

    def _beside(self, timings: Timings) -> Iterator[tuple[HistogramSum, Histogram]]:
        for name, total in self._sums.items():
            part: Histogram = getattr(timings, name)
            if part.counts:
                yield total, part
