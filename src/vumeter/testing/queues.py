"""
Laws of servers whose capacity is known: queues, by their own clock and not by the machine's speed.

A request's departure is worked out when it comes (Lindley's recursion: it begins when the one
before it is done), so that the law holds however late the machine sends the answer.
"""

import heapq
import random
import time
from collections.abc import Callable

from vumeter.testing.laws import Law

Clock = Callable[[], float]


def queue(
    service_s: Callable[[random.Random], float],
    *,
    servers: int = 1,
    seed: int = 1,
    clock: Clock = time.monotonic,
) -> Law:
    """
    Return the law of a queue at *servers*, first come first served.

    With exponential times and Poisson arrivals at λ it is M/M/c; of M/M/1 with rate μ the
    percentile p of response times is −ln(1−p/100)/(μ−λ) (Kleinrock, *Queueing Systems* I, 3.2).
    """
    chance = random.Random(seed)
    free_s = [0.0] * servers

    def law(path: str, number: int) -> float:
        now_s = clock()
        done_s = max(now_s, heapq.heappop(free_s)) + service_s(chance)
        heapq.heappush(free_s, done_s)
        return done_s - now_s

    return law


def scalable(
    lambda_per_s: float, sigma: float, kappa: float, *, clock: Clock = time.monotonic
) -> Law:
    """
    Return the law by which N requests in flight are answered λN/(1+σ(N−1)+κN(N−1)) per second.

    Each takes N/X(N), N being those in flight when it comes, itself included: under a constant
    number of VUs that do not pause, throughput is the Universal Scalability Law exactly.
    """
    done: list[float] = []

    def law(path: str, number: int) -> float:
        now_s = clock()
        while done and done[0] <= now_s:
            heapq.heappop(done)
        n = len(done) + 1
        takes_s = (1 + sigma * (n - 1) + kappa * n * (n - 1)) / lambda_per_s
        heapq.heappush(done, now_s + takes_s)
        return takes_s

    return law


def exponential(per_s: float) -> Callable[[random.Random], float]:
    """Return service times that are exponential, *per_s* being their rate."""
    return lambda chance: chance.expovariate(per_s)
