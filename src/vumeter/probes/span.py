"""What two looks' counters say about the time between them. Pure."""

from dataclasses import dataclass, replace

from vumeter.clock import NANOSECONDS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counters of all databases together at one moment."""

    at_ns: int
    databases: int
    reset: float
    """When a database's counters were reset last."""
    commits: int
    rollbacks: int
    hits: int
    """Blocks found in PostgreSQL's own cache."""
    reads: int
    """Blocks that were not."""
    deadlocks: int
    rows_read: int = 0
    rows_written: int = 0
    temporary_files: int = 0
    temporary_bytes: int = 0

    def continues(self, before: "Totals") -> bool:
        """Whether the time since *before* can be told: no database came, went or was reset."""
        return (self.databases, self.reset) == (before.databases, before.reset)

    def without(self, *, commits: int, rollbacks: int, before: "Totals | None") -> "Totals":
        """
        Return this moment without the probe's own transactions.

        The server counts a session's transactions up to a second late, so now and then the
        own ones are subtracted before they have been added. What was already seen of the
        others is therefore a floor; in the long run the difference is exact.
        """
        if before is None or not self.continues(before):
            return self
        return replace(
            self,
            commits=max(before.commits, self.commits - commits),
            rollbacks=max(before.rollbacks, self.rollbacks - rollbacks),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time between two looks; all `None` where it cannot be told."""

    transactions_per_s: float | None = None
    """Committed and rolled back."""
    rollbacks_per_s: float | None = None
    cache_hit_ratio: float | None = None
    """`None` also when no block was asked for."""
    deadlocks: int = 0
    rows_read_per_s: float | None = None
    rows_written_per_s: float | None = None
    temporary_files: int = 0
    temporary_bytes_per_s: float | None = None


def span(before: Totals | None, after: Totals) -> Span:
    """Return what happened from *before* to *after*."""
    if before is None or not after.continues(before) or after.at_ns <= before.at_ns:
        return Span()
    seconds = (after.at_ns - before.at_ns) / NANOSECONDS_PER_S
    commits = max(0, after.commits - before.commits)
    rollbacks = max(0, after.rollbacks - before.rollbacks)
    hits = max(0, after.hits - before.hits)
    asked = hits + max(0, after.reads - before.reads)
    return Span(
        transactions_per_s=(commits + rollbacks) / seconds,
        rollbacks_per_s=rollbacks / seconds,
        cache_hit_ratio=hits / asked if asked else None,
        deadlocks=max(0, after.deadlocks - before.deadlocks),
        rows_read_per_s=max(0, after.rows_read - before.rows_read) / seconds,
        rows_written_per_s=max(0, after.rows_written - before.rows_written) / seconds,
        temporary_files=max(0, after.temporary_files - before.temporary_files),
        temporary_bytes_per_s=max(0, after.temporary_bytes - before.temporary_bytes) / seconds,
    )
