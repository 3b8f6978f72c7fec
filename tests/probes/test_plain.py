"""Hostile text made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.probes.plain import plain_text


@given(text=st.text(), limit=st.integers(min_value=1, max_value=40))
def test_nothing_that_moves_a_cursor_or_hides_text_is_left(text: str, limit: int) -> None:
    shown = plain_text(text, limit=limit)
    assert len(shown) <= limit
    assert all(
        unicodedata.category(character)[0] != "C" or character == "�"
        for character in shown
        if unicodedata.category(character) != "Cn"
    )
    assert shown.isprintable() or any(unicodedata.category(c) == "Cn" for c in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b]0;owned\x07", "�]0;owned�", id="title of the terminal"),
        pytest.param("a\x9b31mb", "a�31mb", id="C1 control"),
        pytest.param("SELECT\n\t1\r\n  FROM x", "SELECT 1 FROM x", id="white space"),
        pytest.param("a\u202eb\u2066c\u200bd", "a�b�c�d", id="direction and width"),
        pytest.param("[red]ü 東京[/red]", "[red]ü 東京[/red]", id="markup and letters stay"),
        pytest.param("abcdefghijk", "abcdefghi…", id="cut"),
        pytest.param(
            "ALTER ROLE x PASSWORD 'se''cret' y", "ALTER ROLE x PASSWORD '***' y", id="password"
        ),
        pytest.param("SET PASSWORD  E'op\\'en", "SET PASSWORD '***'", id="password without an end"),
    ],
)
def test_a_text_is_shown_on_one_line(text: str, shown: str) -> None:
    assert plain_text(text, limit=10 if len(shown) == 10 and "…" in shown else 120) == shown
