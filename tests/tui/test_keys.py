"""The table of keys, and a user's own."""

import re
from pathlib import Path

import pytest

from vumeter.tui.keymap import KeymapError, load
from vumeter.tui.keys import KEYS, help_rows, key_line

# SCREEN.md's table: what is printed on each key. R (record) and h (heatmap) come later.
TABLE = ("+", "=", *"-][b:", "space", *"pfSXmuU123456z/<>,.dq!?yTaBtnwlscxv{}")

NAMES = {
    "plus": "+", "equals_sign": "=", "minus": "-", "right_square_bracket": "]",
    "left_square_bracket": "[", "colon": ":", "slash": "/", "less_than_sign": "<",
    "greater_than_sign": ">", "comma": ",", "full_stop": ".", "exclamation_mark": "!",
    "question_mark": "?", "left_curly_bracket": "{", "right_curly_bracket": "}",
}  # fmt: skip


def bound() -> list[str]:
    return [NAMES.get(name, name) for key in KEYS for name in key.keys.split(",")]


def test_every_key_of_the_table_is_bound_once() -> None:
    assert [key for key in TABLE if bound().count(key) != 1] == []


def test_keys_of_later_versions_are_not_bound_yet() -> None:
    assert "h" not in bound()


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = [key.id for key in KEYS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", each) for each in ids)


def test_the_help_has_every_cap() -> None:
    caps = " ".join(row.caps for _, rows in help_rows() for row in rows).split()
    shown = set(caps) | {str(number) for number in range(1, 7)} | {"PgUp", "PgDn", "Home", "End"}
    assert {key.cap.split()[0] for key in KEYS} <= shown


def test_the_page_about_the_cockpit_has_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cockpit.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"`([^`\s]+)`", page)) | set("123456")
    names = [{"^p": "ctrl+p", "^l": "ctrl+l", "^z": "ctrl+z", "spc": "space"}.get(cap, cap)
             for key in KEYS for cap in key.cap.split()]  # fmt: skip
    assert [name for name in names if name not in shown] == []


def test_the_help_fits_two_columns_of_eighty() -> None:
    assert max(len(row.text) for _, rows in help_rows() for row in rows) <= 33


def test_the_key_line_begins_with_the_throttle() -> None:
    assert key_line()[0] == ("+/-", "step")


def test_a_users_own_key_stands_in_the_help() -> None:
    caps = [row.caps for _, rows in help_rows({"load.pause": "P"}) for row in rows]
    assert "P" in caps and "p" not in caps


def test_without_a_file_there_are_no_own_keys(tmp_path: Path) -> None:
    assert load(tmp_path / "keys.toml") == {}


def test_own_keys_are_read_by_id(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('[keys]\n"load.pause" = "P"\n')
    assert load(path) == {"load.pause": "P"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[keys]\n"load.puase" = "P"\n', 'Did you mean "load.pause"?'),
        ('[keys]\n"load.pause" = 3\n', "is not a key"),
        ("[keys", "keys.toml"),
    ],
)
def test_own_keys_that_cannot_be_meant_are_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(content)
    with pytest.raises(KeymapError) as caught:
        load(path)
    assert words in str(caught.value)
