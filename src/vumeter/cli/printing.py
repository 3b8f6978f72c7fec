"""
Lines for people while a run goes on, printed so that a stuck terminal holds up nothing.

They go to a terminal, and to the log in the run's folder, which `vumeter logs` prints.
"""

import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TextIO

from vumeter.errors import LinkError
from vumeter.link.folders import RunFolder
from vumeter.model.frame import Event, EventLevel, Frame, RunState
from vumeter.report.terminal import progress_line
from vumeter.stats.plaintext import plain

_WAITING_LINES = 100
_CLOSE_LIMIT_S = 0.5


class Printer:
    """
    Prints a line for each new second and each event of consequence; into a log every event,
    with the time of day, and no seconds. A sink of frames.

    A thread does the writing: a terminal that was stopped with ctrl+s must not stop the
    run. When a hundred lines wait for it, newer ones are dropped.
    """

    def __init__(self, stream: TextIO = sys.stderr, *, is_log: bool = False) -> None:
        self._stream = stream
        self._is_log = is_log
        self._second = -1
        self._phase_s = 0
        self._serial = 0
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING_LINES)
        self._writer = threading.Thread(target=self._write, name="printer", daemon=True)
        self._writer.start()

    def __call__(self, frame: Frame) -> None:
        """Print what is new in *frame*."""
        for event in frame.events:
            if event.serial > self._serial:
                self._tell(event)
            self._serial = max(self._serial, event.serial)
        if not self._is_log and frame.second > self._second:
            self._print(progress_line(frame))
        self._second = max(self._second, frame.second)
        self._tell_phase(frame)

    def _tell(self, event: Event) -> None:
        line = f"{event.second:7.1f}s {plain(event.author)}: {plain(event.text)}"
        if self._is_log:
            # Local time: it is for people who were there.
            at = datetime.fromtimestamp(event.at_unix_ms // 1000)
            self._print(f"{at:%Y-%m-%d %H:%M:%S} {line}")
        elif event.level is not EventLevel.INFO:
            self._print(line)

    def _tell_phase(self, frame: Frame) -> None:
        """Print a line for each second of setup and of teardown, which run time has none of."""
        states = {RunState.SETTING_UP: frame.setup, RunState.TEARING_DOWN: frame.teardown}
        phase = states.get(frame.state)
        elapsed_s = 0 if phase is None else int(phase.elapsed_s)
        if not self._is_log and elapsed_s > self._phase_s:
            self._print(progress_line(frame))
        self._phase_s = elapsed_s

    def close(self) -> None:
        """Wait a moment for what was not printed yet, if there is anyone to print it to."""
        if not self._writer.is_alive():
            return
        try:
            self._lines.put(None, timeout=_CLOSE_LIMIT_S)
        except queue.Full:
            return
        self._writer.join(_CLOSE_LIMIT_S)

    def _print(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return  # policy: nobody reads; newer lines are dropped, the run goes on

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                print(line, file=self._stream, flush=True)
            except (OSError, ValueError):
                return  # the terminal has gone


@contextmanager
def log_of(folder: RunFolder) -> Iterator[Printer]:
    """
    Open the log of the run in *folder*, and yield what prints into it.

    Raises:
        LinkError: It cannot be written.
    """
    try:
        # Its end, wherever that is: the run process complains into the same file.
        descriptor = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        stream = os.fdopen(descriptor, "a", encoding="utf-8")
    except OSError as error:
        raise LinkError(
            f"The run's log cannot be written: {folder.log}: {error.strerror}."
        ) from error
    printer = Printer(stream, is_log=True)
    try:
        yield printer
    finally:
        printer.close()
        with suppress(OSError):  # what a full disk did not take is lost
            stream.close()
