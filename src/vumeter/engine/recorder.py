"""Samples of one second, as they are counted where they happen."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vumeter.model.measure import ErrorKind, Histogram, Slow, Tally
from vumeter.stats.histogram import TOP_US, bucket_index

if TYPE_CHECKING:
    from vumeter.engine.phases import PhaseRecorder

MOST_NAMES = 500
OTHER = "other"
"""The name of the requests that came after so many names: what is kept for each is bounded."""

_TOP_INDEX = bucket_index(TOP_US)


class Record:
    """
    A histogram that is still being written: `stats.histogram`'s layout, 0.1 µs a sample.

    The hot path writes `counts` and `sum_us` itself, with `bucket_index` written out; a value
    over the range gets an index over the top there, and is put right when it is frozen.
    """

    __slots__ = ("counts", "sum_us")

    def __init__(self) -> None:
        self.counts: defaultdict[int, int] = defaultdict(int)
        self.sum_us = 0

    def add(self, time_us: int) -> None:
        """Count *time_us*; below zero, which no clock of ours gives, is zero."""
        time_us = max(time_us, 0)
        shift = time_us.bit_length() - 11
        index = (shift << 10) + (time_us >> shift) if shift > 0 else time_us
        self.counts[index] += 1
        self.sum_us += time_us

    def take(self) -> Histogram:
        """Return what was counted, and begin anew."""
        counts, self.counts = self.counts, defaultdict(int)
        sum_us, self.sum_us = self.sum_us, 0
        over_range = 0
        for index in [index for index in counts if index > _TOP_INDEX]:
            over_range += counts[index]
            counts[_TOP_INDEX] += counts.pop(index)
        return Histogram(counts=dict(counts), sum_us=sum_us, over_range=over_range)


class Recorder:
    """
    Counts the attempts of one request name.

    What is zero or usual in the good case stays off the good path: a status of 200 is not
    counted, it is what remains of the answered.
    """

    __slots__ = (
        "_together",
        "apart",
        "checks",
        "errors",
        "has_due",
        "phases",
        "received_bytes",
        "response",
        "sent_bytes",
        "service",
        "slowest",
        "slowest_done_ns",
        "slowest_us",
        "timeouts_us",
        "unusual",
    )

    def __init__(self) -> None:
        self.service = Record()
        self.apart = Record()
        """Those of its samples that are not the whole of an iteration, where most are."""
        self.phases: PhaseRecorder | None = None
        """`None` until a request of this name has any that took time."""
        self.response = Record()
        self.has_due = False
        """Whether anything in this second had a due time: the open model."""
        self.timeouts_us = 0
        """The part of `service` that was waited in vain."""
        self.received_bytes = 0
        self.sent_bytes = 0
        self.unusual: defaultdict[int, int] = defaultdict(int)
        """Statuses other than 200."""
        self.errors: defaultdict[ErrorKind, int] = defaultdict(int)
        self.checks: dict[str, list[int]] = {}
        self._together: list[tuple[list[int], Sequence[list[int]]]] = []
        self.slowest_us = 0
        """What has to be exceeded to be the slowest of the second: `engine.slowest`."""
        self.slowest: Slow | None = None
        self.slowest_done_ns = 0

    def time_out(self, waited_us: int) -> None:
        """Count what was waited for an answer that did not come in time."""
        self.service.add(waited_us)
        self.timeouts_us += waited_us

    def outcome(self, check: str) -> list[int]:
        """Return where the answers that passed *check*, and that failed it, are counted."""
        return self.checks.setdefault(check, [0, 0])

    def together(self, outcomes: Sequence[list[int]]) -> list[int]:
        """Return where answers are counted, in its first place, that passed all of *outcomes*."""
        number = [0]
        self._together.append((number, outcomes))
        return number

    def take(self) -> Tally | None:
        """Return the second's tally and begin anew; `None` when nothing happened."""
        self._settle_checks()
        if not self.service.counts and not self.errors and not self._has_checks():
            return None
        errors, self.errors = dict(self.errors), defaultdict(int)
        unusual, self.unusual = dict(self.unusual), defaultdict(int)
        service, response = self.service.take(), self.response.take()
        # Time-outs are in the histogram, at what was waited, but were not answered.
        answered = sum(service.counts.values()) - errors.get(ErrorKind.TIMEOUT_RESPONSE, 0)
        usual = answered - sum(unusual.values())
        tally = Tally(
            answered=answered,
            errors=errors,
            statuses={200: usual, **unusual} if usual else unusual,
            sent_bytes=self.sent_bytes,
            received_bytes=self.received_bytes,
            service=service,
            response=response if self.has_due else None,
            checks=self._take_checks(),
            timings=None if self.phases is None else self.phases.take(),
        )
        self.sent_bytes = self.received_bytes = self.timeouts_us = 0
        self.has_due = False
        return tally

    def _settle_checks(self) -> None:
        for number, outcomes in self._together:
            for outcome in outcomes:
                outcome[0] += number[0]
            number[0] = 0

    def _has_checks(self) -> bool:
        # A script may check an answer of the second before.
        return any(map(any, self.checks.values()))

    def _take_checks(self) -> dict[str, tuple[int, int]]:
        taken = {}
        for name, outcome in self.checks.items():
            if any(outcome):
                taken[name] = (outcome[0], outcome[1])
                # In place: the judges hold on to it.
                outcome[:] = 0, 0
        return taken


def recorder_of(recorders: dict[str, Recorder], name: str) -> Recorder:
    """
    Return where requests called *name* are counted, made when there is none yet.

    Beyond `MOST_NAMES` that is one for all, called `OTHER`.
    """
    if name not in recorders and len(recorders) >= MOST_NAMES:
        name = OTHER
    return recorders.setdefault(name, Recorder())
