"""What a summary must say in words, so that nobody has to find it out from the numbers."""

from collections.abc import Iterator

from vumeter.model.measure import Reading, Tally
from vumeter.model.summary import GeneratorSummary, Iterations
from vumeter.stats.histogram import percentiles_us
from vumeter.stats.tally import response_times

HIDDEN_STALL_RATIO = 10
"""The longest wait at least so many times p99 is a stall that p99 does not show."""

SHORTEST_STALL_US = 100_000


class Coverage:
    """How much of the run was heard of, and how much of it the target was away."""

    def __init__(self) -> None:
        self.seconds = 0
        self.seconds_unheard = 0
        self.seconds_partly_heard = 0
        self.seconds_unanswered = 0

    def add(self, reading: Reading) -> None:
        """Take one second."""
        self.seconds += 1
        if reading.workers_heard == 0:
            self.seconds_unheard += 1
        elif reading.workers_heard < reading.workers_expected:
            self.seconds_partly_heard += 1
        tallies = reading.tallies.values()
        if any(each.requests for each in tallies) and not any(each.answered for each in tallies):
            self.seconds_unanswered += 1


def remarks_on(
    total: Tally,
    *,
    iterations: Iterations,
    generator: GeneratorSummary,
    coverage: Coverage,
    late_snapshots: int,
) -> tuple[str, ...]:
    """Return what has to be said about a run, the gravest first; empty when all went well."""
    return (
        *_about_generator(generator),
        *_about_coverage(coverage),
        *_about_late(late_snapshots),
        *_about_load(iterations),
        *_about_latency(total),
    )


def _about_generator(generator: GeneratorSummary) -> Iterator[str]:
    if generator.limited_seconds:
        yield (
            f"vumeter itself was the limit in {generator.limited_seconds} of {generator.seconds} "
            "seconds: what was measured then says more about it than about the target."
        )


def _about_coverage(coverage: Coverage) -> Iterator[str]:
    of_all = f"of {coverage.seconds} seconds"
    if coverage.seconds_unanswered:
        yield (
            f"The target answered nothing at all in {coverage.seconds_unanswered} {of_all}. "
            "Mind the time, not the share of errors: refusals come faster than answers."
        )
    if coverage.seconds_unheard:
        yield (
            f"No worker reported in time in {coverage.seconds_unheard} {of_all}: "
            "the charts have gaps there."
        )
    if coverage.seconds_partly_heard:
        yield (
            f"Not every worker reported in time in {coverage.seconds_partly_heard} {of_all}: "
            "the charts show too little there."
        )


def _about_late(snapshots: int) -> Iterator[str]:
    if snapshots:
        yield (
            f"Snapshots that came too late for their second: {snapshots}. They are in the "
            "totals, not in the charts."
        )


def _about_load(iterations: Iterations) -> Iterator[str]:
    if iterations.dropped:
        yield (
            f"Dropped because no VU was free when they were due: {iterations.dropped} of "
            f"{iterations.due} iterations. Allow more VUs, or ask for less."
        )
    if iterations.interrupted:
        yield f"Iterations cut off at the end of the run: {iterations.interrupted}."


def _about_latency(total: Tally) -> Iterator[str]:
    times = response_times(total)
    if times.over_range:
        yield f"Times above 1 h, the histogram's range: {times.over_range}. They count as 1 h."
    p99_us, max_us = percentiles_us(times, (99, 100))
    if total.response is None and max_us >= max(SHORTEST_STALL_US, HIDDEN_STALL_RATIO * p99_us):
        yield (
            f"The longest wait was {max_us / 1e6:.2g} s, p99 {p99_us / 1000:.3g} ms. In the closed "
            "model a VU that waits sends nothing, so a stall counts once per VU; users who come "
            "at their own pace would have felt more of it. Measure it with --rate."
        )
