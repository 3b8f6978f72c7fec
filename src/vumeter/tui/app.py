"""The cockpit: draws what its session knows, and sends what the operator asks for."""

import asyncio
import signal
from typing import Any

from textual.app import ComposeResult
from textual.events import Event, Key, Paste

from vumeter.clock import NANOSECONDS_PER_S
from vumeter.courtesy import give_way
from vumeter.errors import VumeterError
from vumeter.model.frame import FRAME_EVERY_S, Frame
from vumeter.model.throttle import CommandKind
from vumeter.tui import keymap
from vumeter.tui.dialogs.question_bar import Answer, Question
from vumeter.tui.driver import terminal_is_gone, terminal_reads
from vumeter.tui.feed import Departure
from vumeter.tui.format import age_text, clock_text, number_text
from vumeter.tui.keys import KEYS
from vumeter.tui.looking import Looking
from vumeter.tui.session import LinkState
from vumeter.tui.sight import Sight
from vumeter.tui.signals import leaving_on_signals
from vumeter.tui.steering import Steering
from vumeter.tui.terminal import DEFAULT_THEME, PALETTES
from vumeter.tui.widgets.endpoint_table import SortKey

_OVERDUE_S = 1.5
"""So old a frame is drawn with its age whenever something may be drawn."""


class Cockpit(Steering, Looking):
    """One viewer's screen on one run. `Deck` has the arguments."""

    CSS_PATH = ["widgets.tcss", "app.tcss"]  # noqa: RUF012 - Textual's own class variable
    BINDINGS = [key.binding() for key in KEYS]  # noqa: RUF012 - Textual's own class variable
    TITLE = "vumeter"
    AUTO_FOCUS = None

    refusal: VumeterError | None = None
    """Why there never was a link; the cockpit has left because of it."""
    _drawn: Frame | None = None
    _drawn_fetches = 0
    _drawn_ns = 0
    _drawn_heard_ns = 0
    """When the frame that is drawn had come."""
    _leaves_at_end = False
    _running_loop: asyncio.AbstractEventLoop | None = None

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
        self.put_on(wanted if wanted in PALETTES else DEFAULT_THEME)
        self.board.set_viewer(self.hand.author)
        self.board.look_at(self._preferences.view, is_zoomed=False)
        prefers = self._preferences
        self.board.set_sight(Sight(window=prefers.look_back, is_local=prefers.is_local))
        self.session.choose_series(prefers.series)
        if self._preferences.sort in {key.value for key in SortKey}:
            self.board.endpoints.sort = SortKey(self._preferences.sort)
        self._load_keymap()
        self._running_loop = asyncio.get_running_loop()
        self._ticks = self.set_interval(1 / self._rate_hz, self._tick)
        # Whoever had the terminal meanwhile has written over the whole of it.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
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
            self.say(str(error), warns=True)
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
        return not self._has_dialog or action not in self._actions

    @property
    def _actions(self) -> frozenset[str]:
        return frozenset(key.action.partition("(")[0] for key in self.keys)

    @property
    def _has_dialog(self) -> bool:
        """Whether a screen of Textual's own, the palette, lies over the board."""
        return len(self.screen_stack) > 1

    # Drawing

    def hear(self) -> None:
        """Something is new: draw it now if the last drawing is long enough ago."""
        if self._clock() - self._drawn_ns >= NANOSECONDS_PER_S / self._rate_hz:
            give_way()
            self._tick()

    def _tick(self) -> None:
        """
        Draw the newest frame unless it is drawn already, and how old the drawn one is.

        Nothing while the terminal does not read: the frame is skipped, never queued.
        """
        if not self.is_running or not (self.is_headless or self._terminal_takes()):
            return
        self._note_link()
        frame, drawn = self.newest, self._drawn
        # Whatever is looked at, and also while the display is frozen.
        if frame is not None and self._bell.hears(frame) and not self._preferences.is_muted:
            self.bell()
        holds_still = self._is_frozen or self.spike is not None
        if frame is not None and frame is not self._drawn and not holds_still:
            self._draw(frame)
        elif self._drawn_fetches != self.session.fetches:
            self.board.show_time()
        self._drawn_fetches = self.session.fetches
        has_news = self.session.state is not LinkState.ENDED or self._is_frozen
        age_s = (self._clock() - self._drawn_heard_ns) / NANOSECONDS_PER_S if has_news else 0.0
        give_way()
        if self._drawn is not drawn or is_worth_drawing(age_s, rate_hz=self._rate_hz):
            self.board.set_age(age_s)

    def _terminal_takes(self) -> bool:
        """Whether there is a terminal that takes what is drawn; where it has gone, go as well."""
        if terminal_is_gone():
            signal.raise_signal(signal.SIGHUP)
            return False
        return terminal_reads()

    def hear_anew(self) -> None:
        """Draw the newest frame again, though it may have been drawn before."""
        self._drawn = None
        self._tick()

    def draw_often(self, rate_hz: float) -> None:
        """Draw so many times a second from now on."""
        self._rate_hz = rate_hz
        self._ticks.stop()
        self._ticks = self.set_interval(1 / rate_hz, self._tick)

    def _draw(self, frame: Frame) -> None:
        lever = self.hand.lever(frame)
        self.board.set_active((lever.scenario, lever.lever) if lever else None)
        self.board.show(frame)
        give_way()
        self.want_past()
        give_way()
        self.freshen()
        self._drawn, self._drawn_ns = frame, self._clock()
        self._drawn_heard_ns = self.session.heard_ns

    def _note_link(self) -> None:
        """Say in the last row what state the link is in, and leave if that was the plan."""
        state = self.session.state
        waited = age_text((self._clock() - self.session.heard_ns) / NANOSECONDS_PER_S)
        if self._leaves_at_end and state is not LinkState.LIVE:
            # Ended, or out of reach after it was asked to stop: who waits for it is outside.
            self.exit(Departure.STOPPED)
        elif state is LinkState.ENDED:
            self.board.set_notice("RUN ENDED", f"{self._sum()}   q leaves   1-6 views   y copies")
        elif state is LinkState.LOST:
            self.board.set_notice(f"LINK LOST {waited}", "the run may go on; calling it   q leaves")
        elif state is LinkState.GONE:
            self.board.set_notice("RUN GONE", f"silent for {waited}; vumeter ps lists   q leaves")
        elif self.spike is not None:
            words = f"SNAPSHOT {self.spike.id} {clock_text(self.spike.second)}"
            self.board.set_notice(words, f"{self.spike.reason}   1-6 views   esc shows the present")
        elif self._is_frozen:
            self.board.set_notice("DISPLAY FROZEN", "the load goes on   f shows the present")
        elif self._leaves_at_end:
            self.board.set_notice("STOPPING", "leaving when the run has ended   d leaves now")
        else:
            self.board.set_notice("", "")

    def _sum(self) -> str:
        """Return the whole run in a few words; the summary follows when the cockpit is left."""
        if self.newest is None:
            return ""
        total = self.newest.total
        return f"{number_text(total.requests)} requests, {number_text(total.errors)} errors"

    # Leaving

    def action_detach(self) -> None:
        """Leave; the load goes on."""
        self.session.leave()
        self.exit(_DEPARTURES.get(self.session.state, Departure.DETACHED))

    def action_leave(self) -> None:
        """Leave, after asking whether the load goes on where that is this viewer's to say."""
        if self._watches or self.session.state is not LinkState.LIVE:
            self.action_detach()
            return
        self.confirm(
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
        self.send(self.hand.plain(CommandKind.STOP))

    def leave_soon(self, departure: Departure) -> None:
        """Leave as soon as the event loop turns; safe to call from a signal handler."""
        if self._running_loop is not None:
            self._running_loop.call_soon_threadsafe(self.exit, departure)

    async def action_quit(self) -> None:
        """Leave at once (ctrl+q); the load goes on."""
        self.action_detach()


_DEPARTURES = {
    LinkState.ENDED: Departure.ENDED,
    LinkState.LOST: Departure.LOST,
    LinkState.GONE: Departure.LOST,
}


def is_worth_drawing(age_s: float, *, rate_hz: float) -> bool:
    """
    Return whether a frame that is drawn already is to be drawn once more, for its age alone.

    Not right after it and not when the next is about to come, so that there are *rate_hz*
    drawings a second and no more; always when the next is late.

    >>> [is_worth_drawing(age_s, rate_hz=2.0) for age_s in (0.1, 0.4, 0.9, 1.6)]
    [False, True, False, True]
    """
    apart_s = 0.5 / rate_hz
    return apart_s <= age_s < FRAME_EVERY_S - apart_s or age_s > _OVERDUE_S
