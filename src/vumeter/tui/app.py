"""The cockpit: draws what its session knows, and sends what the operator asks for."""

import os
import select
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from textual.app import App, ComposeResult, SystemCommand
from textual.events import Event, Key, Paste
from textual.screen import Screen

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import VumeterError
from vumeter.model.frame import Frame
from vumeter.model.throttle import Command, CommandKind, Outcome
from vumeter.tui import keymap
from vumeter.tui import preferences as remembered
from vumeter.tui.arrangement import View
from vumeter.tui.board import Bar, Board
from vumeter.tui.copying import copied_path, screen_text
from vumeter.tui.dialogs.prompt_bar import Preview, Prompt
from vumeter.tui.dialogs.question_bar import Answer, Question
from vumeter.tui.feed import Departure, Dial
from vumeter.tui.format import age_text
from vumeter.tui.hand import Hand
from vumeter.tui.history import Window
from vumeter.tui.keys import KEYS
from vumeter.tui.prompt import Intent, Refusal, intended, read
from vumeter.tui.session import LinkState, Session
from vumeter.tui.signals import leaving_on_signals
from vumeter.tui.terminal import DEFAULT_THEME, PALETTES, ColourDepth, Terminal, detect, look_for
from vumeter.tui.widgets.endpoint_table import SortKey

TOAST_S = 4.0


