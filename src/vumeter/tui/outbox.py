"""
Commands on their way to the run: one at a time, the newest wins, none goes stale.

A held-down `+` makes thirty presses a second. While the run answers one command, further
steps of the same lever melt into one, and a new value replaces what still waits.
"""

from collections import deque

import msgspec

from vumeter.model.throttle import Command, CommandKind

CAPACITY = 16
"""Commands that may wait. When full the oldest is dropped: nobody means it any more."""

_MOVES = frozenset({CommandKind.SET, CommandKind.STEP, CommandKind.SCALE, CommandKind.CLOSE})
OVERRULING = frozenset({CommandKind.PANIC, CommandKind.STOP, CommandKind.ABORT})
"""What waits for nothing, and makes all that waits pointless."""


class Outbox:
    """The commands that wait to be sent. Pure: it holds them, and someone else sends."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque(maxlen=CAPACITY)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, command: Command) -> None:
        """Add *command*, and drop what it makes pointless."""
        self._waiting.append(self._melted(command) if command.kind in _MOVES else command)

    def take(self) -> Command | None:
        """Return the command to send next, or `None`."""
        return self._waiting.popleft() if self._waiting else None

    def clear(self) -> None:
        """Forget all that waits: what was meant a moment ago is not meant any more."""
        self._waiting.clear()

    def _melted(self, command: Command) -> Command:
        """Return *command* with a waiting step of its lever added, that one taken out."""
        if not self._waiting or not _same_lever(self._waiting[-1], command):
            return command
        if command.kind is CommandKind.SET:
            self._waiting.pop()
            return command
        if command.kind is CommandKind.STEP:
            last = self._waiting[-1]
            # A step after a ramp, a percentage or `off` means what it would have meant alone.
            if last.kind in (CommandKind.STEP, CommandKind.SET) and last.ramp_s == command.ramp_s:
                self._waiting.pop()
                total = max((last.value or 0.0) + (command.value or 0.0), _lowest(last))
                return msgspec.structs.replace(last, value=total)
        return command


def _same_lever(one: Command, other: Command) -> bool:
    return (
        one.kind in _MOVES
        and other.kind in _MOVES
        and one.scenario == other.scenario
        and one.lever == other.lever
    )


def _lowest(command: Command) -> float:
    """Return the least that *command*'s value may be: a target is never below zero."""
    return 0.0 if command.kind is CommandKind.SET else float("-inf")
