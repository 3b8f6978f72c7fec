"""Starting a run process that outlives the terminal it was started from."""

import asyncio
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from vumeter.cli.order import Answer, Order, Refused
from vumeter.errors import VumeterError
from vumeter.link.folders import RunFolder


class Starting:
    """A run process on its way up."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None, "started with a pipe"
        self._process = process
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
            self._folder = _folder(self._process, self._pipe.read())
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


def _folder(process: "subprocess.Popen[bytes]", said: bytes) -> RunFolder:
    if not said:
        raise VumeterError(
            f"The run process ended before it began (exit {process.wait()}).",
            hint="What it said is above; it is a bug.",
        )
    answer = msgspec.msgpack.decode(said, type=Answer)
    if isinstance(answer, Refused):
        process.wait()
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
    process = subprocess.Popen(
        # -P: a module of the folder that one happens to stand in must not be imported.
        [sys.executable, "-P", "-m", "vumeter.cli.conduct"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    starting = Starting(process)
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
