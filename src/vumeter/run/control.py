"""Who watches a run, and whose hand is on its throttle: pure."""

from dataclasses import dataclass

from vumeter.model.throttle import CommandKind

FREE_KINDS = frozenset(
    {
        CommandKind.MARK,
        CommandKind.ACKNOWLEDGE,
        CommandKind.PANIC,
        CommandKind.STOP,
        CommandKind.ABORT,
    }
)
"""What needs no control: a note hurts nobody, and anyone who sees a fire may end it."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One open stream. Streams with the same name are one person's."""

    name: str
    watches_only: bool


class Control:
    """
    One writer at a time: the first viewer who came to command, until another takes over.

    Someone who is not attached (`vumeter ctl`, curl) may command while nobody holds the
    control, and may take it over; absent, they keep nobody out.
    """

    def __init__(self) -> None:
        self._viewers: dict[int, Viewer] = {}
        self._next_seat = 0
        self._holder = ""

    @property
    def holder(self) -> str:
        """The name of whoever holds the control; empty when nobody does."""
        return self._holder

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    @property
    def has_writer(self) -> bool:
        """Whether anybody is attached who did not come to watch only."""
        return any(not viewer.watches_only for viewer in self._viewers.values())

    def join(self, viewer: Viewer) -> int:
        """Seat a viewer, who takes the control if it is free; return the number of the seat."""
        seat = self._next_seat
        self._next_seat += 1
        self._viewers[seat] = viewer
        self._pass_on()
        return seat

    def leave(self, seat: int) -> Viewer:
        """Free a seat; the control passes on to whoever has waited longest for it."""
        viewer = self._viewers.pop(seat)
        self._pass_on()
        return viewer

    def permit(self, name: str, kind: CommandKind) -> str:
        """
        Let *name* give a command of this *kind*; return why not, in words, or nothing.

        Of an attached viewer, a command takes back what somebody absent had taken.
        """
        refusal = "" if kind is CommandKind.MARK else self._watching(name)
        if refusal or kind in FREE_KINDS:
            return refusal
        if self._holder != name and self._is_attached(self._holder):
            return f"{self._holder} holds the control; take it over first"
        if self._is_attached(name):
            self._holder = name
        return ""

    def take(self, name: str) -> str:
        """Give the control to *name*; return why not, in words, or nothing."""
        refusal = self._watching(name)
        if not refusal:
            self._holder = name
        return refusal

    def _is_attached(self, name: str) -> bool:
        return any(viewer.name == name for viewer in self._viewers.values())

    def _watching(self, name: str) -> str:
        seats = [viewer for viewer in self._viewers.values() if viewer.name == name]
        if seats and all(viewer.watches_only for viewer in seats):
            return "This viewer only watches; attach without --watch to command"
        return ""

    def _pass_on(self) -> None:
        writers = [viewer.name for viewer in self._viewers.values() if not viewer.watches_only]
        if self._holder not in writers:
            self._holder = writers[0] if writers else ""
