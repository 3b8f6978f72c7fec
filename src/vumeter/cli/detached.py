"""Starting a run process that outlives the terminal it was started from."""

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
        self._process = process

    def folder(self) -> RunFolder:
        """
        Wait until the load is on, and return the run's folder.

        Raises:
            VumeterError: The run process refused, with its message and its exit code.
        """
        assert self._process.stdout is not None, "started with a pipe"
        said = self._process.stdout.read()
        if not said:
            code = self._process.wait()
            raise VumeterError(
                f"The run process ended before it began (exit {code}).",
                hint="What it said is above; it is a bug.",
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
    process = subprocess.Popen(
        # -P: a module of the folder that one happens to stand in must not be imported.
        [sys.executable, "-P", "-m", "vumeter.cli.conduct"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None, "started with pipes"
    try:
        try:
            with process.stdin:
                process.stdin.write(msgspec.msgpack.encode(order))
        except BrokenPipeError:
            pass  # it ended at once; reading its answer says how
        yield Starting(process)
    except BaseException:
        process.terminate()
        raise
    finally:
        process.stdout.close()
