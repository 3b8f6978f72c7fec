import time

import pytest

from vumeter.testing.disturbance import Disturbance, allowance_ms


@pytest.mark.slow
def test_a_thread_that_is_kept_from_its_turn_says_for_how_long() -> None:
    # What the interpreter is busy with elsewhere holds the sleeper up like a busy machine.
    with Disturbance() as disturbance:
        time.sleep(0.02)
        deadline_s = time.monotonic() + 0.3
        sum(1 for _ in iter(lambda: time.monotonic() > deadline_s, True))
    assert disturbance.max_ms >= 1


@pytest.mark.parametrize(
    ("late_us", "expected_ms"),
    [
        pytest.param([80] * 1000, 0, id="a calm machine"),
        pytest.param([80] * 996 + [9000] * 4, 0, id="calm but for a hiccup"),
        pytest.param([80] * 994 + [3000] * 6, 6, id="often enough to reach a percentile"),
    ],
)
def test_only_what_can_reach_a_percentile_is_let_pass(
    late_us: list[int], expected_ms: float
) -> None:
    assert allowance_ms(late_us) == expected_ms
