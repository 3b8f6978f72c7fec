"""How punctual starts are, worked out from when they came."""

from array import array

import pytest
from benchmarks.parts.arrivals import punctuality

MS_NS = 1_000_000


def test_starts_that_come_at_even_distances_are_punctual_however_far_the_target_is() -> None:
    came_ns = array("q", (7 * MS_NS + index * 50_000 for index in range(20_000)))
    found = punctuality(came_ns, rate_per_s=20_000)
    assert found.rate_per_s == pytest.approx(20_000)
    assert found.within_1_ms_ratio == 1
    assert found.percentile_us(99) == 0


def test_a_stall_makes_late_what_was_due_in_it_and_nothing_else() -> None:
    # 1,000 a second for 10 s; nothing starts in the 100 ms from second 5 on, then all at once.
    due_ns = [index * MS_NS for index in range(10_000)]
    stalled = range(5_000 * MS_NS, 5_100 * MS_NS)
    came_ns = array("q", (stalled.stop if at in stalled else at for at in due_ns))
    found = punctuality(came_ns, rate_per_s=1_000)
    # Of the hundred, the last was due a millisecond before the end.
    assert found.within_1_ms_ratio == pytest.approx(1 - 99 / 10_000)
    assert found.lateness_ns[-1] == 100 * MS_NS


def test_a_rate_that_is_too_low_shows_as_such_and_as_growing_lateness() -> None:
    came_ns = array("q", (index * 1_010_000 for index in range(1_000)))
    found = punctuality(came_ns, rate_per_s=1_000)
    assert found.rate_per_s == pytest.approx(1_000 / 1.01)
    assert found.lateness_ns[-1] == pytest.approx(999 * 10_000)
