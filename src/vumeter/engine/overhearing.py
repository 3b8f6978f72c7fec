"""What scripts print and log in a worker, line by line, with the place where they do."""

import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns

LONGEST_LINE = 300
"""Characters of a line that are kept."""

AT_ONCE = 20
"""So many lines of a worker are told at once; from then on one a second."""

Told = Callable[[str, str], None]
"""Takes a place, "shop.py:12", and a line."""

_NOT_THE_SCRIPT = frozenset({logging.__file__, warnings.__file__})


class Allowance:
    """Lets some lines through at once and then one a second, and counts the others."""

    def __init__(self, clock: NsClock = monotonic_ns) -> None:
        self._clock = clock
        self._left = float(AT_ONCE)
        self._at_ns = clock()
        self.left_out = 0
        """Lines since the last one that was let through."""

    def grants(self) -> bool:
        """Return whether one more line may be told, and count it either way."""
        now_ns = self._clock()
        self._left = min(AT_ONCE, self._left + (now_ns - self._at_ns) / NANOSECONDS_PER_S)
        self._at_ns = now_ns
        if self._left < 1:
            self.left_out += 1
            return False
        self._left -= 1
        return True


class Ear(io.TextIOBase):
    """
    Stands for a standard stream: hands on whole lines, as many as it may.

    Any thread may write to it; *told* is called in the one that does.
    """

    encoding = "utf-8"

    def __init__(self, told: Told, allowance: Allowance) -> None:
        self._told = told
        self._allowance = allowance
        self._lock = threading.Lock()
        # By thread: print() writes a line and its end separately.
        self._begun: dict[int, str] = {}

    def writable(self) -> bool:
        """Return that it is."""
        return True

    def write(self, text: str) -> int:
        """Take *text*; tell of the lines that it ends."""
        with self._lock:
            thread = threading.get_ident()
            *ended, begun = (self._begun.pop(thread, "") + text).split("\n")
            if begun:
                self._begun[thread] = begun[:LONGEST_LINE]
            for line in filter(str.strip, ended):
                self._tell(line)
        return len(text)

    def _tell(self, line: str) -> None:
        left_out = self._allowance.left_out
        if not self._allowance.grants():
            return
        self._allowance.left_out = 0
        before = f"({left_out} lines before this were left out) " if left_out else ""
        self._told(_place(), before + line[:LONGEST_LINE])


@contextmanager
def overheard(told: Told) -> Iterator[None]:
    """Have *told* hear what is written to the standard streams meanwhile."""
    allowance = Allowance()
    former = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Ear(told, allowance), Ear(told, allowance)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = former
        if allowance.left_out:
            told("script", f"{allowance.left_out} more lines were left out")


def _place() -> str:
    """Return where the line comes from: the first frame that is neither ours nor a logger's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in {__file__, *_NOT_THE_SCRIPT}:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
