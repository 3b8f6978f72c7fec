"""Text from outside, made safe to print."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.stats.plaintext import cells, fitted, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("GET /cart?id=7", "GET /cart?id=7", id="harmless"),
        pytest.param("\x1b[2J\x1b]0;own\x07", "�[2J�]0;own�", id="escape sequences"),
        pytest.param("a\x9b31m", "a�31m", id="the one-character form of an escape"),
        pytest.param("one\r\ntwo\tthree", "one  two three", id="line breaks and tabs"),
        pytest.param("evil\u202egnp.exe", "evil�gnp.exe", id="writing turned round"),
        pytest.param("a\u200bb\ufeffc", "a�b�c", id="nothing to see"),
        pytest.param("\udcff", "�", id="bytes that were no text"),
        pytest.param("Grüße → 東京", "Grüße → 東京", id="other languages"),
    ],
)
def test_only_what_can_be_read_is_left(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(text=st.text(st.characters(), max_size=50))
def test_plain_text_has_no_control_format_or_surrogate_character(text: str) -> None:
    assert not [each for each in plain(text) if unicodedata.category(each).startswith(("C", "Zl"))]
    plain(text).encode()


@given(text=st.text(st.characters(), max_size=50), width=st.integers(1, 60))
def test_fitted_text_takes_its_columns_and_not_one_more_or_less(text: str, width: int) -> None:
    assert cells(fitted(text, width)) == width


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert cells("東京") == 4
    assert cells("e\u0301") == 1
    assert fitted("東京タワー", 5) == "東京…"


def test_half_of_a_wide_character_is_not_shown() -> None:
    assert fitted("東京タワー", 4) == "東… "
