"""What is watched beside host and database, as it reads."""

import pytest
from msgspec.structs import replace

from vumeter.model.watched import Watched, WatchedKind, WatchedState
from vumeter.testing.story import story
from vumeter.tui.terminal import DEFAULT_LOOK
from vumeter.tui.widgets.status_row import status_line
from vumeter.tui.widgets.watched_panel import watched_lines

API = Watched(
    name="api",
    kind=WatchedKind.PROCESS,
    state=WatchedState.UP,
    title="pid 811 uvicorn shop:app",
    series={
        "cpu_percent": 123.0,
        "cpu_limit_cores": 1.5,
        "throttled_percent": 34.0,
        "rss_bytes": 214e6,
        "rss_growth_bytes_per_s": 10,
        "descriptors_of_fullest": 1000,
        "descriptor_limit": 1024,
        "threads": 12,
    },
)
LEAK = replace(
    API,
    remark="memory grows by 10.2MB/min",
    series={**API.series, "rss_growth_bytes_per_s": 170_000, "memory_limit_in_s": 1752},
)
JOBS = Watched(
    name="jobs", kind=WatchedKind.PROCESS, state=WatchedState.DOWN, remark="nobody listens → wait"
)
HOSTILE = "\x1b[2J\u202e[bold]\x00"


def texts(*watched: Watched, width: int = 80, height: int = 10) -> list[str]:
    lines = watched_lines(watched, width=width, height=height, look=DEFAULT_LOOK)
    assert all(line.width <= width for line in lines)
    assert len(lines) <= height
    return [line.text.rstrip() for line in lines]


def test_a_process_reads_like_this() -> None:
    assert texts(API)[1:] == [
        " ✓ api    process pid 811 uvicorn shop:app",
        "   cpu 123% of 150%  throttled 34%  mem 214M  fd 1.00k/1.02k  thr 12",
    ]


def test_a_leak_says_how_fast_and_how_long() -> None:
    assert texts(LEAK)[1:] == [
        " ! api    process pid 811 uvicorn shop:app",
        "   cpu 123% of 150%  throttled 34%  mem 214M  +10.2M/min  full in 29m12s",
        "   memory grows by 10.2MB/min",
    ]


def test_what_is_down_says_what_to_do_and_the_title_counts() -> None:
    lines = texts(API, JOBS)
    assert lines[0].startswith("─ watched  1 of 2 down ─")
    assert lines[-2:] == [" ✗ jobs   process", "   nobody listens → wait"]


def test_where_room_is_short_each_has_one_line_and_the_rest_is_counted() -> None:
    assert texts(API, JOBS, height=3)[1:] == [
        " ✓ api    cpu 123% of 150%  throttled 34%  mem 214M  fd 1.00k/1.02k  thr 12",
        " ✗ jobs   nobody listens → wait",
    ]
    assert texts(API, API, API, JOBS, height=3)[0].endswith(" +2 more ─")


def test_without_anything_it_says_how_to_watch() -> None:
    assert "[[monitors.process]]" in texts()[1]


def test_hostile_texts_stay_texts() -> None:
    shown = "\n".join(texts(replace(LEAK, title=HOSTILE, remark=HOSTILE, name="x" * 40)))
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("watched", "light"),
    [
        pytest.param(API, "", id="well"),
        pytest.param(LEAK, "api ! full in 29m12s", id="leak"),
        pytest.param(JOBS, "jobs ✗ down", id="down"),
    ],
)
def test_the_status_row_has_a_light_for_what_ails(watched: Watched, light: str) -> None:
    frame = replace(story(20).frames[-1], watched=(watched,))
    text = status_line(frame, width=160, look=DEFAULT_LOOK).text
    assert light in text
    assert (watched.name in text) is bool(light)
