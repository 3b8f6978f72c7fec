"""Every number that the screen writes, in tables."""

import doctest
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.tui import format as formats
from vumeter.tui.format import (
    age_text,
    axis_text,
    bytes_per_s_text,
    bytes_text,
    change_text,
    clock_text,
    latency_text,
    number_text,
    percent_text,
    share_text,
    span_text,
    target_text,
)


def _table(function: Callable[..., str], *rows: tuple[object, str]) -> list[object]:
    return [
        pytest.param(function, value, text, id=f"{function.__name__}({value})")
        for value, text in rows
    ]


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        *_table(
            latency_text,
            (None, "–"),
            (0, "0"),
            (1, "0.001"),
            (412, "0.412"),
            (999, "0.999"),
            (1000, "1"),
            (1234, "1.23"),
            (9_994, "9.99"),
            (9_996, "10.0"),
            (88_412, "88.4"),
            (241_000, "241"),
            (999_499, "999"),
            (999_600, "1.00k"),
            (2_104_000, "2.10k"),
            (3_600_000_000, "3.60M"),
        ),
        *_table(
            number_text,
            (None, "–"),
            (0, "0"),
            (7, "7"),
            (0.04, "0.040"),
            (0.4, "0.40"),
            (4.5, "4.50"),
            (412.3, "412"),
            (999, "999"),
            (999.7, "1.00k"),
            (1234, "1.23k"),
            (65_536, "65.5k"),
            (999_999, "1.00M"),
            (1_230_000, "1.23M"),
            (4e9, "4.00G"),
            (-1500, "-1.50k"),
        ),
        *_table(
            target_text,
            (0, "0"),
            (2.5, "2.5"),
            (99.96, "100"),
            (150, "150"),
            (412.3, "412"),
            (1200, "1200"),
            (99_999, "99999"),
            (250_000, "250k"),
        ),
        *_table(
            axis_text,
            (1, ".001"),
            (300, ".3"),
            (1000, "1"),
            (300_000, "300"),
            (1_000_000, "1k"),
            (3_000_000, "3k"),
            (3_000_000_000, "3M"),
        ),
        *_table(
            percent_text,
            (None, "–"),
            (0, "0%"),
            (0.000_01, "<0.01%"),
            (0.0012, "0.12%"),
            (0.0999, "9.99%"),
            (0.123, "12.3%"),
            (0.9994, "99.9%"),
            (0.999_99, "99.9%"),
            (1, "100%"),
        ),
        *_table(share_text, (None, "–"), (61.4, "61%"), (0.2, "0%"), (250.0, "250%")),
        *_table(bytes_text, (0, "0B"), (512, "512B"), (999.6, "1.00k"), (7.7e9, "7.70G")),
        *_table(bytes_per_s_text, (0, "0B/s"), (900, "900B/s"), (41e6, "41.0MB/s")),
        *_table(
            clock_text,
            (-3, "00:00:00"),
            (6127.9, "01:42:07"),
            (86_399, "23:59:59"),
            (172_861, "2d 00:01:01"),
        ),
        *_table(
            span_text,
            (0, "0s"),
            (0.25, "250ms"),
            (8.4, "8s"),
            (59.7, "1m"),
            (95, "1m35s"),
            (120, "2m"),
            (3720, "1h02m"),
            (7200, "2h"),
            (90_000, "1d01h"),
            (172_800, "2d"),
        ),
        *_table(
            age_text, (-0.2, "0.0s"), (0.42, "0.4s"), (9.94, "9.9s"), (12.3, "12s"), (130, "2m10s")
        ),
    ],
)
def test_each_number_reads_as_in_this_table(
    function: Callable[[object], str], value: object, text: str
) -> None:
    assert function(value) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (112, 100, "+12%"),
        (90, 100, "-10%"),
        (100, 100, "0%"),
        (900, 10, "×90"),
        (100, None, ""),
        (None, 100, ""),
        (100, 0, ""),
    ],
)
def test_a_change_is_said_in_percent_and_beyond_tenfold_as_a_factor(
    now: float | None, before: float | None, text: str
) -> None:
    assert change_text(now, before) == text


@settings(deadline=None)
@given(st.floats(min_value=1e-7, max_value=1, exclude_max=True))
def test_a_part_never_reads_as_none_or_all(ratio: float) -> None:
    assert percent_text(ratio) not in ("0%", "100%", "0.00%", "100.0%")


@settings(deadline=None)
@given(st.floats(min_value=1, max_value=3.6e9))
def test_a_latency_reads_back_within_half_a_percent(us: float) -> None:
    # Three significant digits: half a unit of the third is at most 0.5 %.
    text = latency_text(us)
    factor = {"k": 1e3, "M": 1e6}.get(text[-1], 1.0)
    read_us = float(text.rstrip("kM")) * factor * 1000
    # Below 1 ms the third decimal is a whole µs.
    assert abs(read_us - us) <= max(0.005 * us, 0.5) * 1.001


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1e14, allow_subnormal=False))
def test_a_number_takes_at_most_five_cells(value: float) -> None:
    assert len(number_text(value)) <= 5


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(formats).failed == 0
