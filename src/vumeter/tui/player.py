"""The cockpit on a stored run: the same screen, and keys that play it instead of steering."""

from typing import Any

from vumeter.errors import UsageError
from vumeter.model.frame import Frame
from vumeter.model.throttle import Command
from vumeter.tui.app import Cockpit
from vumeter.tui.dialogs.prompt_bar import Preview, Prompt
from vumeter.tui.feed import Departure, Dial, Playback
from vumeter.tui.format import clock_text, local_text
from vumeter.tui.keys import PLAYER_KEYS
from vumeter.tui.moments import moment_s
from vumeter.tui.session import LinkState

REFUSAL = "This is a replay: what is over cannot be steered"


class Player(Cockpit, inherit_bindings=False):
    """
    One viewer's screen on a run that is played back.

    Args:
        dial: Opens the feed, at the moment that is wanted by then.
        playback: The hand on it.
        options: As of `Cockpit`.
    """

    BINDINGS = [key.binding() for key in PLAYER_KEYS]  # noqa: RUF012 - Textual's own class variable
    keys = PLAYER_KEYS

    def __init__(self, dial: Dial, playback: Playback, **options: Any) -> None:
        super().__init__(dial, watches=True, **options)
        self._playback = playback
        self.session.outlives_run = True

    def send(self, command: Command | None) -> None:
        """Refuse."""
        self.action_refuse()

    def action_refuse(self) -> None:
        """Say why nothing is steered here."""
        self.say(REFUSAL, warns=True)

    def action_toggle_playing(self) -> None:
        """Play, or stand still; at the end, from the start."""
        if self._playback.is_at_end:
            self._seek(0.0)
        else:
            self._playback.toggle()
            self._tell()

    def action_accelerate(self, steps: int) -> None:
        """Play faster or slower."""
        self._playback.accelerate(steps)
        self._tell()

    def action_skip(self, seconds: int) -> None:
        """Go on, or back, by that much."""
        self._seek(self._playback.second + seconds)

    def action_skip_to_event(self, direction: int) -> None:
        """Go to the next event that stands on the charts, or to the one before."""
        if self._playback.seek_event(direction):
            self._play_on()
        else:
            self.say("There is no mark or event " + ("after" if direction > 0 else "before") + ".")

    def action_seek(self) -> None:
        """Ask for a moment, and go there."""
        self.ask(Prompt(label=":", preview=self._preview_moment, done=self._go_to))

    def _preview_moment(self, line: str) -> Preview:
        if not line.strip():
            return Preview(text="90, 1:20:00, +5m, -30s, start, end", is_ready=False)
        try:
            return Preview(text=f"to {clock_text(self._moment_s(line))}", is_ready=True)
        except UsageError as error:
            return Preview(text=error.message, is_ready=False)

    def _moment_s(self, line: str) -> float:
        playback = self._playback
        wanted = moment_s(line, now_s=playback.second, end_s=playback.end_s)
        return min(wanted, playback.end_s)

    def _go_to(self, line: str) -> None:
        self._seek(self._moment_s(line))

    def _seek(self, second: float) -> None:
        self._playback.seek(second)
        self._play_on()

    def _play_on(self) -> None:
        if self.session.state is LinkState.ENDED:
            # Its stream ended with the run; now it is called again, at another moment.
            self._call()
        self._tell()

    def _draw(self, frame: Frame) -> None:
        self._tell()
        super()._draw(frame)

    def _tell(self) -> None:
        """Say in the header how it is played, and of which moment it is."""
        playback = self._playback
        words = ["PAUSED" if playback.is_paused else f"{playback.speed:g}x"]
        if playback.is_seeking:
            words = ["SEEKING"]
        elif playback.is_at_end:
            words = ["END"]
        if playback.span_s > 1:
            words.append(f"by {playback.span_s} s")
        if self.newest is not None:
            words.append(local_text(self.newest.at_unix_ms, "%b %d %H:%M:%S"))
        self.board.set_replay(" ".join(words))

    def _note_link(self) -> None:
        if self.session.state is LinkState.ENDED or self._playback.is_at_end:
            self.board.set_notice(
                "END OF REPLAY", f"{self._sum()}   spc again   [ back 1m   : go to   q leaves"
            )
        else:
            super()._note_link()

    def action_detach(self) -> None:
        """Leave."""
        self.exit(Departure.DETACHED)
