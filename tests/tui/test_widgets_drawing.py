"""Widgets on a screen: drawn only where something changed, at any size, in any look."""

import functools
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vumeter.model.frame import Frame
from vumeter.model.throttle import Lever
from vumeter.testing.story import story
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.history import History, Window
from vumeter.tui.sight import Sight
from vumeter.tui.terminal import DEFAULT_LOOK, ColourDepth, Look, Terminal, look_for
from vumeter.tui.widgets.endpoint_table import EndpointTable
from vumeter.tui.widgets.error_panel import ErrorPanel
from vumeter.tui.widgets.event_log import EventLog
from vumeter.tui.widgets.header_row import HeaderRow
from vumeter.tui.widgets.host_panel import HostPanel
from vumeter.tui.widgets.key_line import KeyLine
from vumeter.tui.widgets.latency_chart import LatencyChart
from vumeter.tui.widgets.line import to_strip
from vumeter.tui.widgets.panel import Panel
from vumeter.tui.widgets.plan_row import PlanRow
from vumeter.tui.widgets.postgres_panel import PostgresPanel
from vumeter.tui.widgets.rps_chart import RpsChart
from vumeter.tui.widgets.status_row import StatusRow
from vumeter.tui.widgets.throttle_panel import ThrottlePanel
from vumeter.tui.widgets.throttle_row import ThrottleRow
from vumeter.tui.widgets.tiny_digest import TinyDigest

_KEYS = (("+/-", "VU"), ("spc", "hold"), ("q", "leave"))


@functools.cache
def _frames() -> tuple[Frame, ...]:
    return story().frames


@functools.cache
def _history() -> History:
    history = History()
    for frame in _frames():
        history.add(frame.points)
        history.add_events(frame.events)
    return history


def _panels(frame: Frame | None, look: Look) -> list[Panel]:
    """Return one of each panel, showing *frame*."""
    shown = [
        kind(look=look)
        for kind in (
            HeaderRow,
            ThrottleRow,
            StatusRow,
            ErrorPanel,
            EndpointTable,
            HostPanel,
            PostgresPanel,
            EventLog,
            ThrottlePanel,
            TinyDigest,
        )
    ]
    charts = [kind(_history(), look=look) for kind in (LatencyChart, RpsChart, PlanRow)]
    keys = KeyLine(look=look)
    keys.show(_KEYS)
    for panel in (*shown, *charts):
        if isinstance(panel, ThrottleRow | ThrottlePanel | TinyDigest):
            panel.active = ("shop", Lever.VUS)
        if isinstance(panel, LatencyChart | RpsChart):
            panel.sight = Sight(window=Window.ALL)
        if frame is not None:
            panel.show(frame)
    return [*shown, *charts, keys]


_LOOKS = {
    f"{glyphs} {depth}": look_for(Terminal(depth=depth, glyphs=glyphs))
    for glyphs, depth in (
        (GlyphSet.BRAILLE, ColourDepth.FULL),
        (GlyphSet.BRAILLE, ColourDepth.NONE),
        (GlyphSet.BLOCK, ColourDepth.ANSI),
        (GlyphSet.ASCII, ColourDepth.NONE),
    )
}
_SIZES = ((1, 1), (7, 2), (26, 3), (39, 3), (60, 6), (80, 24), (200, 50))


@pytest.mark.slow
@pytest.mark.parametrize("second", [None, -1, 30, 116, 179])
@pytest.mark.parametrize("look", _LOOKS.values(), ids=_LOOKS)
def test_every_panel_fits_every_size_in_every_look(look: Look, second: int | None) -> None:
    frame = None if second is None else _frames()[second + 1]
    for panel in _panels(frame, look):
        for width, height in _SIZES:
            for line in panel.compose_lines(width, height):
                text = line.crop_to(width).text
                assert text.isprintable(), (type(panel), width, height)
                if look.is_ascii:
                    assert text.isascii(), (type(panel), text)


def test_without_colour_not_one_strip_has_any() -> None:
    look = _LOOKS["braille none"]
    for panel in _panels(_frames()[117], look):
        for line in panel.compose_lines(100, 12):
            strip = to_strip(line.spans, line.width, look)
            for segment in strip:
                assert segment.style is not None
                assert segment.style.color is None
                assert segment.style.bgcolor is None


