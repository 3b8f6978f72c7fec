"""
What the queues of `queues` can take, by theory: what a search for their capacity is held against.

The distribution of each queue's response times is known in closed form; the load at which its
percentile meets a limit is where that says so. Arrivals are Poisson in all of them.
"""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext

from vumeter.errors import UsageError

Tail = Callable[[float], float]
"""The share of response times that are longer than so many seconds."""

_DIGITS = 80
"""The series of M/D/1 alternates: of its terms, some twenty digits cancel out."""


def mmc_tail(arrivals_per_s: float, *, servers: int, rate_per_s: float) -> Tail:
    """
    Return the response times of M/M/c, each server having *rate_per_s*.

    A request waits with the probability C(c, a) of Erlang's second formula, and then for an
    exponential time of rate θ = cμ−λ; being served adds one of rate μ, independent of it:

        P(T > t) = (1−C)·e^(−μt) + C·(θ·e^(−μt) − μ·e^(−θt)) / (θ−μ)

    (Kleinrock, *Queueing Systems* I, 3.5; for c = 1 that is e^(−(μ−λ)t), 5.7.)
    """
    mu, theta = rate_per_s, servers * rate_per_s - arrivals_per_s
    waiting = _erlang_c(servers, arrivals_per_s / rate_per_s)

    def tail(seconds: float) -> float:
        served = math.exp(-mu * seconds)
        if math.isclose(theta, mu, rel_tol=1e-9):
            both = (1 + mu * seconds) * served
        else:
            both = (theta * served - mu * math.exp(-theta * seconds)) / (theta - mu)
        return (1 - waiting) * served + waiting * both

    return tail


def md1_tail(arrivals_per_s: float, *, rate_per_s: float) -> Tail:
    """
    Return the response times of M/D/1: a wait, and 1/*rate_per_s* = D to be served.

        P(W ≤ t) = (1−ρ) · Σ (λ(kD−t))^k / k! · e^(−λ(kD−t)),   k = 0 … ⌊t/D⌋

    (Erlang, 1909; Tijms, *A First Course in Stochastic Models*, 9.6.1.)
    """
    service_s = 1 / rate_per_s

    def tail(seconds: float) -> float:
        if seconds < service_s:
            return 1.0
        with localcontext(prec=_DIGITS):
            wait, d = Decimal(seconds) - Decimal(service_s), Decimal(service_s)
            rate = Decimal(arrivals_per_s)
            total, factorial = Decimal(0), Decimal(1)
            for k in range(int(wait / d) + 1):
                factorial *= max(1, k)
                distance = rate * (k * d - wait)
                # 0⁰ is 1 here, which decimals refuse to say.
                power = distance**k if k else Decimal(1)
                total += power / factorial * (-distance).exp()
            return float(1 - (1 - rate * d) * total)

    return tail


def highest_load(law: str, *, limit_s: float, percent: float = 95.0) -> float:
    """
    Return the load at which *percent* of the response times of *law* end within *limit_s*.

    Args:
        law: As `lawbook` reads it: "mm1:400", "mmc:4,100" and "md1:400", whose load is arrivals
            per second; "usl:100,0.05,0.001", whose load is VUs that do not pause.
        limit_s: The limit.
        percent: Of the percentile that has to be below it.

    Raises:
        UsageError: There is no theory of that law.

    >>> round(highest_load("mm1:400", limit_s=0.1), 2)
    370.04
    >>> round(highest_load("usl:100,0.05,0.002", limit_s=0.04), 1)
    28.9
    """
    name, _, rest = law.partition(":")
    if name not in {"mm1", "mmc", "md1", "usl"}:
        raise UsageError(f'There is no theory of "{law}" here, but of mm1, mmc, md1 and usl.')
    numbers = [float(part) for part in rest.split(",")]
    if name == "usl":
        return _usl_vus(*numbers, limit_s=limit_s)
    servers = int(numbers[0]) if name == "mmc" else 1
    each_per_s = numbers[-1]

    def late(load: float) -> float:
        if name == "md1":
            return md1_tail(load, rate_per_s=each_per_s)(limit_s)
        return mmc_tail(load, servers=servers, rate_per_s=each_per_s)(limit_s)

    low, high = 0.0, servers * each_per_s
    for _ in range(60):
        middle = (low + high) / 2
        if late(middle) < 1 - percent / 100:
            low = middle
        else:
            high = middle
    return low


def _erlang_c(servers: int, offered: float) -> float:
    """Return the probability of a wait, by way of Erlang's first formula and its recursion."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    used = offered / servers
    return blocked / (1 - used * (1 - blocked))


def _usl_vus(lambda_per_s: float, sigma: float, kappa: float, *, limit_s: float) -> float:
    """
    Return the number of VUs N with N/X(N) = (1 + σ(N−1) + κN(N−1))/λ = *limit_s*.

    Every one of the N in flight takes that long, so that it is each percentile.
    """
    room = limit_s * lambda_per_s - 1 + sigma
    if kappa == 0:
        return room / sigma if sigma else math.inf
    return (kappa - sigma + math.sqrt((sigma - kappa) ** 2 + 4 * kappa * room)) / (2 * kappa)
