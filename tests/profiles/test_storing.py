"""`[store]`, and the flags that say the same."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.cli.storing import storing
from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.model.retention import Retention
from vumeter.profiles.storing import retention_of, retention_written
from vumeter.units import parse_duration_s, parse_size_bytes

PROFILE = """
target = "http://127.0.0.1:1"
scenarios.main.steps = ["/"]
"""


def test_without_a_word_seconds_are_kept_for_an_hour_and_tens_for_six(
    loaded: Callable[..., Plan],
) -> None:
    assert loaded(PROFILE).retention == Retention(seconds_s=3_600, tens_s=21_600)


def test_a_profile_says_for_how_long_and_how_much(loaded: Callable[..., Plan]) -> None:
    plan = loaded(f'{PROFILE}\n[store]\nkeep_seconds = "90m"\nkeep_tens = "2d"\nmax_size = "1.5GB"')
    assert plan.retention == Retention(seconds_s=5_400, tens_s=172_800, most_bytes=1_500_000_000)


def test_a_flag_goes_before_the_profile(loaded: Callable[..., Plan]) -> None:
    plan = loaded(f'{PROFILE}\n[store]\nkeep_seconds = "90m"')
    assert storing(plan, None, "8h", "20MB").retention == Retention(
        seconds_s=5_400, tens_s=28_800, most_bytes=20_000_000
    )
    assert storing(plan, None, None, None) == plan


@pytest.mark.parametrize(
    ("table", "words"),
    [
        pytest.param('keep_seconds = "10s"', "is too short", id="too-short"),
        pytest.param('keep_seconds = "12h"', "and seconds for longer: 12h", id="tens-before"),
        pytest.param('max_size = "9MB"', "less than 10 MB", id="too-small"),
        pytest.param("max_size = 9", "9 is not a size", id="no-unit"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(
    complaint: Callable[..., str], table: str, words: str
) -> None:
    said = complaint(f"{PROFILE}\n[store]\n{table}")
    assert words in said
    assert "p.toml:" in said


def test_flags_that_cannot_be_meant_are_named(loaded: Callable[..., Plan]) -> None:
    with pytest.raises(UsageError, match="--max-store"):
        storing(loaded(PROFILE), None, None, "much")
    with pytest.raises(UsageError, match="--keep-tens"):
        storing(loaded(PROFILE), None, "long", None)


@given(st.integers(60, 10**6), st.integers(0, 10**6), st.integers(10**7, 10**12))
def test_what_is_written_out_is_read_again(seconds_s: int, more_s: int, most_bytes: int) -> None:
    retention = Retention(seconds_s=seconds_s, tens_s=seconds_s + more_s, most_bytes=most_bytes)
    written = retention_written(retention)
    table = written.get("store", {})
    assert isinstance(table, dict)
    if table:
        assert retention == retention_of(
            parse_duration_s(table["keep_seconds"]),
            parse_duration_s(table["keep_tens"]),
            parse_size_bytes(table["max_size"]),
        )
    else:
        assert retention == Retention()
