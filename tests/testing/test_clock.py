import pytest

from vumeter.testing.clock import ManualClock


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(start_ns=5)
    assert [clock(), clock()] == [5, 5]
    clock.advance_s(0.25)
    clock.advance_ns(1)
    assert clock() == 250_000_006


def test_a_manual_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back by 1000000000 ns"):
        ManualClock().advance_s(-1)
