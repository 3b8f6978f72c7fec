"""The operator's hand: which lever it is on, and what a key means at this moment. Pure."""

from msgspec.structs import replace

from vumeter.model.frame import Frame, RunState
from vumeter.model.throttle import Command, CommandKind, Lever, ResumeMode, ThrottleState


class Hand:
    """
    One viewer's grip on the run.

    Args:
        author: The viewer's name, under which its commands are journalled.
    """

    def __init__(self, author: str) -> None:
        self.author = author
        self._wish: tuple[str, Lever] | None = None
        self._switched: dict[CommandKind, int] = {}

    def lever(self, frame: Frame | None) -> ThrottleState | None:
        """
        Return the lever that the keys move: the one chosen last, while the run has it.

        Else it is the first scenario's rate when that is open, and its VUs when it is closed.
        """
        levers = frame.throttles if frame else ()
        for each in levers:
            if (each.scenario, each.lever) == self._wish:
                return each
        mine = [each for each in levers if each.scenario == levers[0].scenario]
        return next((each for each in mine if each.lever is Lever.RATE), mine[0] if mine else None)

    def grip(self, scenario: str, lever: Lever) -> None:
        """Put the hand on that lever, now or as soon as the run has it."""
        self._wish = scenario, lever

    def switch(self, frame: Frame) -> ThrottleState | None:
        """Go on to the next lever, and return it; `None`: the run has none."""
        now = self.lever(frame)
        if now is None:
            return None
        following = frame.throttles[(frame.throttles.index(now) + 1) % len(frame.throttles)]
        self.grip(following.scenario, following.lever)
        return following

    def step(self, frame: Frame, steps: int) -> Command | None:
        """Return the command that moves the lever by so many steps."""
        lever = self.lever(frame)
        if lever is None:
            return None
        return Command(
            kind=CommandKind.STEP,
            author=self.author,
            scenario=lever.scenario,
            lever=lever.lever,
            value=steps * lever.step,
        )

    def holds(self, frame: Frame) -> bool:
        """Return whether the plan of the lever in hand is held."""
        lever = self.lever(frame)
        return self._is(
            frame, CommandKind.HOLD, CommandKind.RESUME_PLAN, seen=bool(lever and lever.held)
        )

    def hold(self, frame: Frame) -> Command:
        """Return the command that freezes the plan, or lets it go on when it is frozen."""
        lever = self.lever(frame)
        kind = CommandKind.RESUME_PLAN if self.holds(frame) else CommandKind.HOLD
        return self._switch(kind, frame, scenario=lever.scenario if lever else None)

    def back(self, frame: Frame, mode: ResumeMode) -> Command:
        """Return the command that goes back to the plan in that way."""
        lever = self.lever(frame)
        scenario = lever.scenario if lever else None
        return replace(self._switch(CommandKind.RESUME_PLAN, frame, scenario=scenario), mode=mode)

    def pause(self, frame: Frame) -> Command:
        """Return the command that pauses the load, or resumes it when it is paused."""
        is_paused = self._is(
            frame, CommandKind.PAUSE, CommandKind.RESUME, seen=frame.state is RunState.PAUSED
        )
        return self._switch(CommandKind.RESUME if is_paused else CommandKind.PAUSE, frame)

    def plain(self, kind: CommandKind, note: str = "") -> Command:
        """Return a command that needs nothing but its kind."""
        return Command(kind=kind, author=self.author, note=note)

    def backend(self, kind: CommandKind, pid: int, *, database: str) -> Command:
        """Return a command for a session of *database*."""
        return Command(kind=kind, author=self.author, pid=pid, database=database)

    def explanation(self, statement: str, *, database: str) -> Command:
        """Return the command that asks *database* for a statement's plan."""
        return Command(
            kind=CommandKind.EXPLAIN, author=self.author, statement=statement, database=database
        )

    def _switch(self, kind: CommandKind, frame: Frame, scenario: str | None = None) -> Command:
        self._switched.pop(_OPPOSITES[kind], None)
        self._switched[kind] = frame.second
        return Command(kind=kind, author=self.author, scenario=scenario)

    def _is(self, frame: Frame, on: CommandKind, off: CommandKind, *, seen: bool) -> bool:
        """
        Return whether a switch is on: as asked for just now, else as the frame has it.

        A frame is up to a second old. Without this, `p` pressed again within that second
        would ask for a pause once more instead of taking it back.
        """
        for kind, answer in ((on, True), (off, False)):
            if kind in self._switched and frame.second <= self._switched[kind] + 1:
                return answer
        return seen


_OPPOSITES = {
    CommandKind.HOLD: CommandKind.RESUME_PLAN,
    CommandKind.RESUME_PLAN: CommandKind.HOLD,
    CommandKind.PAUSE: CommandKind.RESUME,
    CommandKind.RESUME: CommandKind.PAUSE,
}
