"""The event log of a run: what happened, in order, for screens and charts."""

from collections import deque
from collections.abc import Callable

from vumeter.model.frame import Event, EventLevel
from vumeter.run.timeline import Timeline

KEPT_EVENTS = 2000
"""How many events a run remembers; the oldest are forgotten first."""

FRAME_EVENTS = 40
"""How many of the newest ones each frame carries; a new viewer is given all."""


class EventLog:
    """Numbers events as they come, has each of them kept, and remembers the newest."""

    def __init__(
        self, timeline: Timeline, *, keep: Callable[[Event], None] = lambda _: None
    ) -> None:
        self._timeline = timeline
        self._keep = keep
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._serial = 0

    def add(
        self,
        text: str,
        *,
        level: EventLevel = EventLevel.INFO,
        author: str = "vumeter",
        label: str = "",
    ) -> Event:
        """Write down what happened just now, and return it."""
        self._serial += 1
        event = Event(
            serial=self._serial,
            second=self._timeline.elapsed_s,
            at_unix_ms=self._timeline.now_unix_ms,
            level=level,
            author=author,
            text=text,
            label=label,
        )
        self._events.append(event)
        self._keep(event)
        return event

    @property
    def all(self) -> tuple[Event, ...]:
        """Every event that is remembered, oldest first."""
        return tuple(self._events)

    @property
    def newest(self) -> tuple[Event, ...]:
        """The events of a frame, oldest first."""
        return tuple(self._events)[-FRAME_EVENTS:]
