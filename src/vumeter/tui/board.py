"""
The cockpit's panels in their places, and the frame shown on those that are to be seen.

Over 400 lines: a few of them for each panel, which know nothing of each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from textual.app import ComposeResult
from textual.events import Key as KeyEvent
from textual.events import Resize
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from vumeter.model.explanation import Question
from vumeter.model.frame import Frame
from vumeter.model.spike import SpikeHead
from vumeter.model.throttle import Lever
from vumeter.tui.arrangement import MANY_ENDPOINTS, Part, Place, View, arrange
from vumeter.tui.columns import Span
from vumeter.tui.databases import database_names, of_database
from vumeter.tui.dialogs.flame_panel import FlamePanel
from vumeter.tui.dialogs.help_panel import HelpPanel
from vumeter.tui.dialogs.notice_line import NoticeLine
from vumeter.tui.dialogs.prompt_bar import PromptBar
from vumeter.tui.dialogs.question_bar import QuestionBar
from vumeter.tui.dialogs.series_picker import SeriesPicker
from vumeter.tui.dialogs.spike_list import SpikeList
from vumeter.tui.dialogs.why_panel import WhyPanel
from vumeter.tui.history import History
from vumeter.tui.keys import KEYS, Key, key_line
from vumeter.tui.sight import Sight, span_in
from vumeter.tui.terminal import Look
from vumeter.tui.widgets.axis import GUTTER
from vumeter.tui.widgets.database_panel import DatabasePanel
from vumeter.tui.widgets.endpoint_table import EndpointTable
from vumeter.tui.widgets.error_panel import ErrorPanel
from vumeter.tui.widgets.event_log import EventLog
from vumeter.tui.widgets.header_row import HeaderRow
from vumeter.tui.widgets.host_panel import HostPanel
from vumeter.tui.widgets.key_line import KeyLine
from vumeter.tui.widgets.latency_chart import LatencyChart
from vumeter.tui.widgets.metric_panel import MetricPanel
from vumeter.tui.widgets.night_panel import NightPanel
from vumeter.tui.widgets.panel import Panel
from vumeter.tui.widgets.past_bar import PastBar
from vumeter.tui.widgets.pilot_row import PilotRow
from vumeter.tui.widgets.plan_row import PlanRow
from vumeter.tui.widgets.postgres_panel import PostgresPanel
from vumeter.tui.widgets.rps_chart import RpsChart
from vumeter.tui.widgets.series_chart import SeriesChart
from vumeter.tui.widgets.slowest_panel import SlowestPanel
from vumeter.tui.widgets.status_row import StatusRow
from vumeter.tui.widgets.throttle_panel import ThrottlePanel
from vumeter.tui.widgets.throttle_row import ThrottleRow
from vumeter.tui.widgets.tiny_digest import TinyDigest
from vumeter.tui.widgets.wait_chart import WaitChart
from vumeter.tui.widgets.watched_panel import WatchedPanel


class Bar(StrEnum):
    """What stands in the last rows. The values are the widgets' ids."""

    KEYS = "keys"
    NOTICE = "notice"
    PAST = "past"
    PROMPT = "prompt"
    QUESTION = "question"

    @property
    def rows(self) -> int:
        """How many rows it would like."""
        return {Bar.PROMPT: 2, Bar.QUESTION: 2, Bar.PAST: 3}.get(self, 1)


class Sheet(StrEnum):
    """What stands in the place of the body, and takes every key. The values are widgets' ids."""

    HELP = "help"
    PICKER = "picker"
    WHY = "why"
    SPIKES = "spikes"
    FLAMES = "flames"


class Taker(Protocol):
    """A panel that takes every key while it is open."""

    def take(self, event: KeyEvent) -> None:
        """Take a key."""

    def take_text(self, text: str) -> None:
        """Take what was pasted."""


