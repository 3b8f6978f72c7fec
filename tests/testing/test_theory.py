"""What theory says of queues, beside queues that were simulated and closed forms."""

import math
import random
from collections.abc import Callable
from heapq import heapreplace

import pytest

from vumeter.errors import UsageError
from vumeter.testing.theory import highest_load, md1_tail, mmc_tail

CUSTOMERS = 60_000


def share_beyond(
    limit_s: float, service_s: Callable[[random.Random], float], *, servers: int, per_s: float
) -> float:
    """Return the share of response times beyond *limit_s*, by Lindley's recursion."""
    chance = random.Random(3)
    free_s, now_s, late = [0.0] * servers, 0.0, 0
    for _ in range(CUSTOMERS):
        now_s += chance.expovariate(per_s)
        done_s = max(now_s, free_s[0]) + service_s(chance)
        heapreplace(free_s, done_s)
        late += done_s - now_s > limit_s
    return late / CUSTOMERS


@pytest.mark.parametrize("servers", [1, 4, 8])
def test_response_times_of_mmc_are_those_of_a_simulated_queue(servers: int) -> None:
    tail = mmc_tail(160, servers=servers, rate_per_s=200 / servers)
    found = share_beyond(
        0.05, lambda chance: chance.expovariate(200 / servers), servers=servers, per_s=160
    )
    # ρ = 0.8: shares of about 0.1 to 0.3 scatter by some 3 % over 60,000 customers, who are
    # alike in runs of a hundred or so.
    assert found == pytest.approx(tail(0.05), rel=0.12)


def test_response_times_of_md1_are_those_of_a_simulated_queue() -> None:
    tail = md1_tail(120, rate_per_s=200)
    found = share_beyond(0.015, lambda _: 1 / 200, servers=1, per_s=120)
    # ρ = 0.6: 7 % in runs of five to ten, some 600 of these.
    assert found == pytest.approx(tail(0.015), rel=0.12)
    assert tail(0.0049) == 1.0
    # Pollaczek and Khinchin: the mean wait is ρ/(2μ(1−ρ)), the area below the tail.
    area_s = sum(tail(0.005 + step / 10_000) for step in range(2000)) / 10_000
    assert area_s == pytest.approx(0.6 / (2 * 200 * 0.4), rel=0.02)


def test_mm1_and_usl_have_closed_forms() -> None:
    assert highest_load("mm1:400", limit_s=0.1) == pytest.approx(400 + math.log(0.05) / 0.1)
    assert highest_load("mmc:1,400", limit_s=0.1) == pytest.approx(400 + math.log(0.05) / 0.1)
    vus = highest_load("usl:40,0.05,0.002", limit_s=0.12)
    assert (1 + 0.05 * (vus - 1) + 0.002 * vus * (vus - 1)) / 40 == pytest.approx(0.12)


def test_what_has_no_theory_is_refused() -> None:
    with pytest.raises(UsageError, match='no theory of "fixed:20ms"'):
        highest_load("fixed:20ms", limit_s=1)
