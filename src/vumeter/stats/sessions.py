"""What a group of sessions says of the pool that it may be."""

from vumeter.model.database import SessionGroup

_LEAST_POOL = 2
"""Sessions: one alone is no pool."""

_BUSY_RATIO = 0.85
"""Who has just got a connection, or is about to give it back, does nothing with it for a moment."""


def is_exhausted(group: SessionGroup) -> bool:
    """Return whether as good as all of *group* are at work, or have a transaction open."""
    busy = group.active + group.idle_in_transaction
    return group.sessions >= _LEAST_POOL and busy >= _BUSY_RATIO * group.sessions
