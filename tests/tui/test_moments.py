"""Moments of a run, as they are typed."""

import pytest

from vumeter.errors import UsageError
from vumeter.tui.moments import moment_s


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("90", 90),
        ("1m30s", 90),
        ("01:30", 90),
        ("1:20:00", 4_800),
        (" 72:00:00 ", 259_200),
        ("+5m", 400),
        ("-30s", 70),
        ("-1h", 0),
        ("start", 0),
        ("END", 500),
    ],
)
def test_a_moment_is_a_time_since_the_start_or_from_here(text: str, second: float) -> None:
    assert moment_s(text, now_s=100, end_s=500) == second


@pytest.mark.parametrize("text", ["", "soon", "1:60", "1:75:00", "+", "1:2:3:4", "--5s"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        moment_s(text, now_s=100, end_s=500)