class _Stage(App[None]):
    """One panel on a screen, which keeps count of the lines that are asked for."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        self.drawn: list[int] = []
        ask = panel.render_line

        def counted(y: int) -> Strip:
            self.drawn.append(y)
            return ask(y)

        panel.render_line = counted  # type: ignore[method-assign]

    def compose(self) -> ComposeResult:
        yield self._panel


def _screen(app: App[None]) -> Sequence[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_only_the_lines_that_changed_are_drawn_again() -> None:
    table = EndpointTable()
    table.styles.height = 6
    app = _Stage(table)
    async with app.run_test(size=(80, 10)) as pilot:
        frame = _frames()[117]
        table.show(frame)
        await pilot.pause()
        app.drawn.clear()
        first, second, *rest = frame.endpoints
        slower = replace(second, window=replace(second.window, requests_per_s=1.0))
        table.show(replace(frame, endpoints=(first, slower, *rest)))
        await pilot.pause()
        assert app.drawn == [2]


class _Pair(App[None]):
    """Two panels, one above the other."""

    def __init__(self, *panels: Panel) -> None:
        super().__init__()
        self._panels = panels

    def compose(self) -> ComposeResult:
        for panel in self._panels:
            panel.styles.height = 4
            yield panel


async def test_a_panel_is_not_rendered_because_another_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header, table = HeaderRow(), EndpointTable()
    rendered: list[Widget] = []
    render = StylesCache.render_widget

    def noted(cache: StylesCache, widget: Widget, crop: Region) -> list[Strip]:
        rendered.append(widget)
        return render(cache, widget, crop)

    app = _Pair(header, table)
    async with app.run_test(size=(80, 10)) as pilot:
        for panel in (header, table):
            panel.show(_frames()[117])
        await pilot.pause()
        monkeypatch.setattr(StylesCache, "render_widget", noted)
        header.age_s = 7.0
        await pilot.pause()
        assert [panel for panel in rendered if isinstance(panel, Panel)] == [header]
        assert "STALE 7.0s" in _screen(app)[0]
        assert "GET /quotes" in _screen(app)[5]


@pytest.mark.slow
async def test_a_frame_that_says_the_same_draws_nothing() -> None:
    for panel in _panels(_frames()[117], DEFAULT_LOOK)[:10]:
        app = _Stage(panel)
        async with app.run_test(size=(80, 12)) as pilot:
            await pilot.pause()
            app.drawn.clear()
            panel.show(_frames()[117])  # type: ignore[attr-defined]
            await pilot.pause()
            assert app.drawn == [], type(panel)


@pytest.mark.slow
async def test_a_panel_follows_the_size_of_its_screen() -> None:
    panel = LatencyChart(_history())
    panel.sight = Sight(window=Window.ALL)
    app = _Stage(panel)
    async with app.run_test(size=(80, 12)) as pilot:
        panel.show(_frames()[150])
        for width, height in ((120, 30), (30, 5), (8, 1), (80, 12)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            texts = _screen(app)
            assert len(texts) == height
            assert all(len(text) <= width for text in texts)
            assert texts[0].startswith("─ lat")


async def test_what_comes_while_a_panel_is_hidden_is_there_when_it_is_shown() -> None:
    panel = StatusRow()
    panel.styles.height = 1
    app = _Stage(panel)
    async with app.run_test(size=(80, 4)) as pilot:
        panel.show(_frames()[1])
        await pilot.pause()
        panel.display = False
        await pilot.pause()
        panel.show(_frames()[117])
        panel.display = True
        await pilot.pause()
        assert "DB ! lock" in _screen(app)[0]


async def test_another_look_takes_effect_at_once() -> None:
    panel = HostPanel()
    app = _Stage(panel)
    async with app.run_test(size=(60, 6)) as pilot:
        panel.show(_frames()[117])
        await pilot.pause()
        panel.look = _LOOKS["ascii none"]
        await pilot.pause()
        assert all(text.isascii() for text in _screen(app))


async def test_a_divided_panel_draws_the_line_to_its_neighbour() -> None:
    panel = ErrorPanel(divided=True)
    app = _Stage(panel)
    async with app.run_test(size=(40, 3)) as pilot:
        panel.show(_frames()[117])
        await pilot.pause()
        assert [text[0] for text in _screen(app)] == ["┬", "│", "│"]
        panel.divided = False
        await pilot.pause()
        assert [text[0] for text in _screen(app)] == ["─", " ", " "]
