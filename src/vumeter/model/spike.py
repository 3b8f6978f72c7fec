"""A moment of a run that was kept whole, because something happened in it or somebody asked."""

from msgspec import Struct

from vumeter.model.frame import Frame


class SpikeHead(Struct, frozen=True, kw_only=True):
    """What a list of them says."""

    id: int
    """From 1 on."""
    second: int
    """The newest one in its numbers."""
    reason: str
    author: str = ""
    """Who asked; empty: it was taken by itself."""


class Spike(SpikeHead, frozen=True, kw_only=True):
    """All that a screen showed then: the database's sessions and locks, the slowest requests …"""

    frame: Frame

    @property
    def head(self) -> SpikeHead:
        """The same without the frame."""
        return SpikeHead(id=self.id, second=self.second, reason=self.reason, author=self.author)
