"""
What every part of the cockpit works with: the session, the board, the hand, and what is said.

The cockpit is one Textual app in four files, since actions are looked up on the app: this one
holds what they share, `steering` and `looking` have the actions of the two tables of keys, and
`app` has its life, its keys and its drawing.
"""

import os
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from vumeter.clock import NsClock, monotonic_ns
from vumeter.model.frame import Frame
from vumeter.model.spike import Spike
from vumeter.model.throttle import Command, Outcome
from vumeter.tui import preferences as remembered
from vumeter.tui.bell import Bell
from vumeter.tui.board import Bar, Board
from vumeter.tui.dialogs.prompt_bar import Prompt
from vumeter.tui.dialogs.question_bar import Question
from vumeter.tui.driver import StdoutDriver
from vumeter.tui.feed import Departure, Dial
from vumeter.tui.hand import Hand
from vumeter.tui.keys import KEYS, Key
from vumeter.tui.session import Session
from vumeter.tui.terminal import ColourDepth, Terminal, detect, look_for

TOAST_S = 4.0


class _Ground(Screen[object]):
    """Nothing but the background."""

    BLANK = True


class Deck(App[Departure]):
    """
    The ground that the cockpit stands on.

    Args:
        dial: Opens a link to the run. Called once the screen has been drawn, not before.
        viewer: Who is looking; commands are journalled under this name.
        watches: Never ask for the control.
        path: Where preferences are kept; `None`: nowhere.
        environ: What the terminal says of itself.
        clock: The reader of time.
        driver: What draws: on a terminal, unless it is another.
    """

    keys: Sequence[Key] = KEYS
    """What the keys do."""

    def get_default_screen(self) -> Screen[object]:
        """Return what lies under the board."""
        return _Ground(id="_default")

    def __init__(
        self,
        dial: Dial,
        *,
        viewer: str,
        watches: bool = False,
        path: Path | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: NsClock = monotonic_ns,
        driver: type[Driver] = StdoutDriver,
    ) -> None:
        terminal = detect(environ, encoding=sys.stdout.encoding or "ascii")
        super().__init__(driver_class=driver, ansi_color=terminal.depth is not ColourDepth.FULL)
        self.animation_level = "none"
        self.session = Session(dial, on_change=self.hear, on_outcome=self._answer, clock=clock)
        self._clock = clock
        self.board = Board(self.session.history, self.keys)
        self.hand = Hand(viewer)
        self._watches = watches
        self._terminal: Terminal = terminal
        self._path = path
        self._preferences = remembered.load(path) if path else remembered.Preferences()
        self._rate_hz = remembered.drawing_rate_hz(self._preferences, dict(environ))
        self._is_frozen = False
        self._bell = Bell()
        self.spike: Spike | None = None
        """The moment that is open in place of the present; `None`: none."""
        self.past_lines: list[str] = []
        """What was typed at the prompt, oldest first."""
        self._own_keys: dict[str, str] = {}

    @abstractmethod
    def hear(self) -> None:
        """Take note that the session knows something new."""

    @abstractmethod
    def hear_anew(self) -> None:
        """Draw the newest frame again, though it may have been drawn before."""

    @abstractmethod
    def draw_often(self, rate_hz: float) -> None:
        """Draw so many times a second from now on."""

    @property
    def newest(self) -> Frame | None:
        """The newest frame; what is shown may be older."""
        return self.session.frame

    def send(self, command: Command | None) -> None:
        """Send *command*; `None` stands for one that has nothing to act on yet."""
        if command is None:
            self.say("Nothing to move yet: the run has not answered.", warns=True)
        else:
            self.session.send(command)

    def _answer(self, _command: Command | None, outcome: Outcome) -> None:
        self.say(outcome.message, warns=not outcome.accepted)

    def say(self, text: str, *, warns: bool = False) -> None:
        """Show the result of one's own action; the newest replaces the one before."""
        self.clear_notifications()
        self.notify(
            text,
            severity="warning" if warns else "information",
            timeout=TOAST_S,
            markup=False,
        )

    def ask(self, prompt: Prompt) -> None:
        """Open a prompt in the place of the key line."""
        self.board.prompt.open(prompt)
        self.board.set_bar(Bar.PROMPT)

    def confirm(self, question: Question) -> None:
        """Ask a question in the place of the key line."""
        self.board.question.open(question)
        self.board.set_bar(Bar.QUESTION)

    def remember(self, **choices: object) -> None:
        """Keep these preferences, now and for the next run."""
        self._preferences = msgspec.structs.replace(self._preferences, **choices)
        if self._path is not None:
            remembered.save(self._preferences, self._path)

    def put_on(self, name: str) -> None:
        """Put on the theme of that name."""
        self.theme = name
        self.board.set_look(look_for(self._terminal, theme=name))
