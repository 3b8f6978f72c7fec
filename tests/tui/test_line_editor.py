"""Editing a line as readline's fingers expect."""

import pytest

from vumeter.tui.dialogs.line_editor import LineEditor


def edited(text: str, *keys: str) -> tuple[str, int]:
    editor = LineEditor()
    editor.replace(text)
    for key in keys:
        assert editor.press(key), key
    return editor.text, editor.cursor


@pytest.mark.parametrize(
    ("keys", "text", "cursor"),
    [
        (("backspace",), "vu 15", 5),
        (("left", "backspace"), "vu 10", 4),
        (("home", "delete"), "u 150", 0),
        (("home", "backspace"), "vu 150", 0),
        (("left", "left", "ctrl+u"), "50", 0),
        (("ctrl+w",), "vu ", 3),
        (("ctrl+w", "ctrl+w"), "", 0),
        (("ctrl+a", "right", "right", "ctrl+w"), " 150", 0),
        (("home", "end", "right"), "vu 150", 6),
    ],
)
def test_keys_edit_the_line(keys: tuple[str, ...], text: str, cursor: int) -> None:
    assert edited("vu 150", *keys) == (text, cursor)


def test_a_letter_is_no_editing_key() -> None:
    assert not LineEditor().press("p")


def test_a_pasted_line_break_is_a_blank_and_an_escape_is_dropped() -> None:
    editor = LineEditor()
    editor.insert("vu\n40\x1b[2J")
    assert editor.text == "vu 40[2J"


def test_up_and_down_walk_through_the_lines_before_and_back_to_the_draft() -> None:
    editor = LineEditor(past=["vu 10", "vu 20"])
    editor.insert("vu 3")
    seen = []
    for key in ("up", "up", "up", "down", "down", "down"):
        editor.press(key)
        seen.append(editor.text)
    assert seen == ["vu 20", "vu 10", "vu 10", "vu 20", "vu 3", "vu 3"]


def test_a_line_is_remembered_once() -> None:
    past: list[str] = []
    for _ in range(2):
        editor = LineEditor(past=past)
        editor.insert("vu 10")
        editor.remember()
    assert past == ["vu 10"]
