"""Notices: in words, for programs, and as docs/alerts.md describes them."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from vumeter.model.alert import AlertChange, AlertLevel
from vumeter.model.frame import EventLevel
from vumeter.model.verdict import AlertState
from vumeter.run.notices import Notice, environment_of, news_of, notice_of
from vumeter.testing.alerts import firing
from vumeter.thresholds.alerts import alert_rule, clearing_text
from vumeter.thresholds.presets import PRESETS, Preset
from vumeter.thresholds.watch import Change

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()

STATE = firing(level=AlertLevel.CRITICAL)
RULE = "http_req_duration: p(95) > 400ms over 10s"


@pytest.mark.parametrize(
    ("what", "observed", "text", "level", "label"),
    [
        (
            AlertChange.FIRED,
            512.3,
            f"slow fires (critical): {RULE} is 512ms",
            EventLevel.ERROR,
            "slow",
        ),
        (
            AlertChange.CLEARED,
            99.0,
            f"slow cleared after 9 s: {RULE} is 99ms",
            EventLevel.INFO,
            "slow ok",
        ),
        (
            AlertChange.ENDED,
            None,
            f"slow fired to the end of the run, 9 s: {RULE} was without data",
            EventLevel.INFO,
            "",
        ),
    ],
)
def test_what_the_log_says(
    what: AlertChange, observed: float | None, text: str, level: EventLevel, label: str
) -> None:
    at_s = 71.0 if what is AlertChange.FIRED else 80.0
    assert news_of(Change(what, replace(STATE, observed=observed), at_s)) == (text, level, label)


def notice(state: AlertState = STATE) -> Notice:
    change = Change(AlertChange.FIRED, state, 71.0)
    return notice_of(change, run="shop", target="http://127.0.0.1:8000", started_unix_ms=1000)


def test_a_command_finds_every_field_and_no_secret_in_its_environment() -> None:
    inherited = {
        "PATH": "/bin",
        "VUMETER_PG": "postgresql://ann:secret@127.0.0.1/shop",
        "TOKEN": "Bearer s3cr3t",
    }
    environment = environment_of(notice(replace(STATE, observed=None)), ["s3cr3t", ""], inherited)
    assert environment["PATH"] == "/bin"
    assert environment["VUMETER_EVENT"] == "fired"
    assert environment["VUMETER_OBSERVED"] == ""
    assert environment["VUMETER_LIMIT"] == "400.0"
    assert environment["VUMETER_AT_UNIX_MS"] == "72000"
    assert {name for name in environment if name != "PATH"} == {
        f"VUMETER_{field.upper()}" for field in Notice.__struct_fields__
    }


def test_hostile_names_do_nothing_to_a_terminal() -> None:
    hostile = replace(STATE, name="a\x1b[31m", metric="http_reqs{name:\x00\x07}")
    text = msgspec.json.encode(notice(hostile)).decode()
    assert not re.search(r"[\x00-\x1f]|\\u00", text)


def test_the_page_describes_every_field_and_its_example_is_a_notice() -> None:
    (table,) = re.findall(r"\| field \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE)
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == Notice.__struct_fields__
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert set(json.loads(example)) == set(Notice.__struct_fields__)
    assert msgspec.json.decode(example, type=Notice).event is AlertChange.FIRED


def test_the_page_shows_the_usual_alerts_as_they_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| `([^`]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert [row[:3] for row in rows] == [
        (alert.name, alert.level.value, f"{alert.metric}: {alert.expression}")
        for alert in PRESETS[Preset.USUAL]
    ]
    for (_, _, _, clears), alert in zip(rows, PRESETS[Preset.USUAL], strict=True):
        limit = re.search(r"[\d.]+ (?:ms|%)", clears)
        assert limit is not None
        assert limit[0].replace(" ", "") in clearing_text(alert_rule(alert))
        assert clears.endswith(f"for {alert.clear_after_s:g} s")
