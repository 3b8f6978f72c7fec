"""Numbers as people read them."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.report import numbers


def test_the_examples_in_the_docstrings_are_true() -> None:
    outcome = doctest.testmod(numbers)

    assert outcome.attempted >= 8
    assert outcome.failed == 0


@given(number=st.floats(0, 1e14))
def test_compact_numbers_take_five_characters_at_most(number: float) -> None:
    assert len(numbers.compact(number)) <= 5


@given(us=st.integers(0, 4_000_000_000))
def test_a_duration_fits_its_cell(us: int) -> None:
    assert len(numbers.duration_text(us)) <= 6


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "0µs"),
        (999, "999µs"),
        (1_000, "1.00ms"),
        (9_994, "9.99ms"),
        (9_996, "10.0ms"),
        (99_960, "100ms"),
        (999_499, "999ms"),
        (999_500, "1.00s"),
        (3_600_000_000, "3600s"),
    ],
)
def test_a_duration_keeps_three_digits_across_its_units(us: int, text: str) -> None:
    assert numbers.duration_text(us) == text


@given(ratio=st.floats(1e-12, 1))
def test_a_share_that_is_not_zero_is_not_shown_as_zero(ratio: float) -> None:
    assert numbers.ratio_text(ratio) != "0.00%"
