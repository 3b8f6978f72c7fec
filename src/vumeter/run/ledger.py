"""Where a replay has from what its run had come to: as it was kept, or counted anew."""

from typing import Protocol

from vumeter.model.balance import Balance
from vumeter.model.measure import Reading
from vumeter.model.summary import Summary
from vumeter.run.past import Record
from vumeter.run.recount import Recount
from vumeter.store.reader import StoredRun


class Ledger(Protocol):
    """What a run had come to, as far as it is played."""

    is_kept: bool
    """Whether it is known at any moment, without the readings before it."""

    def begin_anew(self) -> None:
        """Forget every reading."""

    def add(self, reading: Reading, *, is_shown: bool) -> None:
        """Take the next reading; not *is_shown*, it is a stump that is in totals only."""

    def conclude(self, summary: Summary) -> None:
        """Come to the run's end."""

    def balance(self, second: int, at_s: float, *, has_ended: bool) -> Balance:
        """Return what the run had come to with *second* as its newest, at run time *at_s*."""


def ledger_of(stored: StoredRun, record: Record) -> Ledger:
    """Return that of *stored*: the run's own, where it kept one."""
    is_kept = stored.newest_second < 0 or stored.balance(stored.newest_second) is not None
    recount = _Counted(stored, record)
    if not is_kept:
        return recount
    return _Kept(stored, nothing=recount.balance(-1, 0.0, has_ended=False))


class _Kept:
    """As the run itself had it."""

    is_kept = True

    def __init__(self, stored: StoredRun, *, nothing: Balance) -> None:
        self._stored = stored
        self._nothing = nothing

    def begin_anew(self) -> None:
        pass

    def add(self, reading: Reading, *, is_shown: bool) -> None:
        pass

    def conclude(self, summary: Summary) -> None:
        pass

    def balance(self, second: int, at_s: float, *, has_ended: bool) -> Balance:
        last = self._stored.last_balance if has_ended else None
        return last or self._stored.balance(second) or self._nothing


class _Counted:
    """Counted anew from all readings since the start: an older vumeter did not keep it."""

    is_kept = False

    def __init__(self, stored: StoredRun, record: Record) -> None:
        self._stored = stored
        self._record = record
        self.begin_anew()

    def begin_anew(self) -> None:
        self._recount = Recount(
            self._record.plan,
            late=self._stored.late_snapshots,
            verdicts=self._stored.verdicts,
            journal=self._record.journal,
        )

    def add(self, reading: Reading, *, is_shown: bool) -> None:
        self._recount.add(reading, is_shown=is_shown)

    def conclude(self, summary: Summary) -> None:
        self._recount.conclude(summary.duration_s)

    def balance(self, second: int, at_s: float, *, has_ended: bool) -> Balance:
        return self._recount.balance(at_s, has_ended=has_ended)
