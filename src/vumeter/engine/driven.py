"""
A task that its owner drives: what it asks of that one costs no future and no turn of the loop.

asyncio's own task learns of a result by way of a future, whose callback the loop runs a turn
later. Here the owner hands the result
over within the call that brings it. For everything else the coroutine finds itself in a task:
it may await other futures, `asyncio.timeout` and task groups work, and it can be cancelled.
"""

import asyncio
import contextvars
from asyncio.tasks import _enter_task, _leave_task  # for tasks that are not asyncio's own
from collections.abc import Callable, Coroutine
from typing import Any

OWNED = object()
"""What a coroutine yields while it waits for its owner: the value that `resume` is given."""


class DrivenTask(asyncio.Future[None]):
    """
    Runs *work*, its first step when `start` is called.

    `asyncio.all_tasks` does not know it: whoever made it sees to its end.

    Args:
        work: What to run. It is to let no exception through but `CancelledError`.
        loop: Whose thread this is.
        on_bug: Told of any other exception, after which this counts as cancelled.
    """

    __slots__ = (
        "_complaint",
        "_must_cancel",
        "_on_bug",
        "_own_loop",
        "_run_in_context",
        "_send",
        "_turn",
        "_waits_for",
        "_work",
        "cancels",
        "is_stepping",
    )

    def __init__(
        self,
        work: Coroutine[Any, Any, None],
        *,
        loop: asyncio.AbstractEventLoop,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        super().__init__(loop=loop)
        self.is_stepping = False
        """Whether the coroutine itself runs at this moment, and no task that it has made."""
        self._own_loop = loop
        self._work = work
        self._send = work.send
        self._on_bug = on_bug
        self._run_in_context = contextvars.copy_context().run
        self._turn: asyncio.Handle | None = None
        """The loop is to run the next step."""
        self._waits_for: asyncio.Future[Any] | None = None
        """A future that is not its owner's."""
        self._must_cancel = False
        self._complaint: RuntimeError | None = None
        """What to raise where something was awaited that nobody can wait for."""
        self.cancels = 0
        """How often it was asked to cancel, less how often that was taken back."""

    def start(self) -> None:
        """Run the first step, now if no other task runs."""
        self.resume(None)

    def resume(self, value: object) -> None:
        """Hand *value* to the coroutine, which waits for it: now, if no other task runs."""
        if self._turn is not None:
            # Cancelled meanwhile: it will hear of that instead.
            return
        loop = self._own_loop
        try:
            _enter_task(loop, self)  # type: ignore[arg-type]  # made for such as this
        except RuntimeError:
            self._take_turn(value)
            return
        self.is_stepping = True
        try:
            if self._must_cancel or self._complaint is not None:
                awaited = self._run_in_context(self._work.throw, self._what_to_raise())
            else:
                awaited = self._run_in_context(self._send, value)
        except StopIteration:
            self.set_result(None)
        except asyncio.CancelledError:
            super().cancel()
        except BaseException as error:
            super().cancel()
            self._on_bug(error)
        else:
            if awaited is not OWNED or self._must_cancel:
                self._await(awaited)
        finally:
            self.is_stepping = False
            _leave_task(loop, self)  # type: ignore[arg-type]  # see above

    # What asyncio asks of a task.

    def cancel(self, msg: Any | None = None) -> bool:
        """Let the coroutine be interrupted where it waits, as `asyncio.Task.cancel` does."""
        if self.done():
            return False
        self.cancels += 1
        if self._waits_for is not None:
            if not self._waits_for.cancel(msg):
                # It is done, and the step that says so about to come.
                self._must_cancel = True
            return True
        self._must_cancel = True
        if not self.is_stepping and self._turn is None:
            self._take_turn(None)
        return True

    def cancelling(self) -> int:
        """Return how often it was asked to cancel, less how often that was taken back."""
        return self.cancels

    def uncancel(self) -> int:
        """Take one request to cancel back, and return how many are left."""
        if self.cancels > 0:
            self.cancels -= 1
        return self.cancels

    def get_coro(self) -> Coroutine[Any, Any, None]:
        """Return what it runs."""
        return self._work

    def get_name(self) -> str:
        """Return what it is called."""
        return "script"

    # Step by step.

    def _take_turn(self, value: object) -> None:
        self._turn = self._own_loop.call_soon(self._turn_has_come, value)

    def _turn_has_come(self, value: object) -> None:
        if self.done():
            return
        self._turn = self._waits_for = None
        self.resume(value)

    def _await(self, awaited: Any) -> None:
        """Come back when what is not the owner's is there."""
        if getattr(awaited, "_asyncio_future_blocking", None):
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(self._step_on)
            self._waits_for = awaited
            if self._must_cancel and awaited.cancel():
                self._must_cancel = False
            return
        if awaited is not None and awaited is not OWNED:
            self._complaint = RuntimeError(f"{awaited!r} cannot be waited for in a script")
        if self._turn is None:
            # Nothing, to let others run; or it was cancelled in the middle of its step.
            self._take_turn(None)

    def _what_to_raise(self) -> BaseException:
        complaint, self._complaint = self._complaint, None
        if not self._must_cancel and complaint is not None:
            return complaint
        self._must_cancel = False
        return asyncio.CancelledError()

    def _step_on(self, _: "asyncio.Future[Any]") -> None:
        # Whoever awaits a future takes its result, or its exception, from there.
        self._turn_has_come(None)
