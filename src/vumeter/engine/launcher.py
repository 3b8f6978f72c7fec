"""The run process's side of the workers: starts them, hears them, ends them."""

import asyncio
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from vumeter.clock import monotonic_ns
from vumeter.engine.wire import Wire, WireError
from vumeter.errors import VumeterError
from vumeter.model.messages import (
    Finished,
    FromWorker,
    Launch,
    Pause,
    Ready,
    Retarget,
    Share,
    Stop,
)
from vumeter.model.plan import Plan

_READY_WITHIN_S = 20.0
_LEAD_NS = 50_000_000
"""Between the launch and run time 0, so that every worker is there when it begins."""
_CLOSE_WITHIN_S = 2.0
_LAST_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """A worker ended without having been told to, or before it had sent its last sample."""

    worker: int
    cause: str


class _Worker:
    """One worker process and the conversation with it."""

    def __init__(self, index: int, process: asyncio.subprocess.Process, wire: Wire) -> None:
        self.index = index
        self.process = process
        self.wire = wire
        self.messages = wire.messages()
        self.has_finished = False
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)

    async def drain(self) -> None:
        """Keep the last lines of what the process complains of, so that it never blocks."""
        assert self.process.stderr is not None, "started with a pipe"
        async for line in _lines(self.process.stderr):
            self.last_lines.append(line)

    def cause(self) -> str:
        """Return why the process ended, in words."""
        code = self.process.returncode
        ended = f"killed by signal {-code}" if code is not None and code < 0 else f"exit {code}"
        return f"{ended}: {self.last_lines[-1]}" if self.last_lines else ended


class Crew:
    """
    The worker processes of one run. Use once; `close` leaves nothing behind.

    *on_message* gets everything that workers say after they are ready, in each worker's
    order, and `WorkerLost` as the last word of one that died.
    """

    def __init__(
        self, plan: Plan, *, on_message: Callable[[int, FromWorker | WorkerLost], None]
    ) -> None:
        self._plan = plan
        self._on_message = on_message
        self._workers: dict[int, _Worker] = {}
        self._alive: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def alive(self) -> frozenset[int]:
        """The workers that still work."""
        return frozenset(self._alive)

    @property
    def pids(self) -> dict[int, int]:
        """The process of each worker that was started."""
        return {index: worker.process.pid for index, worker in self._workers.items()}

    async def start(self) -> int:
        """
        Start every worker, launch them together, and return when run time 0 is.

        Raises:
            VumeterError: A worker does not come up; the others are gone again.
        """
        try:
            for index in range(self._plan.workers):
                await self._spawn(index)
            await asyncio.gather(*(self._hear_ready(w) for w in self._workers.values()))
        except BaseException:
            await self.close()
            raise
        start_ns = monotonic_ns() + _LEAD_NS
        for worker in self._workers.values():
            portion = Share(index=worker.index, count=self._plan.workers)
            worker.wire.send(Launch(plan=self._plan, share=portion, start_ns=start_ns))
            self._alive.add(worker.index)
            self._tasks.append(asyncio.create_task(self._listen(worker)))
        return start_ns

    def send(self, message: Retarget | Pause | Stop) -> int:
        """Send *message* to all workers that live, and return to how many it went."""
        for index in self._alive:
            self._workers[index].wire.send(message)
        return len(self._alive)

    async def close(self) -> None:
        """End every worker; when this returns, or is cancelled, none is left."""
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.gather(*(self._close(worker) for worker in self._workers.values()))
        finally:
            self._alive.clear()
            for worker in self._workers.values():
                if worker.process.returncode is None:
                    worker.process.kill()

    async def _spawn(self, index: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "vumeter.engine.worker",
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                )
            except OSError as error:
                ours.close()
                raise VumeterError(f"Worker {index} cannot be started: {error}.") from error
        worker = _Worker(index, process, await Wire.over(ours, FromWorker))
        self._workers[index] = worker
        self._tasks.append(asyncio.create_task(worker.drain()))

    async def _hear_ready(self, worker: _Worker) -> None:
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                first = await anext(worker.messages, None)
                if isinstance(first, Ready):
                    return
                await worker.process.wait()
        except TimeoutError:
            raise VumeterError(
                f"Worker {worker.index} was not ready within {_READY_WITHIN_S:g} s."
            ) from None
        except WireError as error:
            raise VumeterError(f"Worker {worker.index} does not speak: {error}.") from error
        raise VumeterError(f"Worker {worker.index} did not come up: {worker.cause()}.")

    async def _listen(self, worker: _Worker) -> None:
        try:
            async for message in worker.messages:
                if isinstance(message, Finished):
                    worker.has_finished = True
                    self._alive.discard(worker.index)
                self._on_message(worker.index, message)
        except WireError as error:
            worker.last_lines.append(str(error))
            worker.process.kill()
        await worker.process.wait()
        self._alive.discard(worker.index)
        if not worker.has_finished:
            self._on_message(worker.index, WorkerLost(worker=worker.index, cause=worker.cause()))

    async def _close(self, worker: _Worker) -> None:
        # A worker whose conversation ends, ends itself.
        await worker.wire.close(flush=False)
        for wait_s, end in (
            (_CLOSE_WITHIN_S, worker.process.terminate),
            (1.0, worker.process.kill),
        ):
            try:
                async with asyncio.timeout(wait_s):
                    await worker.process.wait()
                return
            except TimeoutError:
                end()
        await worker.process.wait()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield the lines of *stream*; one that is too long for the reader's buffer is cut."""
    while chunk := await stream.read(65_536):
        for line in chunk.decode(errors="replace").splitlines():
            if line.strip():
                yield line.strip()
