"""
Made-up seconds of a run with many endpoints, as many as one likes, without waiting for them.

Each second follows from its number and a seed. The numbers are plausible, not measured: log-
normal times, a few errors, a host and a database as `scenery` paints them.
"""

import random

from vumeter.model.measure import (
    Added,
    CounterSum,
    ErrorKind,
    GaugeSum,
    Histogram,
    RateSum,
    Reading,
    ScenarioCounts,
    Tally,
    Timings,
    TrendSum,
)
from vumeter.stats.histogram import bucket_index, highest_us, histogram_of
from vumeter.testing.scenery import generator, host, moment_at, postgres

STARTED_UNIX_MS = 1_790_000_000_000
_SCENERY_S = 180
_SPREAD = 0.6
"""Of the logarithm of times: p99 is four times the median."""


class MadeUpRun:
    """
    Gives any second of one run.

    Args:
        endpoints: How many names there are.
        requests: Of each endpoint in each second.
        is_open: Whether there are response times beside service times.
        seed: Another one gives another run.
    """

    def __init__(
        self, *, endpoints: int = 20, requests: int = 50, is_open: bool = False, seed: int = 0
    ) -> None:
        self._names = [f"GET /endpoint/{number}" for number in range(endpoints)]
        self._requests = requests
        self._is_open = is_open
        self._seed = seed

    def reading(self, second: int) -> Reading:
        """Return what was measured in *second*."""
        chance = random.Random(f"{self._seed} {second}")
        now = moment_at(second % _SCENERY_S)
        tallies = {
            name: self._tally(chance, median_us=1_000 * (number + 3))
            for number, name in enumerate(self._names)
        }
        iterations = sum(tally.answered for tally in tallies.values())
        return Reading(
            second=second,
            at_unix_ms=STARTED_UNIX_MS + second * 1000,
            tallies=tallies,
            scenarios={
                "main": ScenarioCounts(
                    vus_active=50,
                    vus_busy=chance.randrange(50),
                    iterations_started=iterations,
                    iterations_done=iterations,
                    iteration_duration=_times(chance, iterations, 20_000),
                )
            },
            generator=generator(now),
            workers_heard=2,
            workers_expected=2,
            late_snapshots=0,
            host=host(now, second % _SCENERY_S),
            postgres=postgres(now),
            metrics=_metrics(chance, second),
        )

    def _tally(self, chance: random.Random, *, median_us: int) -> Tally:
        failed = chance.random() < 0.05
        service = _times(chance, self._requests, median_us)
        response = _times(chance, self._requests, median_us) if self._is_open else None
        return Tally(
            answered=self._requests,
            errors={ErrorKind.STATUS: 1, ErrorKind.TIMEOUT_RESPONSE: 1} if failed else {},
            statuses={200: self._requests - failed} | ({503: 1} if failed else {}),
            sent_bytes=100 * self._requests,
            received_bytes=chance.randrange(1_000, 2_000) * self._requests,
            service=service,
            response=response,
            checks={"is fast": (self._requests - failed, int(failed))},
            timings=Timings(connecting=histogram_of([chance.randrange(500)])) if failed else None,
        )


def _times(chance: random.Random, number: int, median_us: int) -> Histogram:
    return histogram_of(round(median_us * chance.lognormvariate(0, _SPREAD)) for _ in range(number))


def _metrics(chance: random.Random, second: int) -> dict[str, Added]:
    value = chance.randrange(1_000_000)
    return {
        "orders": CounterSum(thousandths=value),
        "in_stock": RateSum(true=value % 10, samples=10),
        "basket": TrendSum(values=histogram_of([value])),
        "queue": GaugeSum(
            newest=value,
            at_ns=second * 10**9,
            lowest=value // 2,
            highest=value,
            total=value * 2,
            samples=2,
        ),
    }


def slower(histogram: Histogram, factor: float) -> Histogram:
    """Return *histogram* as if everything had taken *factor* times as long."""
    counts: dict[int, int] = {}
    for index, number in histogram.counts.items():
        moved = bucket_index(round(highest_us(index) * factor))
        counts[moved] = counts.get(moved, 0) + number
    return Histogram(counts=counts, sum_us=round(histogram.sum_us * factor))
