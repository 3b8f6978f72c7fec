"""Starting a run process that outlives the terminal it was started from."""

import asyncio
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from vumeter.cli.order import Answer, Order, Refused
from vumeter.errors import VumeterError
from vumeter.link.folders import RunFolder


class Starting:
    """A run process on its way up."""

    def __init__(self, process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> None:
        assert process.stdout is not None, "started with a pipe"
        self._process = process
        self._complaints = complaints
        self._pipe = process.stdout
        self._folder: RunFolder | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the load is known to be on."""
        return self._folder is not None

    def has_answered(self) -> bool:
        """Whether `folder` would return, or raise, without waiting."""
        return bool(select.select([self._pipe], [], [], 0)[0])

    def folder(self) -> RunFolder:
        """
        Wait until the load is on, and return the run's folder.

        Raises:
            VumeterError: The run process refused, with its message and its exit code.
        """
        if self._folder is None:
            self._folder = self._answer(self._pipe.read())
        return self._folder

    async def arrival(self) -> RunFolder:
        """Do the same as `folder` without holding up the loop; may be cancelled and asked again."""
        loop = asyncio.get_running_loop()
        answered = asyncio.Event()
        if self._folder is None:
            loop.add_reader(self._pipe, answered.set)
            try:
                await answered.wait()
            finally:
                loop.remove_reader(self._pipe)
        return self.folder()

    def close(self) -> None:
        """Listen no longer."""
        self._pipe.close()
        self._complaints.close()

    def _answer(self, said: bytes) -> RunFolder:
        if not said:
            code = self._process.wait()
            self._complaints.seek(0)
            raise VumeterError(
                f"The run process ended before it began (exit {code}). This is a bug.",
                hint=self._complaints.read().decode(errors="replace"),
            )
        answer = msgspec.msgpack.decode(said, type=Answer)
        if isinstance(answer, Refused):
            self._process.wait()
            error = VumeterError(answer.message, hint=answer.hint)
            error.exit_code = answer.exit_code
            raise error
        return RunFolder(Path(answer.folder))


@contextmanager
def start(order: Order) -> Iterator[Starting]:
    """
    Start a run process for *order*; what the context does meanwhile costs no time.

    Leaving the context before the load is on (ctrl+c) takes the process down again.
    """
    # Not this terminal: a cockpit may be on it by the time that there is something to say.
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with what is starting
    process = subprocess.Popen(
        # -P: a module of the folder that one happens to stand in must not be imported.
        [sys.executable, "-P", "-m", "vumeter.cli.conduct"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
    )
    starting = Starting(process, complaints)
    assert process.stdin is not None, "started with a pipe"
    try:
        try:
            with process.stdin:
                process.stdin.write(msgspec.msgpack.encode(order))
        except BrokenPipeError:
            pass  # it ended at once; reading its answer says how
        yield starting
    except BaseException:
        if not starting.has_begun:
            process.terminate()
        raise
    finally:
        starting.close()