class Cockpit(App[Departure]):
    """
    One viewer's screen on one run.

    Args:
        dial: Opens a link to the run. Called once the screen has been drawn, not before.
        viewer: Who is looking; commands are journalled under this name.
        watches: Never ask for the control.
        path: Where preferences are kept; `None`: nowhere.
        environ: What the terminal says of itself.
        clock: The reader of time.
    """

    CSS_PATH = ["widgets.tcss", "app.tcss"]  # noqa: RUF012 - Textual's own class variable
    BINDINGS = [key.binding() for key in KEYS]  # noqa: RUF012 - Textual's own class variable
    TITLE = "vumeter"
    AUTO_FOCUS = None

    def __init__(
        self,
        dial: Dial,
        *,
        viewer: str,
        watches: bool = False,
        path: Path | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: NsClock = monotonic_ns,
    ) -> None:
        terminal = detect(environ, encoding=sys.stdout.encoding or "ascii")
        super().__init__(ansi_color=terminal.depth is not ColourDepth.FULL)
        self.animation_level = "none"
        self.session = Session(dial, on_change=self._hear, on_outcome=self._answer, clock=clock)
        self._clock = clock
        self.board = Board(self.session.history)
        self.hand = Hand(viewer)
        self.refusal: VumeterError | None = None
        """Why there never was a link; the app has left because of it."""
        self._watches = watches
        self._terminal: Terminal = terminal
        self._path = path
        self._preferences = remembered.load(path) if path else remembered.Preferences()
        self._period_ns = round(
            NANOSECONDS_PER_S / remembered.drawing_rate_hz(self._preferences, dict(environ))
        )
        self._drawn: Frame | None = None
        self._drawn_ns = 0
        self._shown_heard_ns = self.session.heard_ns
        self._is_frozen = False
        self._is_zoomed = False
        self._leaves_at_end = False
        self._past_lines: list[str] = []
        self._own_keys: dict[str, str] = {}

    # Life

    def run(self, *, mouse: bool = False, **options: Any) -> Departure | None:
        """
        Show the run until the operator leaves, and return how that came.

        Without the mouse, unless asked: the terminal's own selection goes on working.

        Raises:
            RuntimeError: A bug ended the cockpit; its traceback has been shown.
        """
        with leaving_on_signals(self.leave_soon):
            departure = super().run(mouse=mouse, **options)
        if self.return_code:
            raise RuntimeError("The cockpit broke down, as shown above. The run goes on.")
        return departure

    def compose(self) -> ComposeResult:
        """Yield the board, which has everything."""
        yield self.board

    def on_mount(self) -> None:
        """Put on what was remembered, then call the run."""
        for palette in PALETTES.values():
            self.register_theme(palette.theme())
        wanted = self._preferences.theme
        self._put_on(wanted if wanted in PALETTES else DEFAULT_THEME)
        self.board.header.viewer = self.hand.author
        self.board.look_at(self._preferences.view, is_zoomed=False)
        self.board.set_window(self._preferences.look_back)
        if self._preferences.sort in {key.value for key in SortKey}:
            self.board.endpoints.sort = SortKey(self._preferences.sort)
        self._load_keymap()
        self._timer = self.set_interval(self._period_ns / NANOSECONDS_PER_S, self._tick)
        self.call_after_refresh(self._call)

    def _call(self) -> None:
        """Call the run, now that there is something to look at meanwhile."""
        self.run_worker(self._attend(), name="cockpit-session")

    async def _attend(self) -> None:
        """Stay with the run; leave when it was never there."""
        try:
            await self.session.run()
        except VumeterError as error:
            self.refusal = error
            self.exit(Departure.LOST)

    def _load_keymap(self) -> None:
        try:
            self._own_keys = keymap.load(keymap.default_path()) if self._path else {}
        except keymap.KeymapError as error:
            self._say(str(error), severity="warning")
        self.set_keymap(self._own_keys)

    # Keys

    async def on_event(self, event: Event) -> None:
        """Give keys and pastes to what is open before anything else sees them."""
        taker = None if self._has_dialog else self.board.taker
        if taker is not None and isinstance(event, Key) and event.key != "ctrl+q":
            taker.take(event)
        elif taker is not None and isinstance(event, Paste):
            taker.take_text(event.text)
        else:
            await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key act on the run while it is typed into the palette."""
        return not self._has_dialog or action not in _ACTIONS

    @property
    def _has_dialog(self) -> bool:
        """Whether a screen of Textual's own, the palette, lies over the board."""
        return len(self.screen_stack) > 1

    # Drawing

    def _hear(self) -> None:
        """Something is new: draw it now if the last drawing is long enough ago."""
        if self._clock() - self._drawn_ns >= self._period_ns:
            self._tick()

    def _tick(self) -> None:
        """Draw the newest frame unless it is drawn already, and how old the drawn one is."""
        if not self.is_running or not self._terminal_reads():
            return
        self._note_link()
        frame = self.session.frame
        if frame is not None and frame is not self._drawn and not self._is_frozen:
            self._draw(frame)
        has_news = self.session.state is not LinkState.ENDED or self._is_frozen
        age_ns = self._clock() - self._shown_heard_ns if has_news else 0
        self.board.header.age_s = age_ns / NANOSECONDS_PER_S

    def _draw(self, frame: Frame) -> None:
        lever = self.hand.lever(frame)
        self.board.set_active((lever.scenario, lever.lever) if lever else None)
        self.board.show(frame)
        self._drawn, self._drawn_ns = frame, self._clock()
        self._shown_heard_ns = self.session.heard_ns

    def _terminal_reads(self) -> bool:
        """
        Return whether the terminal takes what is written; else the frame is skipped.

        Textual queues some thirty writes and then stands still until the terminal reads.
        """
        if self.is_headless or sys.__stderr__ is None:
            return True
        _, writable, _ = select.select([], [sys.__stderr__.fileno()], [], 0)
        return bool(writable)

    def _note_link(self) -> None:
        """Say in the last row what state the link is in, and leave if that was the plan."""
        state = self.session.state
        waited = age_text((self._clock() - self.session.heard_ns) / NANOSECONDS_PER_S)
        if state is LinkState.ENDED and self._leaves_at_end:
            self.exit(Departure.STOPPED)
        elif state is LinkState.ENDED:
            self.board.set_notice("RUN ENDED", "q leaves   1-6 views   y copies the screen")
        elif state is LinkState.LOST:
            self.board.set_notice(f"LINK LOST {waited}", "the run may go on; calling it   q leaves")
        elif state is LinkState.GONE:
            self.board.set_notice("RUN GONE", f"silent for {waited}; vumeter ps lists   q leaves")
        elif self._is_frozen:
            self.board.set_notice("DISPLAY FROZEN", "the load goes on   f shows the present")
        elif self._leaves_at_end:
            self.board.set_notice("STOPPING", "leaving when the run has ended   d leaves now")
        else:
            self.board.set_notice("", "")

    # Commands

    def _send(self, command: Command | None) -> None:
        if command is None:
            self._say("Nothing to move yet: the run has not answered.", severity="warning")
        else:
            self.session.send(command)

    def _answer(self, _command: Command | None, outcome: Outcome) -> None:
        self._say(outcome.message, severity="information" if outcome.accepted else "warning")

    def _say(self, text: str, *, severity: str = "information") -> None:
        """Show the result of one's own action; the newest replaces the one before."""
        self.clear_notifications()
        self.notify(
            text,
            severity="warning" if severity == "warning" else "information",
            timeout=TOAST_S,
            markup=False,
        )

    def action_step(self, steps: int) -> None:
        """Move the active lever by so many steps."""
        frame = self.session.frame
        command = self.hand.step(frame, steps) if frame else None
        if command is None:
            self._send(None)
        else:
            self._weigh(intended(command, self.hand.lever(frame)))

    def action_hold(self) -> None:
        """Freeze the plan, or let it go on."""
        frame = self.session.frame
        self._send(self.hand.hold(frame) if frame else None)

    def action_pause(self) -> None:
        """Pause the load, or resume it."""
        frame = self.session.frame
        self._send(self.hand.pause(frame) if frame else None)

    def action_undo(self) -> None:
        """Take the last move back."""
        self._send(self.hand.plain(CommandKind.UNDO))

    def action_redo(self) -> None:
        """Make the move again that was taken back."""
        self._send(self.hand.plain(CommandKind.REDO))

    def action_panic(self) -> None:
        """Fall to the safe floor, unasked."""
        self._send(self.hand.plain(CommandKind.PANIC))

    async def action_take_control(self) -> None:
        """Take the control from whoever has it."""
        if self._watches:
            self._say("You came to watch. Attach without --watch to take the control.")
        else:
            await self.session.take_control()

    def action_switch_lever(self) -> None:
        """Put the hand on the next lever."""
        frame = self.session.frame
        lever = self.hand.switch(frame) if frame else None
        if frame and lever:
            self.board.set_active((lever.scenario, lever.lever))
            if len(frame.throttles) == 1:
                self._say("There is one throttle. `:rps 100` opens a rate beside it.")

    def action_prompt(self) -> None:
        """Ask for an exact value or a ramp."""
        self._ask(Prompt(label=":", preview=self._preview, done=self._obey, past=self._past_lines))

    def _read(self, line: str) -> Intent | Refusal:
        frame = self.session.frame
        return read(
            line,
            levers=frame.throttles if frame else (),
            active=self.hand.lever(frame),
            author=self.hand.author,
        )

    def _preview(self, line: str) -> Preview:
        answer = self._read(line)
        if isinstance(answer, Refusal):
            return Preview(text=answer.reason, is_ready=False)
        asks = f": {answer.asks}, asks first" if answer.asks else ""
        return Preview(text=answer.preview + asks, is_ready=True)

    def _obey(self, line: str) -> None:
        intent = self._read(line)
        if isinstance(intent, Refusal):
            self._say(intent.reason, severity="warning")
        else:
            self._weigh(intent)

    def _weigh(self, intent: Intent) -> None:
        """Do what was asked for, once more asked where it may hurt."""
        if intent.asks:
            yes = Answer(text="do it", act=partial(self._move, intent.command))
            self._confirm(Question(text=f"{intent.preview}: {intent.asks}?", answers={"y": yes}))
        else:
            self._move(intent.command)

    def _move(self, command: Command) -> None:
        if command.scenario is not None and command.lever is not None:
            self.hand.grip(command.scenario, command.lever)
        self._send(command)

    def action_mark(self) -> None:
        """Ask for a note and mark this moment with it."""
        self._ask(
            Prompt(
                label="mark",
                preview=lambda note: Preview(
                    text="a note for the charts and the report", is_ready=True
                ),
                done=lambda note: self._send(
                    self.hand.plain(CommandKind.MARK, note.strip() or "mark")
                ),
            )
        )

    def action_stop(self) -> None:
        """Ask whether to stop gracefully."""
        stop = Answer(text="stop", act=partial(self._send, self.hand.plain(CommandKind.STOP)))
        self._confirm(
            Question(text="Stop gracefully? What is in flight may end.", answers={"y": stop})
        )

    def action_abort(self) -> None:
        """Ask whether to abort."""
        abort = Answer(text="abort", act=partial(self._send, self.hand.plain(CommandKind.ABORT)))
        self._confirm(
            Question(text="Abort at once? What is in flight is cut off.", answers={"x": abort})
        )

    def _ask(self, prompt: Prompt) -> None:
        self.board.prompt.open(prompt)
        self.board.set_bar(Bar.PROMPT)

    def _confirm(self, question: Question) -> None:
        self.board.question.open(question)
        self.board.set_bar(Bar.QUESTION)

    # Looking

    def action_view(self, name: str) -> None:
        """Turn to the view of that name."""
        self._is_zoomed = False
        self.board.look_at(View(name), is_zoomed=False)
        self._remember(view=View(name))

    def action_zoom(self) -> None:
        """Show nothing but the view's subject, or its companions again."""
        self._is_zoomed = not self._is_zoomed
        self.board.look_at(self.board.view, is_zoomed=self._is_zoomed)

    def action_window(self, direction: int) -> None:
        """Let the charts look back for less or for more."""
        windows = list(Window)
        at = windows.index(self._preferences.look_back) + direction
        window = windows[min(max(at, 0), len(windows) - 1)]
        self.board.set_window(window)
        self._remember(window=window.label)
        self._say(f"charts: {window.label}")

    def action_sort(self, direction: int) -> None:
        """Sort the endpoints by the next column."""
        keys = list(SortKey)
        table = self.board.endpoints
        table.sort = keys[(keys.index(table.sort) + direction) % len(keys)]
        self._remember(sort=table.sort.value)

    def action_select(self, rows: int) -> None:
        """Move the endpoint table's selection."""
        table = self.board.endpoints
        table.selected = min(max(table.selected + rows, 0), max(table.row_count - 1, 0))

    def action_filter(self) -> None:
        """Ask which endpoints to show."""
        self._ask(
            Prompt(
                label="/",
                preview=self._matching,
                done=self._filter,
                text=self.board.endpoints.filter_text,
            )
        )

    def _matching(self, text: str) -> Preview:
        endpoints = self._drawn.endpoints if self._drawn else ()
        wanted = text.strip().casefold()
        count = sum(wanted in endpoint.name.casefold() for endpoint in endpoints)
        return Preview(text=f"{count} of {len(endpoints)} endpoints contain this", is_ready=True)

    def _filter(self, text: str) -> None:
        self.board.endpoints.selected = 0
        self.board.endpoints.filter_text = text.strip()

    def action_freeze(self) -> None:
        """Freeze the display, or show the present again."""
        self._is_frozen = not self._is_frozen
        self.board.header.frozen = self._is_frozen
        self._tick()

    def action_copy_screen(self) -> None:
        """Copy what is shown: to the terminal's clipboard, and into a file where that fails."""
        text = screen_text(self.board)
        self.copy_to_clipboard(text)
        path = copied_path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self._say(f"Copied; no file was written: {error.strerror}.")
        else:
            self._say(f"Copied; also in {path}")

    def action_help(self) -> None:
        """Show every key."""
        self.board.open_help(self._own_keys)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield what the palette offers: every key's action, the themes and the drawing rates."""
        for key in KEYS:
            if key.id != "screen.palette":
                yield SystemCommand(
                    key.title,
                    f"key {key.cap}",
                    partial(self.call_later, self.run_action, key.action),
                )
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", "colours", partial(self.choose_theme, name))
        for rate_hz in remembered.RATES_HZ:
            yield SystemCommand(
                f"Draw {rate_hz:g} times a second",
                "less is kinder to slow links",
                partial(self._choose_rate, rate_hz),
            )

    def _put_on(self, name: str) -> None:
        self.theme = name
        self.board.set_look(look_for(self._terminal, theme=name))

    def choose_theme(self, name: str) -> None:
        """Put on the theme of that name, from now on."""
        self._put_on(name)
        self._remember(theme=name)

    def _choose_rate(self, rate_hz: float) -> None:
        self._period_ns = round(NANOSECONDS_PER_S / rate_hz)
        self._timer.stop()
        self._timer = self.set_interval(1 / rate_hz, self._tick)
        self._remember(rate_hz=rate_hz)

    def _remember(self, **choices: object) -> None:
        self._preferences = msgspec.structs.replace(self._preferences, **choices)
        if self._path is not None:
            remembered.save(self._preferences, self._path)

    # Leaving

    def action_detach(self) -> None:
        """Leave; the load goes on."""
        self.exit(_DEPARTURES.get(self.session.state, Departure.DETACHED))

    def action_leave(self) -> None:
        """Leave, after asking whether the load goes on where that is this viewer's to say."""
        if self._watches or self.session.state is not LinkState.LIVE:
            self.action_detach()
            return
        self._confirm(
            Question(
                text="Leave?",
                answers={
                    "d": Answer(text="detach, the load goes on", act=self.action_detach),
                    "s": Answer(text="stop the run", act=self._stop_and_leave),
                },
                expires=False,
            )
        )

    def _stop_and_leave(self) -> None:
        self._leaves_at_end = True
        self._send(self.hand.plain(CommandKind.STOP))

    def leave_soon(self, departure: Departure) -> None:
        """Leave as soon as the event loop turns; safe to call from a signal handler."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self.exit, departure)

    async def action_quit(self) -> None:
        """Leave at once (ctrl+q); the load goes on."""
        self.action_detach()


_ACTIONS = frozenset(key.action.partition("(")[0] for key in KEYS)
_DEPARTURES = {
    LinkState.ENDED: Departure.ENDED,
    LinkState.LOST: Departure.LOST,
    LinkState.GONE: Departure.LOST,
}
