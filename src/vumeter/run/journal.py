"""Every command that was given to a run, with its effect and when the workers had taken it up."""

from collections import Counter

import msgspec

from vumeter.model.pilot import PilotKind
from vumeter.model.throttle import Command, JournalEntry

_MERGED_S = 60.0
_MERGED_PARTS = 200


class Journal:
    """
    Numbers commands from 1 and keeps them all: they come from hands, not from load.

    A command that the workers have to take up is acknowledged when each of them has said
    so as many times as it was told something, or is gone.
    """

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []
        self._awaited: dict[int, Counter[int]] = {}
        self._merged: Counter[int] = Counter()

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """All of them, oldest first."""
        return tuple(self._entries)

    @property
    def next_id(self) -> int:
        """The number of the command that will be written down next."""
        return len(self._entries) + 1

    def write(
        self, command: Command, *, accepted: bool, effect: str, second: float, at_unix_ms: int
    ) -> JournalEntry:
        """Write a command down with its outcome, and return the entry."""
        entry = JournalEntry(
            id=self.next_id,
            second=second,
            at_unix_ms=at_unix_ms,
            command=command,
            accepted=accepted,
            effect=effect,
        )
        self._entries.append(entry)
        return entry

    def merging(self, command: Command, *, second: float) -> int | None:
        """
        Return the newest entry, which *command* goes on with; `None`: it is an entry of its own.

        Moves of the cruise control that come one after the other are one entry a minute, and of
        a long run one for each 200th part of it: what is written by itself must not grow for ever.
        """
        if command.author != PilotKind.CRUISE or not self._entries:
            return None
        last = self._entries[-1]
        known = last.command
        is_like = (known.author, known.kind, known.scenario, known.lever) == (
            command.author,
            command.kind,
            command.scenario,
            command.lever,
        )
        is_near = second - last.second < max(_MERGED_S, second / _MERGED_PARTS)
        return last.id if is_like and last.accepted and is_near else None

    def merge(self, serial: int, command: Command, *, effect: str) -> None:
        """Let the newest entry, *serial*, stand for *command* as well."""
        self._merged[serial] += 1
        moves = self._merged[serial] + 1
        self._entries[serial - 1] = msgspec.structs.replace(
            self._entries[serial - 1],
            command=command,
            effect=f"{effect} ({moves} moves)",
            acknowledged_s=None,
        )

    def await_workers(self, serial: int, workers: frozenset[int], *, messages: int) -> None:
        """Expect that each of *workers* acknowledges command *serial* for each of *messages*."""
        if workers and messages:
            # An entry that was merged may still wait for the moves before.
            awaited = self._awaited.setdefault(serial, Counter())
            awaited.update(dict.fromkeys(workers, messages))

    def acknowledge(self, serial: int, worker: int, *, second: float) -> bool:
        """Take one acknowledgement into account; return whether it was the last that was due."""
        awaited = self._awaited.get(serial)
        if awaited is None:
            return False
        awaited[worker] -= 1
        return self._settle(serial, second)

    def forget(self, worker: int, *, second: float) -> list[int]:
        """No longer wait for *worker*, and return the commands that only it was missing from."""
        for awaited in self._awaited.values():
            del awaited[worker]
        return [serial for serial in list(self._awaited) if self._settle(serial, second)]

    def _settle(self, serial: int, second: float) -> bool:
        if any(count > 0 for count in self._awaited[serial].values()):
            return False
        del self._awaited[serial]
        entry = self._entries[serial - 1]
        self._entries[serial - 1] = msgspec.structs.replace(entry, acknowledged_s=second)
        return True
