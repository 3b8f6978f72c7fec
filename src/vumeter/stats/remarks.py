"""What a summary must say in words, so that nobody has to find it out from the numbers."""

from collections.abc import Iterator

from msgspec import Struct

from vumeter.model.measure import Histogram, Reading, Tally
from vumeter.model.summary import GeneratorSummary, Iterations, Stalls
from vumeter.stats.histogram import count, lowest_us
from vumeter.stats.stalls import long_wait_us
from vumeter.stats.tally import response_times

LONG_WAITS_TIME_RATIO = 0.01
"""From here on, long waits would be in the p99 of users who come at their own pace."""


class Coverage(Struct):
    """How much of the run was heard of."""

    seconds: int = 0
    seconds_unheard: int = 0
    seconds_partly_heard: int = 0

    def add(self, reading: Reading) -> None:
        """Take one second."""
        self.seconds += 1
        if reading.workers_heard == 0:
            self.seconds_unheard += 1
        elif reading.workers_heard < reading.workers_expected:
            self.seconds_partly_heard += 1


def remarks_on(
    total: Tally,
    *,
    stalls: Stalls | None,
    iterations: Iterations,
    generator: GeneratorSummary,
    coverage: Coverage,
    outage_s: float,
    duration_s: float,
    late_snapshots: int,
) -> tuple[str, ...]:
    """Return what has to be said about a run, the gravest first; empty when all went well."""
    return (
        *_about_generator(generator),
        *_about_outage(outage_s, duration_s),
        *_about_coverage(coverage),
        *_about_late(late_snapshots),
        *_about_load(iterations),
        *_about_latency(total, stalls),
    )


def _about_generator(generator: GeneratorSummary) -> Iterator[str]:
    if generator.limited_seconds:
        yield (
            f"vumeter itself was the limit in {generator.limited_seconds} of {generator.seconds} "
            "seconds: what was measured then says more about it than about the target."
        )


def _about_outage(outage_s: float, duration_s: float) -> Iterator[str]:
    if outage_s:
        yield (
            f"The target was away for {outage_s:.3g} of {duration_s:.3g} seconds: attempts failed, "
            "and none was answered. Mind the time, not the share of errors: refusals come faster "
            "than answers."
        )


def _about_coverage(coverage: Coverage) -> Iterator[str]:
    of_all = f"of {coverage.seconds} seconds"
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
            f"Dropped because no VU could begin them when they were due: {iterations.dropped} of "
            f"{iterations.due} iterations. Allow more VUs, or ask for less."
        )
    if iterations.interrupted:
        yield f"Iterations cut off at the end of the run: {iterations.interrupted}."


def _about_latency(total: Tally, stalls: Stalls | None) -> Iterator[str]:
    times = response_times(total)
    if times.over_range:
        yield f"Times above 1 h, the histogram's range: {times.over_range}. They count as 1 h."
    if stalls is not None:
        yield _about_stalls(stalls)
    elif total.response is None:
        yield from _about_long_waits(times)


def _about_stalls(stalls: Stalls) -> str:
    return (
        f"The target answered nobody for up to {stalls.longest_us / 1e6:.2g} s. In the closed "
        f"model a VU that waits sends nothing: {stalls.requests} requests met that and "
        f"{stalls.unsent} were never sent. http_req_corrected counts these as well, at what "
        "users who keep their pace would have waited. Measure it with --rate."
    )


def _about_long_waits(times: Histogram) -> Iterator[str]:
    """
    Say what the closed model hides: docs/measurement.md, "Closed and open".

    Who comes at a random moment meets a state of the target as often as that state takes
    time, while a closed model counts it as often as it has requests.
    """
    long_us = long_wait_us(times)
    long_waits = {index: n for index, n in times.counts.items() if lowest_us(index) >= long_us}
    waited_us = sum(number * lowest_us(index) for index, number in long_waits.items())
    if not waited_us or waited_us < LONG_WAITS_TIME_RATIO * times.sum_us:
        return
    requests_percent = 100 * sum(long_waits.values()) / count(times)
    yield (
        f"Waits of {long_us / 1e6:.2g} s and more were {requests_percent:.2g} % of the requests, "
        f"but {100 * waited_us / times.sum_us:.2g} % of the VUs' time. In the closed model a VU "
        "that waits sends nothing: if the target stalled, users who come at their own pace met "
        "that more often than these percentiles say. Measure it with --rate."
    )
