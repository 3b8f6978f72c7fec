import time

import pytest

from vumeter.testing.disturbance import Disturbance


@pytest.mark.slow
def test_a_thread_that_is_kept_from_its_turn_says_for_how_long() -> None:
    # What the interpreter is busy with elsewhere holds the sleeper up like a busy machine.
    with Disturbance() as disturbance:
        time.sleep(0.02)
        deadline_s = time.monotonic() + 0.3
        sum(1 for _ in iter(lambda: time.monotonic() > deadline_s, True))
    assert disturbance.max_ms >= 1
    assert disturbance.allowance_ms == 0 or disturbance.allowance_ms >= 1
