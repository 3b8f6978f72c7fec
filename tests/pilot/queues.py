"""Queues simulated second by second, without a network: the readings that a run on them gives."""

import heapq
import math
import random
from collections.abc import Callable

from vumeter.model.measure import (
    ErrorKind,
    GeneratorReading,
    Reading,
    ScenarioCounts,
    Tally,
)
from vumeter.pilot.search import Finder, Move
from vumeter.stats.histogram import histogram_of

SCENARIO = "main"


def generator(*, limited: bool = False) -> GeneratorReading:
    return GeneratorReading(
        limited=limited,
        reasons=("worker 0 used 99 % of its core",) if limited else (),
        cpu_percent=99.0 if limited else 20.0,
        cpu_total_percent=20.0,
        tick_lag_p99_us=100,
        tick_lag_max_us=200,
        late_start_ratio=0.0,
        descriptors=20,
        descriptor_limit=1000,
        rss_bytes=1,
    )


class Queue:
    """
    Poisson arrivals, first come first served, at one or several servers.

    Args:
        service_s: Draws the time that the next request is served.
        servers: How many serve at once.
        limit_per_s: Above that rate the generator is the limit.
        noise: The standard deviation of a factor by which each second is slower or faster.
        outage: The load beyond which, once it was put on, nothing is ever answered any more.
        pool: VUs: more requests than that are dropped.
        is_even: Arrivals are evenly spaced, and not Poisson.
    """

    def __init__(
        self,
        service_s: Callable[[random.Random], float],
        *,
        servers: int = 1,
        seed: int = 1,
        limit_per_s: float = math.inf,
        noise: float = 0.0,
        outage: float = math.inf,
        pool: int = 100_000,
        is_even: bool = False,
    ) -> None:
        self.service_s = service_s
        self.random = random.Random(seed)
        self.second = 0
        self.rate_per_s = 0.0
        self.is_broken = False
        self._free_s = [0.0] * servers
        self._next_s = 0.0
        self._under_way: list[tuple[float, float]] = []
        self._limit_per_s = limit_per_s
        self._noise = noise
        self._outage = outage
        self._pool = pool
        self._is_even = is_even

    def set(self, rate_per_s: float) -> None:
        self.rate_per_s = rate_per_s
        self.is_broken = self.is_broken or rate_per_s > self._outage
        self._next_s = max(self._next_s, float(self.second))
        self._next_s = self.second + self._gap_s()

    def read(self) -> Reading:
        """Let a second go by."""
        end_s = self.second + 1.0
        slowed = math.exp(self.random.gauss(0, self._noise)) if self._noise else 1.0
        due = dropped = 0
        while self._next_s < end_s:
            due += 1
            if len(self._under_way) >= self._pool:
                dropped += 1
            else:
                self._arrive(self._next_s, slowed)
            self._next_s += self._gap_s()
        times_us = []
        while self._under_way and self._under_way[0][0] < end_s:
            done_s, arrived_s = heapq.heappop(self._under_way)
            times_us.append(round((done_s - arrived_s) * 1e6))
        failed = len(times_us) if self.is_broken else 0
        reading = Reading(
            second=self.second,
            at_unix_ms=0,
            tallies={
                "GET /": Tally(
                    answered=len(times_us),
                    errors={ErrorKind.STATUS: failed} if failed else {},
                    service=histogram_of(times_us),
                    response=histogram_of(times_us),
                )
            },
            scenarios={
                SCENARIO: ScenarioCounts(
                    vus_busy=len(self._under_way),
                    iterations_due=due,
                    iterations_started=due - dropped,
                    iterations_done=len(times_us),
                    iterations_dropped=dropped,
                )
            },
            generator=generator(limited=self.rate_per_s > self._limit_per_s),
            workers_heard=1,
            workers_expected=1,
            late_snapshots=0,
        )
        self.second += 1
        return reading

    def _gap_s(self) -> float:
        return 1 / self.rate_per_s if self._is_even else self.random.expovariate(self.rate_per_s)

    def _arrive(self, at_s: float, slowed: float) -> None:
        free_s = heapq.heappop(self._free_s)
        done_s = max(at_s, free_s) + self.service_s(self.random) * slowed
        heapq.heappush(self._free_s, done_s)
        heapq.heappush(self._under_way, (done_s, at_s))


def exponential(mean_s: float) -> Callable[[random.Random], float]:
    return lambda chance: chance.expovariate(1 / mean_s)


def fixed(s: float) -> Callable[[random.Random], float]:
    return lambda chance: s


def drive(finder: Finder, queue: Queue, *, most_s: int = 600) -> list[tuple[int, Move]]:
    """Let *finder* search *queue* to its end; return its moves with when they came."""
    # A reading is there a moment after its second has ended.
    late_s = 0.3
    move: Move | None = finder.begin(queue.second + late_s)
    moves = []
    for _ in range(most_s):
        if move is not None:
            moves.append((queue.second, move))
            queue.set(move.load)
        reading = queue.read()
        move = finder.hear(reading, queue.second + late_s)
        if finder.outcome is not None:
            break
    return moves
