"""The dead man's switch."""

from vumeter.run.deadman import NOTICE_S, DeadMan


def test_it_trips_when_nobody_was_seen_for_its_limit() -> None:
    switch = DeadMan(limit_s=300, is_armed=True)
    assert not switch.has_tripped(299.9)
    assert switch.has_tripped(300.0)


def test_a_sign_of_life_starts_the_time_anew() -> None:
    switch = DeadMan(limit_s=300, is_armed=True)
    switch.sign_of_life(200.0)
    assert not switch.has_tripped(499.9)
    assert switch.has_tripped(500.0)


def test_a_run_with_an_end_needs_nobody() -> None:
    switch = DeadMan(limit_s=300, is_armed=False)
    assert not switch.has_tripped(1e9)
    assert not switch.has_been_left(1e9)


def test_being_left_is_said_once_each_time() -> None:
    switch = DeadMan(limit_s=300, is_armed=True)
    assert not switch.has_been_left(NOTICE_S - 0.1)
    assert switch.has_been_left(NOTICE_S)
    assert not switch.has_been_left(NOTICE_S + 1)
    switch.sign_of_life(100.0)
    assert not switch.has_been_left(100.0)
    assert switch.has_been_left(100.0 + NOTICE_S)


def test_a_run_whose_end_waits_needs_somebody_until_it_goes_on() -> None:
    switch = DeadMan(limit_s=300, is_armed=False)
    switch.sign_of_life(1000.0)
    switch.arm(True)
    assert not switch.has_tripped(1299.0)
    assert switch.has_tripped(1300.0)
    switch.arm(False)
    assert not switch.has_tripped(1e9)
