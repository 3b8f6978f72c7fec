"""What is called a leak, and what is not: a run is played second by second."""

import random
from collections.abc import Callable

import pytest

from vumeter.stats.growth import Growing, Growth

MB = 1e6


def played(
    value: Callable[[int], float],
    *,
    seconds: int,
    load: Callable[[int], float] = lambda _: 50.0,
    noise: float = 0.5 * MB,
) -> tuple[Growing, int | None]:
    """Return what watched it, and when it was called a leak first."""
    chance = random.Random(7)
    growing, first = Growing(least=4 * MB), None
    for second in range(seconds):
        seen = value(second) + chance.gauss(0, noise)
        if growing.add(second, seen, load=load(second)) and first is None:
            assert growing.newest is not None
            first = second if growing.newest.is_leak else None
    return growing, first


def newest(growing: Growing) -> Growth:
    assert growing.newest is not None
    return growing.newest


def test_ten_megabytes_a_minute_are_found_within_one_and_told_within_a_tenth() -> None:
    growing, first = played(lambda second: 200 * MB + 10 * MB / 60 * second, seconds=120)
    assert first is not None
    assert first <= 65
    assert newest(growing).per_s * 60 == pytest.approx(10 * MB, rel=0.1)


def test_a_leak_in_steps_is_one_too() -> None:
    growing, first = played(lambda second: 200 * MB + second // 40 * 2 * MB, seconds=1800)
    assert first is not None
    assert newest(growing).per_s == pytest.approx(2 * MB / 40, rel=0.1)
    assert newest(growing).span_s <= 60 * 16


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(lambda _: 200 * MB, 1800, id="noise"),
        pytest.param(lambda second: 200 * MB - 0.2 * MB * second, 600, id="shrinks"),
        pytest.param(lambda second: 200 * MB + 60 * MB * (1 - 0.93**second), 900, id="warms-up"),
        pytest.param(lambda second: 200 * MB + 40 * MB * (second > 100), 900, id="one-step"),
        pytest.param(lambda second: 200 * MB + second % 20 * 2 * MB, 900, id="saw-of-a-collector"),
        pytest.param(lambda second: 4000 * MB + 0.01 * MB * second, 900, id="next-to-nothing"),
    ],
)
def test_what_is_no_leak_is_never_called_one(value: Callable[[int], float], seconds: int) -> None:
    _, first = played(value, seconds=seconds)
    assert first is None


def test_what_grows_with_the_load_is_not_called_a_leak() -> None:
    _, first = played(
        lambda second: 200 * MB + 1 * MB * second, seconds=300, load=lambda second: 10.0 + second
    )
    assert first is None


def test_growth_that_ends_is_no_leak_any_more() -> None:
    growing, first = played(lambda second: 200 * MB + 0.5 * MB * min(second, 300), seconds=2400)
    assert first is not None
    assert not newest(growing).is_leak


def test_a_restart_begins_anew() -> None:
    growing, _ = played(lambda second: 200 * MB + 1 * MB * second, seconds=120)
    growing.forget()
    assert growing.newest is None


def test_a_day_is_no_more_than_sixty_values() -> None:
    growing, _ = played(lambda second: 200 * MB, seconds=86_400)
    assert len(growing._kept) <= 60
