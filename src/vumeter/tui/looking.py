"""The keys that act on the screen alone: views, windows, order, themes, copies, help."""

from collections.abc import Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from vumeter.tui.arrangement import View
from vumeter.tui.copying import copied_path, screen_text
from vumeter.tui.deck import Deck
from vumeter.tui.dialogs.prompt_bar import Preview, Prompt
from vumeter.tui.history import Window
from vumeter.tui.keys import KEYS, PLAN_DEEDS
from vumeter.tui.preferences import RATES_HZ
from vumeter.tui.terminal import PALETTES
from vumeter.tui.widgets.endpoint_table import SortKey


class Looking(Deck):
    """The operator's actions on the screen."""

    def action_view(self, name: str) -> None:
        """Turn to the view of that name."""
        self.board.look_at(View(name), is_zoomed=False)
        self.remember(view=View(name))

    def action_zoom(self) -> None:
        """Show nothing but the view's subject, or its companions again."""
        self.board.look_at(self.board.view, is_zoomed=not self.board.is_zoomed)

    def action_window(self, direction: int) -> None:
        """Let the charts look back for less or for more."""
        windows = list(Window)
        at = windows.index(self._preferences.look_back) + direction
        window = windows[min(max(at, 0), len(windows) - 1)]
        self.board.set_window(window)
        self.remember(window=window.label)
        self.say(f"charts: {window.label}")

    def action_sort(self, direction: int) -> None:
        """Sort the endpoints by the next column."""
        keys = list(SortKey)
        table = self.board.endpoints
        table.sort = keys[(keys.index(table.sort) + direction) % len(keys)]
        self.remember(sort=table.sort.value)

    def action_select(self, rows: int) -> None:
        """Move the endpoint table's selection."""
        table = self.board.endpoints
        table.selected = min(max(table.selected + rows, 0), max(table.row_count - 1, 0))

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
        for key in KEYS:
            if key.id != "screen.palette":
                yield SystemCommand(
                    key.title,
                    f"{key.cap}   {key.id}",
                    partial(self.call_later, self.run_action, key.action),
                )
        for title, line, action in PLAN_DEEDS:
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
