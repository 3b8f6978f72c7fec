"""The phases of requests, recorded only where they took any time: off the good path."""

from vumeter.engine.recorder import Record, Recorder
from vumeter.model.measure import Timings

Opening = tuple[int, int, int]
"""How long a request waited for a connection, and of that for TCP and for TLS, in µs."""


class PhaseRecorder:
    """Records phases of one request name; `model.measure.Timings` says which."""

    __slots__ = (*Timings.__struct_fields__, "newest")

    def __init__(self) -> None:
        self.blocked = Record()
        self.connecting = Record()
        self.handshaking = Record()
        self.sending = Record()
        self.receiving = Record()
        self.parted = Record()
        self.parted_waiting = Record()
        self.newest = (0, 0, 0, 0)
        """The service time of the last answer in parts, its sending, waiting and receiving."""

    def opened(self, opening: Opening) -> None:
        """Count a request for which a connection was opened."""
        blocked_us, connecting_us, handshaking_us = opening
        self.blocked.add(blocked_us)
        self.connecting.add(connecting_us)
        if handshaking_us:
            self.handshaking.add(handshaking_us)

    def answered_in_parts(
        self, *, service_us: int, sending_us: int, waiting_us: int, receiving_us: int
    ) -> None:
        """Count an answer that was not whole in one read, or whose request took time to send."""
        self.newest = (service_us, sending_us, waiting_us, receiving_us)
        if sending_us:
            self.sending.add(sending_us)
        if receiving_us:
            self.receiving.add(receiving_us)
        self.parted.add(service_us)
        self.parted_waiting.add(waiting_us)

    def take(self) -> Timings | None:
        """Return what was recorded in the second, and begin anew; `None`: nothing was."""
        if not (self.blocked.counts or self.parted.counts):
            return None
        return Timings(**{name: getattr(self, name).take() for name in Timings.__struct_fields__})


def phases_of(recorder: Recorder) -> PhaseRecorder:
    """Return where phases of *recorder*'s requests are recorded, made with the first."""
    if recorder.phases is None:
        recorder.phases = PhaseRecorder()
    return recorder.phases
