"""The keys that act on the screen alone: views, windows, order, themes, copies, help."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TypedDict

from textual.app import SystemCommand
from textual.screen import Screen

from vumeter.model.explanation import Question
from vumeter.model.throttle import CommandKind
from vumeter.tui.arrangement import View
from vumeter.tui.copying import copied_path, screen_text
from vumeter.tui.deck import Deck
from vumeter.tui.dialogs.prompt_bar import Preview, Prompt
from vumeter.tui.dialogs.question_bar import Answer
from vumeter.tui.dialogs.question_bar import Question as BarQuestion
from vumeter.tui.history import COARSE_S, History, Window
from vumeter.tui.keys import KEYS, PLAN_DEEDS
from vumeter.tui.night import night_of
from vumeter.tui.preferences import RATES_HZ
from vumeter.tui.sight import Sight, moved, pointed, widened
from vumeter.tui.terminal import PALETTES
from vumeter.tui.wait_track import WaitTrack
from vumeter.tui.widgets.endpoint_table import SortKey

AROUND_S = 60
"""Before and after the cursor: what is to be explained there."""


class Time(TypedDict):
    """What a cursor in time is moved on."""

    history: History
    columns: int


class Looking(Deck):
    """The operator's actions on the screen."""

    def action_view(self, name: str) -> None:
        """Turn to the view of that name; where the database is looked at, to its next page."""
        if self.board.view is View.DATABASE and View(name) is View.DATABASE:
            self.board.database.turn()
            return
        self.board.look_at(View(name), is_zoomed=False)
        self.remember(view=View(name))
        self.want_past()

    def action_next_database(self) -> None:
        """Show the next database, where several are watched."""
        if self.board.frame is None or not self.board.frame.postgres_more:
            self.say("One database is watched; more go into monitors.postgres_more of a profile.")
            return
        self.board.look_at(View.DATABASE, is_zoomed=self.board.is_zoomed)
        self.say(f"database {self.board.turn_database() or 'of monitors.postgres'}")

    def action_zoom(self) -> None:
        """Show nothing but the view's subject, or its companions again."""
        self.board.look_at(self.board.view, is_zoomed=not self.board.is_zoomed)

    def action_window(self, direction: int) -> None:
        """Let the charts look back for less or for more."""
        windows = list(Window)
        at = windows.index(self.board.sight.window) + direction
        window = windows[min(max(at, 0), len(windows) - 1)]
        self.look(widened(self.board.sight, window, **self._time))
        self.remember(window=window.label)
        self.say(f"charts: {window.label}")

    def action_past(self) -> None:
        """Put the cursor on the newest second, or go back to the present."""
        if self.board.sight.follows:
            self.action_travel(0)
        else:
            self.action_now()

    def action_now(self) -> None:
        """Let the charts follow the present again, and close the snapshot that is open."""
        if self.spike is not None:
            self.spike = None
            self.board.set_frozen(self._is_frozen)
            self.board.past.is_whole = False
            self.hear_anew()
        self.look(replace(self.board.sight, cursor_second=None))

    def action_travel(self, columns: int) -> None:
        """Move the cursor by so many columns of the chart."""
        self.look(moved(self.board.sight, columns, **self._time))

    def action_travel_page(self, pages: int) -> None:
        """Move the cursor by what the chart shows at once."""
        self.action_travel(pages * self.board.time_columns)

    def action_travel_to(self, second: int) -> None:
        """Put the cursor on that second; what lies behind the newest is the newest."""
        self.look(pointed(self.board.sight, second, **self._time))

    def action_travel_end(self) -> None:
        """Put the cursor on the newest second."""
        self.action_travel_to(self.session.history.newest_second)

    def action_travel_event(self, direction: int) -> None:
        """Put the cursor on the event before or after where it stands."""
        history = self.session.history
        at = self.board.sight.cursor_second
        here = history.newest_second + 1 if at is None else at
        seconds = sorted(int(event.second) for event in history.happenings)
        beyond = [second for second in seconds if (second - here) * direction > 0]
        if beyond:
            self.action_travel_to(beyond[0] if direction > 0 else beyond[-1])
        else:
            self.say("No event after this one." if direction > 0 else "No event before this one.")

    def action_travel_worst(self) -> None:
        """Put the cursor on the slowest minute of the run."""
        slowest = night_of(self.session.history).slowest
        if slowest is None:
            self.say("Nothing was answered yet.")
        else:
            if self.board.view is View.NIGHT:
                self.action_view(View.LOAD)
            self.action_travel_to(slowest.first_second)

    async def action_series(self) -> None:
        """Ask which series is to stand under the latency chart, and show it."""
        if not self.session.can_ask():
            return
        values = await self.session.series_now()
        self.board.open_picker(
            values, chosen=self.session.history.series.name, done=self.choose_series
        )

    def freshen(self) -> None:
        """Have the newest shown in the list of series, and of flame graphs, while that is open."""
        if self.board.shows_flames:
            self._look_for_flames()
        if self.board.is_picking:
            self.run_worker(self._offer(), name="cockpit-picker", exclusive=True, group="picker")

    async def _offer(self) -> None:
        values = await self.session.series_now()
        if values and self.board.is_picking:
            self.board.picker.show(values)

    def choose_series(self, name: str) -> None:
        """Let the series *name* stand under the latency chart from now on; empty: none."""
        self.session.choose_series(name)
        self.board.show_series()
        self.want_past()
        self.remember(series=name)

    async def action_take_spike(self) -> None:
        """Have this moment kept whole."""
        if self.session.can_ask():
            await self.session.take_spike()

    async def action_spikes(self) -> None:
        """Ask which of the moments that were kept whole is to be shown."""
        if self.session.can_ask():
            self.board.open_spikes(await self.session.spikes(), choose=self._open_spike)

    def _open_spike(self, number: int) -> None:
        self.run_worker(
            self._show_spike(number), name="cockpit-spike", exclusive=True, group="spike"
        )

    async def _show_spike(self, number: int) -> None:
        spike = await self.session.spike(number)
        if spike is not None:
            self.spike = spike
            self.board.set_frozen(True)
            self.board.past.is_whole = True
            self.action_travel_to(spike.second)
            self.board.show(spike.frame)

    def action_flames(self) -> None:
        """Show the flame graphs that were taken; where there is none, ask whether to take one."""
        if self.session.can_ask():
            take = None if self._watches else self._ask_for_flame
            self.board.open_flames(take=take, choose=self._open_flame)
            self._look_for_flames(is_new=True)

    def _ask_for_flame(self) -> None:
        take = Answer(text="take one", act=partial(self.send, self.hand.plain(CommandKind.PROFILE)))
        self.confirm(
            BarQuestion(
                text="Let py-spy read for 10 s, 100 times a second, what the target executes?",
                answers={"y": take},
            )
        )

    def _open_flame(self, number: int) -> None:
        self.run_worker(
            self._show_flame(number), name="cockpit-flame", exclusive=True, group="flame"
        )

    async def _show_flame(self, number: int) -> None:
        flame = await self.session.flame(number)
        if flame is not None and self.board.shows_flames:
            self.board.flames.show(flame)

    def _look_for_flames(self, *, is_new: bool = False) -> None:
        self.run_worker(
            self._find_flames(is_new=is_new), name="cockpit-flames", exclusive=True, group="flames"
        )

    async def _find_flames(self, *, is_new: bool) -> None:
        """Show which flame graphs there are by now, and the newest if it was not there before."""
        found = await self.session.flames()
        if found is None or not self.board.shows_flames:
            return
        before = self.board.flames.flames
        self.board.flames.show_state(found)
        if found.kept and (is_new or found.kept[-1:] != before.kept[-1:]):
            await self._show_flame(found.kept[-1].id)
        elif is_new and not (found.at_work or self._watches):
            self._ask_for_flame()

    def action_why(self) -> None:
        """Ask what may explain the seconds that the charts show, or those around the cursor."""
        if self.session.history.newest_second < 0:
            self.say("Nothing to explain yet: no second is over.")
            return
        if not self.session.can_ask():
            return
        self.board.open_why(ask=self._ask_why, choose=self.choose_series)
        self._ask_why(Question.LATENCY)

    def _ask_why(self, question: Question) -> None:
        self.run_worker(self._find_out(question), name="cockpit-why", exclusive=True, group="why")

    async def _find_out(self, question: Question) -> None:
        self.board.why.show(await self.session.why(question, *self._looked_at))

    @property
    def _looked_at(self) -> tuple[int, int]:
        """The seconds that are in question: from the first up to and without the last."""
        newest, at = self.session.history.newest_second, self.board.sight.cursor_second
        if at is not None:
            return max(0, at - AROUND_S), min(newest + 1, at + AROUND_S)
        span = self.board.time_span
        return span.first_second, min(newest + 1, span.end_second)

    def action_clock(self) -> None:
        """Let the time axis show local time, or run time."""
        is_local = not self.board.sight.is_local
        self.look(replace(self.board.sight, is_local=is_local))
        self.remember(is_local=is_local)
        self.say("time axis: local time" if is_local else "time axis: run time")

    def look(self, sight: Sight) -> None:
        """Let the charts look there, and have fetched what is not known of it."""
        self.board.set_sight(sight)
        self.want_past()

    def want_past(self) -> None:
        """Have fetched what the screen lacks of the past."""
        if self.board.view is View.NIGHT:
            history = self.session.history
            self.session.want(0, history.newest_second + 1, span_s=COARSE_S)
        elif (span := self.board.time_span).columns:
            self.session.want(span.first_second, span.end_second, span_s=span.wanted_s)
        if self.board.view is View.DATABASE and self.is_running:
            self._want_waits()
        if self.session.is_asked_alone and self.is_running:
            self.run_worker(
                self.session.trace(), name="cockpit-trace", exclusive=True, group="trace"
            )

    def _want_waits(self) -> None:
        """Have fetched what the database's chart lacks: frames are of the present only."""
        span, track = self.board.time_span, self.board.waits.track
        newest = self.session.history.newest_second
        wish = track.wish(span.first_second, min(span.end_second, newest))
        if wish is not None:
            self.run_worker(self._fetch_waits(track, *wish), name="cockpit-waits", group="waits")

    async def _fetch_waits(self, track: WaitTrack, from_second: int, to_second: int) -> None:
        found = await self.session.waits(self.board.shown_database, from_second, to_second)
        if found is None:
            track.ask_anew()
        elif found:
            track.fill(found)
            self.board.waits.repaint()

    @property
    def _time(self) -> Time:
        return {"history": self.session.history, "columns": self.board.time_columns}

    def action_sort(self, direction: int) -> None:
        """Sort the endpoints by the next column."""
        keys = list(SortKey)
        table = self.board.endpoints
        table.sort = keys[(keys.index(table.sort) + direction) % len(keys)]
        self.remember(sort=table.sort.value)

    def action_select(self, rows: int) -> None:
        """Move the selection of endpoints or of the database's rows, or scroll the night's page."""
        if self.board.view is View.DATABASE:
            self.board.database.select(rows)
            return
        if self.board.view is View.NIGHT:
            self.board.night.scroll_lines(rows)
            return
        table = self.board.endpoints
        table.selected = min(max(table.selected + rows, 0), max(table.row_count - 1, 0))
        self.board.show_selected()

    def action_filter(self) -> None:
        """Ask which endpoints to show."""
        self.ask(
            Prompt(
                label="/",
                preview=self._matching,
                done=self._filter,
                text=self.board.endpoints.filter_text,
            )
        )

    def _matching(self, text: str) -> Preview:
        endpoints = self.board.frame.endpoints if self.board.frame else ()
        wanted = text.strip().casefold()
        count = sum(wanted in endpoint.name.casefold() for endpoint in endpoints)
        return Preview(text=f"{count} of {len(endpoints)} endpoints contain this", is_ready=True)

    def _filter(self, text: str) -> None:
        self.board.endpoints.selected = 0
        self.board.endpoints.filter_text = text.strip()

    def action_freeze(self) -> None:
        """Freeze the display, or show the present again."""
        self._is_frozen = not self._is_frozen
        self.board.set_frozen(self._is_frozen)
        self.hear()

    def action_mute(self) -> None:
        """Mute the bell, or let it ring again."""
        is_muted = not self._preferences.is_muted
        self.remember(is_muted=is_muted)
        self.say("The bell is mute." if is_muted else "The bell rings when an alert fires.")

    def action_copy_screen(self) -> None:
        """Copy what is shown: to the terminal's clipboard, and into a file where that fails."""
        text = screen_text(self.board)
        self.copy_to_clipboard(text)
        path = copied_path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self.say(f"Copied; no file was written: {error.strerror}.")
        else:
            self.say(f"Copied; also in {path}")

    def action_redraw(self) -> None:
        """Draw everything anew, where something else has written on the terminal."""
        self.refresh()

    def action_help(self) -> None:
        """Show every key."""
        self.board.open_help(self._own_keys)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield what the palette offers: every key's action, the themes and the drawing rates."""
        for key in self.keys:
            if key.id != "screen.palette" and key.action != "refuse":
                yield SystemCommand(
                    key.title,
                    f"{key.cap}   {key.id}",
                    partial(self.call_later, self.run_action, key.action),
                )
        for title, line, action in PLAN_DEEDS if self.keys is KEYS else ():
            yield SystemCommand(title, line, partial(self.call_later, self.run_action, action))
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", "colours", partial(self.choose_theme, name))
        for rate_hz in RATES_HZ:
            yield SystemCommand(
                f"Draw {rate_hz:g} times a second",
                "less is kinder to slow links",
                partial(self._choose_rate, rate_hz),
            )

    def choose_theme(self, name: str) -> None:
        """Put on the theme of that name, from now on."""
        self.put_on(name)
        self.remember(theme=name)

    def _choose_rate(self, rate_hz: float) -> None:
        self.draw_often(rate_hz)
        self.remember(rate_hz=rate_hz)
