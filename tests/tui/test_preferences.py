"""What survives a run: looks, never targets, and never a crash over a damaged file."""

from pathlib import Path

import msgspec
import pytest

from vumeter.tui.arrangement import View
from vumeter.tui.history import Window
from vumeter.tui.preferences import Preferences, drawing_rate_hz, load, save


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    chosen = Preferences(
        view=View.DATABASE, window=Window.ALL.label, sort="p99", theme="vumeter-light", rate_hz=0.5
    )
    save(chosen, tmp_path / "new" / "cockpit.json")
    assert load(tmp_path / "new" / "cockpit.json") == chosen


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"view": "nowhere"}',
        b'{"window": 61}',
        b'{"window": "61m"}',
        b'{"view": 3}',
    ],
)
def test_a_damaged_file_is_one_with_the_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cockpit.json"
    path.write_bytes(content)
    assert load(path) == Preferences()


def test_a_drawing_rate_out_of_range_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    path.write_bytes(b'{"rate_hz": 1000, "view": "log"}')
    assert load(path) == Preferences(view=View.LOG)


def test_a_file_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save(Preferences(), tmp_path / "file" / "cockpit.json")


def test_no_target_is_ever_remembered() -> None:
    remembered = {field.name for field in msgspec.structs.fields(Preferences)}
    assert remembered == {
        *("view", "window", "series", "sort", "theme", "rate_hz", "is_local", "is_muted")
    }


@pytest.mark.parametrize(
    ("chosen_hz", "environment", "rate_hz"),
    [
        (None, {}, 2.0),
        (None, {"SSH_CONNECTION": "10.0.0.1 22 10.0.0.2 22"}, 1.0),
        (4.0, {"SSH_CONNECTION": "10.0.0.1 22 10.0.0.2 22"}, 4.0),
        (0.5, {}, 0.5),
    ],
)
def test_ssh_halves_the_drawing_rate_unless_one_was_chosen(
    chosen_hz: float | None, environment: dict[str, str], rate_hz: float
) -> None:
    assert drawing_rate_hz(Preferences(rate_hz=chosen_hz), environment) == rate_hz
