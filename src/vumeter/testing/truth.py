"""What a test server saw: exact counts, and each service time as it was measured there."""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from vumeter.clock import monotonic_ns

PERCENTS = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99_9": 99.9}


class TruthReport(TypedDict):
    """A server's truth as its process prints it."""

    connections: int
    connections_open: int
    requests: int
    answered: int
    abandoned: int
    refused: int
    received_bytes: int
    sent_bytes: int
    paths: dict[str, int]
    statuses: dict[str, int]
    service_ms: dict[str, float]
    """min, mean, p50 … p99_9, max; empty when nothing was answered."""
    first_arrival_ns: int | None
    """By the monotonic clock, which all processes of a host share."""
    last_arrival_ns: int | None


@dataclass
class Truth:
    """Counted at the server, in the order in which things happened."""

    connections: int = 0
    """Ever accepted."""
    connections_open: int = 0
    """Now."""
    requests: int = 0
    """Complete requests that arrived, answered or not."""
    answered: int = 0
    abandoned: int = 0
    """Requests whose connection was gone before their answer."""
    refused: int = 0
    """What was no request that the server reads: answered with 400, and counted here only."""
    received_bytes: int = 0
    sent_bytes: int = 0
    paths: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    service_us: "array[int]" = field(default_factory=lambda: array("q"))
    """From the arrival of the last byte of the request to the writing of the answer."""
    arrivals_ns: "array[int]" = field(default_factory=lambda: array("q"))
    path_arrivals_ns: "defaultdict[str, array[int]]" = field(
        default_factory=lambda: defaultdict(lambda: array("q"))
    )
    """The same for each path."""
    opened_ns: "array[int]" = field(default_factory=lambda: array("q"))
    """When each connection was accepted."""
    closed_ns: "array[int]" = field(default_factory=lambda: array("q"))
    """When each that is closed was."""
    last_request: bytes = b""
    """As it came over the wire."""

    def note_opened(self) -> None:
        """Count a connection that was accepted."""
        self.connections += 1
        self.connections_open += 1
        self.opened_ns.append(monotonic_ns())

    def note_closed(self) -> None:
        """Count a connection that is gone."""
        self.connections_open -= 1
        self.closed_ns.append(monotonic_ns())

    def note_request(self, path: str, request: bytes) -> None:
        """Count a complete request."""
        self.requests += 1
        self.paths[path] += 1
        now_ns = monotonic_ns()
        self.arrivals_ns.append(now_ns)
        self.path_arrivals_ns[path].append(now_ns)
        self.last_request = request

    def note_answer(self, *, status: int, sent_bytes: int, service_us: int) -> None:
        """Count an answer that is about to be written."""
        self.answered += 1
        self.statuses[status] += 1
        self.sent_bytes += sent_bytes
        self.service_us.append(service_us)

    def report(self) -> TruthReport:
        """Return everything as plain JSON values."""
        return {
            "connections": self.connections,
            "connections_open": self.connections_open,
            "requests": self.requests,
            "answered": self.answered,
            "abandoned": self.abandoned,
            "refused": self.refused,
            "received_bytes": self.received_bytes,
            "sent_bytes": self.sent_bytes,
            "paths": dict(self.paths),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "service_ms": figures_ms(self.service_us),
            "first_arrival_ns": self.arrivals_ns[0] if self.arrivals_ns else None,
            "last_arrival_ns": self.arrivals_ns[-1] if self.arrivals_ns else None,
        }


def percentile(ordered: Sequence[int], percent: float) -> int:
    """
    Return the nearest-rank percentile: the smallest value that *percent* do not exceed.

    >>> percentile([10, 20, 30, 40], 50)
    20
    """
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def figures_ms(times_us: Sequence[int]) -> dict[str, float]:
    """Return min, mean, the percentiles and max of *times_us*, computed from every value."""
    if not times_us:
        return {}
    ordered = sorted(times_us)
    figures = {name: percentile(ordered, percent) / 1000 for name, percent in PERCENTS.items()}
    mean_ms = sum(ordered) / len(ordered) / 1000
    return {"min": ordered[0] / 1000, "mean": mean_ms, **figures, "max": ordered[-1] / 1000}
