"""One worker process, as the run process holds it."""

import asyncio
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator

from vumeter.engine.wire import Wire, WireError
from vumeter.errors import VumeterError
from vumeter.model.messages import FromWorker, Ready, ToWorker

_READY_WITHIN_S = 20.0
_END_WITHIN_S = 2.0
_KEPT_LINES = 20


class Member:
    """
    A worker process, the conversation with it, and what it says on its standard error.

    `start` it, `listen` to it, and `end` it in any case.
    It works in *folder*; `None`: where this process is.
    """

    def __init__(self, index: int, *, folder: str | None = None) -> None:
        self.index = index
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._wire: Wire | None = None
        self._draining: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def pid(self) -> int | None:
        """Of the process; `None` before it was started."""
        return self._process.pid if self._process is not None else None

    @property
    def was_killed(self) -> bool:
        """Whether a signal has ended it."""
        code = self._process.returncode if self._process is not None else None
        return code is not None and code < 0

    async def start(self) -> None:
        """
        Start the process, and return when it is ready.

        Raises:
            VumeterError: It does not come up; what there is of it is for `end` to clear away.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._wire = await Wire.over(ours, FromWorker)
            try:
                self._process = await _spawn(theirs, self._folder)
            except OSError as error:
                raise VumeterError(f"Worker {self.index} cannot be started: {error}.") from error
        assert self._process.stderr is not None, "started with a pipe"
        self._draining = asyncio.create_task(self._drain(self._process.stderr))
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                first = await self._wire.receive()
                if not isinstance(first, Ready):
                    cause = await self.ended()
                    raise VumeterError(f"Worker {self.index} did not come up: {cause}.")
        except TimeoutError:
            raise VumeterError(
                f"Worker {self.index} was not ready within {_READY_WITHIN_S:g} s."
            ) from None

    def send(self, message: ToWorker) -> None:
        """Send *message*, to a process that was started."""
        assert self._wire is not None, "started"
        try:
            self._wire.send(message)
        except WireError as error:
            self.kill(str(error))

    async def messages(self) -> AsyncIterator[FromWorker]:
        """Yield what the worker says, until its end."""
        assert self._wire is not None, "started"
        try:
            while (message := await self._wire.receive()) is not None:
                yield message
        except WireError as error:
            self.kill(str(error))

    def kill(self, complaint: str) -> None:
        """End the process at once, because of *complaint*."""
        self._last_lines.append(complaint)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> str:
        """Wait for the end of the process, and return why it ended, in words."""
        assert self._process is not None, "started"
        code = await self._process.wait()
        if self._draining is not None:
            await asyncio.wait((self._draining,), timeout=_END_WITHIN_S)
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}: {self._last_lines[-1]}" if self._last_lines else how

    async def end(self) -> None:
        """Hang up, whereupon the worker ends itself, and make sure that it does."""
        if self._wire is not None:
            await self._wire.close(flush=False)
        if self._process is not None:
            try:
                await self._wait_for_end(self._process)
            finally:
                if self._process.returncode is None:
                    self._process.kill()
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait((self._draining,))

    @staticmethod
    async def _wait_for_end(process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(_END_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _drain(self, stderr: asyncio.StreamReader) -> None:
        """Keep the last lines of what the process complains of; read, so that it never blocks."""
        while chunk := await stderr.read(65_536):
            lines = chunk.decode(errors="replace").splitlines()
            self._last_lines.extend(line.strip() for line in lines if line.strip())


async def _spawn(plug: socket.socket, folder: str | None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        # Without the working directory on the path: what lies in the user's folder, a
        # "select.py" say, is not what a worker means to import.
        "-P",
        "-m",
        "vumeter.engine.leash",
        "vumeter.engine.worker",
        str(plug.fileno()),
        pass_fds=(plug.fileno(),),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