class _Arrangement(Layout):
    """Textual's side of `arrangement.arrange`."""

    name = "board"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Return where each child stands; those without a place are not drawn."""
        assert isinstance(parent, Board)
        places = parent.places(size)
        return [
            WidgetPlacement(Region(*places[child.id]), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in places
        ]


class Board(Widget):
    """Every panel, once. A view is a matter of which of them have a place."""

    # Textual asks for its lines at each drawing, though no cell of them is ever seen.
    BLANK = True

    def __init__(self, history: History, keys: Sequence[Key] = KEYS) -> None:
        super().__init__(id="board")
        self._keys = keys
        self._frame: Frame | None = None
        self._view = View.LOAD
        self._is_zoomed = False
        self._bar = Bar.KEYS
        self._sheet: Sheet | None = None
        self._sight = Sight()
        self._database = ""
        self._history = history
        self.header = HeaderRow(id=Part.HEADER)
        self.throttles = ThrottleRow(id=Part.THROTTLES)
        self.status = StatusRow(id=Part.STATUS)
        self.plan = PlanRow(history, id=Part.PLAN)
        self.pilot = PilotRow(id=Part.PILOT)
        self.latency = LatencyChart(history, id=Part.LATENCY)
        self.series = SeriesChart(history, id=Part.SERIES)
        self.rps = RpsChart(history, id=Part.RPS)
        self.errors = ErrorPanel(id=Part.ERRORS)
        self.throttle_panel = ThrottlePanel(id=Part.THROTTLE_PANEL)
        self.endpoints = EndpointTable(id=Part.ENDPOINTS)
        self.slowest = SlowestPanel(id=Part.SLOWEST)
        self.metrics = MetricPanel(id=Part.METRICS)
        self.host = HostPanel(id=Part.HOST)
        self.watched = WatchedPanel(id=Part.WATCHED)
        self.postgres = PostgresPanel(id=Part.POSTGRES)
        self.waits = WaitChart(history, id=Part.WAITS)
        self.database = DatabasePanel(id=Part.DATABASE)
        self.event_log = EventLog(id=Part.EVENTS)
        self.night = NightPanel(history, id=Part.NIGHT)
        self.digest = TinyDigest(id=Part.DIGEST)
        self.key_line = KeyLine(id=Bar.KEYS)
        self.notice = NoticeLine(id=Bar.NOTICE)
        self.past = PastBar(history, id=Bar.PAST)
        self.prompt = PromptBar(id=Bar.PROMPT, on_close=self._settle)
        self.question = QuestionBar(id=Bar.QUESTION, on_close=self._settle)
        self.help_panel = HelpPanel(keys, id=Sheet.HELP, on_close=self.close_sheet)
        self.spikes = SpikeList(id=Sheet.SPIKES, on_close=self.close_sheet)
        self.flames = FlamePanel(id=Sheet.FLAMES, on_close=self.close_sheet)
        self.why = WhyPanel(id=Sheet.WHY, on_close=self.close_sheet)
        self.picker = SeriesPicker(id=Sheet.PICKER, on_close=self.close_sheet)
        self._arrangement = _Arrangement()

    @property
    def layout(self) -> Layout:
        """Textual's way to ask where the children stand."""
        return self._arrangement

    @property
    def panels(self) -> Sequence[Panel]:
        """All panels, in the order in which they were made."""
        return tuple(child for child in self.children if isinstance(child, Panel))

    @property
    def frame(self) -> Frame | None:
        """What is shown; `None` before the first."""
        return self._frame

    @property
    def view(self) -> View:
        """What is looked at."""
        return self._view

    @property
    def is_zoomed(self) -> bool:
        """Whether the view's subject stands alone."""
        return self._is_zoomed

    @property
    def taker(self) -> Taker | None:
        """Who takes every key at this moment; `None`: the keys mean what the key line says."""
        if self.prompt.is_open:
            return self.prompt
        if self.question.is_open:
            return self.question
        sheets: dict[Sheet, Taker] = {
            Sheet.HELP: self.help_panel,
            Sheet.PICKER: self.picker,
            Sheet.WHY: self.why,
            Sheet.SPIKES: self.spikes,
            Sheet.FLAMES: self.flames,
        }
        return sheets[self._sheet] if self._sheet else None

    def compose(self) -> ComposeResult:
        """Yield every panel; the arrangement decides which are seen."""
        yield from (self.header, self.throttles, self.status, self.plan, self.latency, self.rps)
        yield self.pilot
        yield from (self.throttle_panel, self.errors, self.endpoints, self.host, self.postgres)
        yield from (
            self.slowest,
            self.metrics,
            self.waits,
            self.database,
            self.event_log,
            self.digest,
            self.key_line,
            self.notice,
            self.night,
            self.past,
            self.prompt,
            self.question,
        )
        yield from (self.watched, self.series, self.help_panel, self.picker, self.why, self.spikes)
        yield self.flames

    def on_mount(self) -> None:
        """Write the key line, which never changes."""
        self.key_line.show(key_line(self._keys))

    def on_resize(self, _event: Resize) -> None:
        """Show the frame on panels that have a place now and had none before."""
        if self._frame is not None:
            self._show_on(self._placed())

    def places(self, size: Size) -> dict[str, Place]:
        """Return the place of each widget that has one, by its id."""
        parts = arrange(
            self._view,
            width=size.width,
            height=size.height,
            is_zoomed=self._is_zoomed,
            bar_rows=self._bar.rows,
            helps=self._sheet is not None,
            endpoints=len(self._frame.endpoints) if self._frame else MANY_ENDPOINTS,
            metrics=len(self._frame.metrics) if self._frame else 0,
            has_series=bool(self._history.series.name),
            has_watched=bool(self._frame and self._frame.watched),
            has_pilot=bool(self._frame and self._frame.pilot),
        )
        ids = {Part.BAR: self._bar, Part.HELP: self._sheet or Part.HELP}
        return {ids.get(part, part): place for part, place in parts.items()}

    def show(self, frame: Frame) -> None:
        """Show *frame* on every panel that can be seen."""
        known = _rows_of(self._frame) if self._frame else None
        self._frame = frame
        self.waits.gather(frame)
        if _rows_of(frame) != known:
            self._rearrange()
        # These two gather something from every frame, seen or not.
        gathering: tuple[Part, ...] = (Part.EVENTS, Part.ENDPOINTS)
        self._show_on((*gathering, *self._placed()))

    def look_at(self, view: View, *, is_zoomed: bool) -> None:
        """Turn to *view*; zoomed, its subject alone."""
        self._view, self._is_zoomed = view, is_zoomed
        self._rearrange()

    @property
    def shown_database(self) -> str:
        """The name of the database that its view shows; empty: the first."""
        return self._database

    def turn_database(self) -> str:
        """Let the view of the database show the next one, and return its name."""
        names = database_names(self._frame) if self._frame else [""]
        at = names.index(self._database) if self._database in names else -1
        self._database = names[(at + 1) % len(names)]
        self.waits.database = self.database.database = self._database
        if self._frame is not None:
            self._show_on(self._placed())
        return self._database

    def set_bar(self, bar: Bar) -> None:
        """Put *bar* into the last rows."""
        if bar is not self._bar:
            self._bar = bar
            self._rearrange()

    def open_help(self, keymap: Mapping[str, str]) -> None:
        """Show the keys in the place of the body."""
        self._open(Sheet.HELP)
        self.help_panel.show(keymap)

    def open_picker(
        self, values: Mapping[str, float], *, chosen: str, done: Callable[[str], None]
    ) -> None:
        """Offer these series in the place of the body; *done* is told the one chosen."""
        self._open(Sheet.PICKER)
        self.picker.open(values, chosen=chosen, done=done)

    @property
    def is_picking(self) -> bool:
        """Whether series are offered."""
        return self._sheet is Sheet.PICKER

    def open_why(self, *, ask: Callable[[Question], None], choose: Callable[[str], None]) -> None:
        """Show, in the place of the body, that it is looked for what explains slow seconds."""
        self._open(Sheet.WHY)
        self.why.open(ask=ask, choose=choose)

    def open_spikes(self, heads: Sequence[SpikeHead], *, choose: Callable[[int], None]) -> None:
        """Offer these moments in the place of the body; *choose* is told the id of one."""
        self._open(Sheet.SPIKES)
        self.spikes.open(heads, choose=choose)

    @property
    def shows_flames(self) -> bool:
        """Whether flame graphs are looked at."""
        return self._sheet is Sheet.FLAMES

    def open_flames(
        self, *, take: Callable[[], None] | None, choose: Callable[[int], None]
    ) -> None:
        """Show flame graphs in the place of the body; *choose* is told the id of another one."""
        self._open(Sheet.FLAMES)
        self.flames.open(take=take, choose=choose)

    def close_sheet(self) -> None:
        """Show the body again."""
        self._sheet = None
        self._rearrange()

    def show_series(self) -> None:
        """Give the series that was chosen its place, or take it away."""
        self._rearrange()
        self.show_time()

    def _open(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rearrange()

    @property
    def sight(self) -> Sight:
        """What the charts look at."""
        return self._sight

    @property
    def time_columns(self) -> int:
        """How many columns the chart has that the cursor is moved on."""
        places = self.places(self.size)
        chart = places.get(Part.LATENCY) or places.get(Part.RPS)
        return max(1, (chart.width if chart else self.size.width) - GUTTER)

    @property
    def time_span(self) -> Span:
        """What that chart shows."""
        newest = max(self._frame.second, 0) if self._frame else 0
        return span_in(self._sight, self._history, columns=self.time_columns, newest_second=newest)

    def set_sight(self, sight: Sight) -> None:
        """Let every chart look there."""
        self._sight = sight
        self.past.columns = self.time_columns
        for chart in (self.latency, self.rps, self.past, self.series, self.waits):
            chart.sight = sight
        if not (self.prompt.is_open or self.question.is_open):
            self._settle()

    def show_time(self) -> None:
        """Draw anew what shows the history: it knows more than a moment ago."""
        for panel in (self.latency, self.series, self.rps, self.waits, self.past, self.night):
            panel.repaint()

    def set_active(self, lever: tuple[str, Lever] | None) -> None:
        """Show which lever the keys move."""
        self.throttles.active = self.throttle_panel.active = self.digest.active = lever

    def set_age(self, age_s: float) -> None:
        """Say how old the frame is that is shown."""
        self.header.age_s = self.digest.age_s = age_s

    def set_viewer(self, name: str) -> None:
        """Say who looks, so that one's own control looks different from another's."""
        self.header.viewer = self.digest.viewer = name

    def set_replay(self, words: str) -> None:
        """Say that a stored run is played, and how."""
        self.header.replay = self.digest.replay = words

    def set_frozen(self, is_frozen: bool) -> None:
        """Say whether the display stands still."""
        self.header.frozen = self.digest.frozen = is_frozen

    def set_look(self, look: Look) -> None:
        """Draw every panel anew with *look*."""
        for panel in self.panels:
            panel.look = look

    def set_notice(self, words: str, advice: str) -> None:
        """Say *words* in the place of the key line; empty: nothing is to be said."""
        self.notice.words, self.notice.advice = words, advice
        self.past.words = words
        if not (self.prompt.is_open or self.question.is_open):
            self._settle()

    def _settle(self) -> None:
        if not self._sight.follows:
            self.set_bar(Bar.PAST)
        else:
            self.set_bar(Bar.NOTICE if self.notice.words else Bar.KEYS)

    def _rearrange(self) -> None:
        """Have the parts placed anew, and those shown that had no place before."""
        # Asked of a child: Textual forgets the old places of a widget's parents, not its own.
        self.header.refresh(layout=True)
        if self._frame is not None:
            self._show_on(self._placed())

    def _placed(self) -> Iterable[str]:
        """Return the ids of what has a place, having divided what stands side by side."""
        places = self.places(self.size)
        for panel in (self.errors, self.throttle_panel, self.watched, self.postgres):
            if panel.id in places:
                panel.divided = places[panel.id].x > 0
        return places

    def show_selected(self) -> None:
        """Show what there is of the endpoint that is selected now."""
        self.slowest.endpoint = self.endpoints.selected_name

    def _show_slowest(self, frame: Frame) -> None:
        self.show_selected()
        self.slowest.show(frame)

    def _show_on(self, ids: Iterable[str]) -> None:
        frame = self._frame
        assert frame is not None, "only called once there is a frame"
        shows: dict[str, Callable[[Frame], None]] = {
            Part.HEADER: self.header.show,
            Part.THROTTLES: self.throttles.show,
            Part.STATUS: self.status.show,
            Part.PLAN: self.plan.show,
            Part.PILOT: self.pilot.show,
            Part.LATENCY: self.latency.show,
            Part.SERIES: self.series.show,
            Part.RPS: self.rps.show,
            Part.ERRORS: self.errors.show,
            Part.THROTTLE_PANEL: self.throttle_panel.show,
            Part.ENDPOINTS: self.endpoints.show,
            Part.SLOWEST: self._show_slowest,
            Part.METRICS: self.metrics.show,
            Part.HOST: self.host.show,
            Part.WATCHED: self.watched.show,
            Part.POSTGRES: self.postgres.show,
            Part.WAITS: lambda frame: self.waits.show(of_database(frame, self._database)),
            Part.DATABASE: lambda frame: self.database.show(of_database(frame, self._database)),
            Part.EVENTS: self.event_log.show,
            Part.NIGHT: self.night.show,
            Bar.PAST: self.past.show,
            Part.DIGEST: self.digest.show,
        }
        for each in dict.fromkeys(ids):
            if each in shows:
                shows[each](frame)


def _rows_of(frame: Frame) -> tuple[int, ...]:
    """Return how many rows *frame* has for panels whose place depends on that."""
    has_pilot = frame.pilot is not None
    return len(frame.endpoints), len(frame.metrics), len(frame.watched), has_pilot
