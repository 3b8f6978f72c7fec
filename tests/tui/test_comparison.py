"""A run beside its baseline on the screen: lights, changes and what each sign says."""

import doctest
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.comparison import Comparison, Judgement, Line, Metric
from vumeter.model.frame import Endpoint, Frame
from vumeter.testing.feed import Recording
from vumeter.testing.story import story
from vumeter.tui import comparison_words
from vumeter.tui.comparison_words import delta_text, headline
from vumeter.tui.terminal import DEFAULT_LOOK, Ink
from vumeter.tui.widgets.endpoint_table import SortKey, arranged, endpoint_line
from vumeter.tui.widgets.status_row import status_line

Fly = Callable[..., AbstractAsyncContextManager[Any]]

USUAL = {Metric.P50: 50.0, Metric.P95: 100.0, Metric.P99: 200.0, Metric.RATE: 40.0}


def line(
    metric: Metric,
    change: float,
    verdict: Judgement,
    *,
    name: str = "",
    is_tested: bool = True,
) -> Line:
    a = USUAL.get(metric, 0.01)
    return Line(
        name=name,
        metric=metric,
        a=a,
        b=a + change if metric is Metric.ERRORS else a * (1 + change),
        change=change,
        low=change - 0.01 if is_tested else None,
        high=change + 0.01 if is_tested else None,
        p=0.001 if is_tested else None,
        allowed=0.05,
        verdict=verdict,
    )


def beside(*lines: Line, **more: Any) -> Comparison:
    return Comparison(
        a="baseline main",
        b="shop",
        lines=lines,
        is_paired=True,
        window_s=1,
        windows=(40, 40),
        remarks=(),
        **more,
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (line(Metric.P95, 0.3, Judgement.WORSE), "+30%✗"),
        (line(Metric.P95, -0.12, Judgement.BETTER), "-12%✓"),
        (line(Metric.P95, 0.01, Judgement.SAME), "+1%="),
        (line(Metric.P95, 0.08, Judgement.UNCLEAR), "+8%?"),
        (line(Metric.P95, 0.3, Judgement.WORSE, is_tested=False), "+30%…"),
        (line(Metric.P95, 0.02, Judgement.UNTESTED, is_tested=False), "+2%…"),
        (line(Metric.RATE, -0.25, Judgement.WORSE), "-25%✗"),
        (line(Metric.ERRORS, 0.012, Judgement.WORSE), "+1.2✗"),
        (line(Metric.ERRORS, 0.0, Judgement.SAME), "0="),
        (None, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_has_the_sign_of_what_is_to_be_thought_of_it(
    found: Line | None, text: str
) -> None:
    assert delta_text(found, DEFAULT_LOOK)[0] == text


@pytest.mark.parametrize(
    ("it", "words", "ink"),
    [
        (beside(line(Metric.P95, 0.12, Judgement.WORSE)), "p95 +12%✗", Ink.BAD),
        (
            beside(
                line(Metric.P95, 0.01, Judgement.SAME),
                line(Metric.P50, 0.2, Judgement.WORSE, name="GET /a"),
            ),
            "p95 +1%= 1 worse",
            Ink.BAD,
        ),
        (beside(line(Metric.P95, 0.0, Judgement.SAME)), "p95 0%=", Ink.TEXT),
        (
            beside(line(Metric.P95, 0.3, Judgement.WORSE, is_tested=False)),
            "p95 +30%… not enough yet",
            Ink.DIM,
        ),
        (beside(), "– nothing to compare", Ink.DIM),
    ],
)
def test_the_light_says_how_p95_stands_and_what_else_is_worse(
    it: Comparison, words: str, ink: Ink
) -> None:
    assert headline(it, DEFAULT_LOOK) == (words, ink)


@pytest.fixture
def compared() -> Callable[[Frame], Frame]:
    """A frame beside a baseline: the first endpoint slower, the last one new, another one gone."""

    def change(frame: Frame) -> Frame:
        if not frame.endpoints:
            return frame
        first, *_, last = frame.endpoints
        lines = [
            line(metric, 0.38, Judgement.WORSE, name=name)
            for name in ("", first.name)
            for metric in (Metric.P50, Metric.P95)
        ]
        it = beside(*lines, only_a=("GET /gone",), only_b=(last.name,))
        return replace(frame, comparison=it)

    return change


def row(endpoint: Endpoint, frame: Frame, width: int) -> str:
    shown = endpoint_line(
        endpoint,
        width=width,
        look=DEFAULT_LOOK,
        is_selected=False,
        past_p95s_us=(),
        comparison=frame.comparison,
    )
    assert shown.width <= width
    return shown.text


@pytest.mark.parametrize(("width", "deltas"), [(58, 1), (80, 1), (120, 2), (160, 2)])
def test_the_table_has_changes_beside_the_baseline_as_far_as_there_is_room(
    compared: Callable[[Frame], Frame], width: int, deltas: int
) -> None:
    frame = compared(story().frames[-1])
    first, *_, last = frame.endpoints
    assert row(first, frame, width).count("+38%✗") == deltas
    assert "new" in row(last, frame, width)


def test_sorted_by_change_what_rose_most_beside_the_baseline_comes_first(
    compared: Callable[[Frame], Frame],
) -> None:
    frame = compared(story().frames[-1])
    shuffled = tuple(reversed(frame.endpoints))
    ordered = arranged(shuffled, sort=SortKey.CHANGE, comparison=frame.comparison)
    assert ordered[0].name == frame.endpoints[0].name


def test_without_a_baseline_nothing_of_it_is_on_the_screen() -> None:
    frame = story().frames[-1]
    assert " vs " not in status_line(frame, width=200, look=DEFAULT_LOOK).text


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_cockpit_says_how_the_run_stands_beside_its_baseline(
    fly: Fly, compared: Callable[[Frame], Frame], size: tuple[int, int]
) -> None:
    told = story()
    held = Recording(hello=told.hello, frames=tuple(map(compared, told.frames)))
    async with fly(recording=held, size=size) as flight:
        await flight.sees("vs main p95 +38%✗")
        await flight.press("3")
        await flight.sees("so far vs main")
        await flight.sees("+38%✗")
        await flight.sees("GET /gone  only in main")


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert not doctest.testmod(comparison_words).failed
