"""A virtual user that plays a script: its coroutine runs in a task, its requests do not."""

import asyncio
import random
from collections.abc import Generator
from types import coroutine
from typing import TYPE_CHECKING, Any

from vumeter.client.exchange import Exchange
from vumeter.clock import monotonic_ns
from vumeter.engine.deadline import ring_at
from vumeter.engine.driven import OWNED, DrivenTask
from vumeter.engine.program import WAITS
from vumeter.engine.script_calls import SWEPT_FROM_S
from vumeter.engine.slowest import note
from vumeter.engine.steps import Step
from vumeter.engine.virtual_user import NOT_DUE, VirtualUser, backoff_s
from vumeter.model.measure import ErrorKind
from vumeter.script.call import Call
from vumeter.script.loading import place, words
from vumeter.script.response import Response
from vumeter.script.scenario import Act

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd
    from vumeter.engine.script_program import PlayedScript


class ScriptedUser(VirtualUser):
    """
    Walks like any VU, and stops at two operations of its own.

    `play` calls a coroutine, in a task of which iterations that follow each other without
    asking share one. What the coroutine asks for goes the way of every request, over the same
    connection and into the same counts; the answer is handed to it within the call that brings
    it. A task that the script has made gets it through a future, as asyncio has it.
    """

    __slots__ = (
        "_hears",
        "_is_cut",
        "_is_playing",
        "_lap_end",
        "_next",
        "_play",
        "_played",
        "_response",
        "_vu",
        "_waiter",
        "checks",
        "payload",
    )

    def __init__(
        self, crowd: "Crowd", script: "PlayedScript", rng: random.Random, *, number: int
    ) -> None:
        super().__init__(crowd, rng, number=number)
        self._played = script
        self._hears = script.hears
        self._lap_end = script.program.steps_end
        self._vu = script.face(self)
        self.checks = script.own_checks
        """The outcomes of checks that stand beside those of the last call's answer."""
        self.payload = b""
        """The request that is sent, or was sent last."""
        self._play: DrivenTask | None = None
        """Runs coroutines of the script, as long as one follows the other."""
        self._next: tuple[Act, int] | None = None
        """What `_play` is to run when it is back from walking."""
        self._is_playing = False
        """Whether a coroutine has been called that has not returned."""
        self._is_cut = False
        """Whether it is to end at once: nobody waits for what it does."""
        self._waiter: asyncio.Future[Any] | None = None
        """Who waits for an answer, or the end of a pause: `_play`, or a future of another task."""
        self._response: Response | None = None

    # What the program asks for.

    def play(self, act: Act, then: int) -> int:
        """Call *act*, and go on at *then* when it has returned."""
        self._next = act, then
        if self._play is None:
            self._start()
        elif self._is_playing:
            # What was cut short may have something to clear away first.
            self._play.add_done_callback(lambda _: self._play_on())
        return WAITS

    def hear(self) -> int:
        """Tell the coroutine what became of what it waits for."""
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            return WAITS
        if isinstance(waiter, DrivenTask):
            waiter.resume(self._response)
        elif not waiter.done():
            waiter.set_result(self._response)
        return WAITS

    def sent(self) -> bytes:
        """Return the request in flight, which the script has written."""
        return self.step.payload or self.payload

    # What the script asks for, see `script.vu.Actor`.

    @coroutine
    def call(self, call: Call, payload: bytes) -> Generator[object, Any, Response]:
        """Send a request, and return what became of it."""
        play = self._play
        step = call.quick_step
        exchange = self.exchange
        if (
            play is None
            or not play.is_stepping
            or self._waiter is not None
            or self._is_cut
            or step is None
            or self._jar is not None
            or exchange is None
            or exchange.origin is not step.origin
            or exchange.transport is None
        ):
            return (yield from self._call_with_care(call, payload))
        # What that does, less what it asks: a fifth of what a request costs.
        self._waiter = play
        self.payload = payload
        self._then = self._hears
        self.step = step
        self._has_waited = self.is_awaiting = True
        recorder = step.recorder
        self.checks = recorder.checks
        recorder.sent_bytes += len(payload)
        self.sent_ns = monotonic_ns()
        exchange.send(payload, step.expected)
        try:
            response: Response = yield OWNED
        except asyncio.CancelledError:
            self._give_up_for(play)
            raise
        return response

    def _call_with_care(self, call: Call, payload: bytes) -> Generator[object, Any, Response]:
        waiter = self._wait()
        self.payload = payload
        step = self._played.calls.step(call)
        self.checks = step.recorder.checks
        self.request(step, self._hears)
        return self._heard(waiter)

    async def pause(self, wait_s: float) -> None:
        """Do nothing for a while."""
        if wait_s <= 0 or self.is_stopping:
            return
        waiter = self._wait()
        self.think(wait_s, self._hears)
        await self._heard(waiter)

    @coroutine
    def _heard(self, waiter: "asyncio.Future[Any]") -> Generator[object, Any, Any]:
        """Wait as *waiter* does, and return what is heard."""
        try:
            if waiter is self._play:
                return (yield OWNED)
            return (yield from waiter)
        except asyncio.CancelledError:
            self._give_up_for(waiter)
            raise

    # What becomes of it all.

    def leave(self) -> None:
        """Let go of everything, the coroutine first."""
        self._cut()
        super().leave()

    def cut_short(self) -> None:
        """End an iteration that waits, and with it the coroutine."""
        super().cut_short()
        self._cut()

    def _cut(self) -> None:
        self._next = None
        if self._play is not None and self._is_playing:
            self._is_cut = True
            self._play.cancel()
            # The worker is not to end before the coroutine has cleared away.
            self._crowd.spawn(_end_of(self._play))
        self._let_go()

    def _wait(self) -> "asyncio.Future[Any]":
        if self._waiter is not None:
            raise RuntimeError("a VU sends one request, or pauses, at a time; await it first")
        if self._is_cut:
            raise asyncio.CancelledError
        play = self._play
        if play is None or not play.is_stepping:
            self._waiter = waiter = asyncio.get_running_loop().create_future()
            return waiter
        self._waiter = play
        return play

    def _give_up_for(self, waiter: "asyncio.Future[Any]") -> None:
        """Do that if *waiter* waits: one that was left behind hears of it when others wait."""
        if self._waiter is waiter:
            self._give_up()

    def _give_up(self) -> None:
        """Let go of a request or a pause that the coroutine waits for no more."""
        if self._waiter is None:
            return
        self._let_go()
        self._crowd.rouse(self)
        self.interrupt()
        self._stop_opening()
        self.is_awaiting = False
        self._drop_connection()

    def _let_go(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and waiter is not self._play:
            # A task that the script has left behind may still wait for it.
            waiter.cancel()

    def _play_on(self) -> None:
        self._play, self._is_cut = None, False
        if self._next is not None:
            self._start()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._play = DrivenTask(self._run(), loop=loop, on_bug=self._fail)
        self._play.start()

    def _fail(self, error: BaseException) -> None:
        """Let a bug of ours end the worker, loudly."""
        self._crowd.spawn(_raise(error))

    async def _run(self) -> None:
        """Run what is to be played, until something has to be waited for."""
        play = self._play
        assert play is not None, "it runs this"
        vu, crowd, counts = self._vu, self._crowd, self._counts
        durations = counts.durations
        while self._next is not None:
            (act, then), self._next = self._next, None
            is_lap = then == self._lap_end
            error: BaseException | None = None
            self._is_playing = True
            while True:
                try:
                    await act(vu)
                except (Exception, SystemExit, asyncio.CancelledError) as raised:
                    error = raised
                    break
                if (
                    not is_lap
                    or not crowd.flows
                    or not self._has_waited
                    or self._waiter is not None
                    or self.is_leaving
                    or self._is_cut
                    or play.cancels
                ):
                    break
                # What `finish_iteration` and `_enter` do, less what they ask: a third of it.
                now_ns = monotonic_ns()
                counts.laps += 1
                took_us = (now_ns - self._entered_ns) // 1000
                # stats.histogram.bucket_index written out: a third of the whole lap.
                shift = took_us.bit_length() - 11
                index = (shift << 10) + (took_us >> shift) if shift > 0 else took_us
                durations.counts[index] += 1
                durations.sum_us += took_us
                self._entered_ns = now_ns
                self._cursor += 1
                self._has_waited = False
            self._is_playing = False
            if self._is_cut or play.cancels:
                # Whoever did that says how it goes on.
                break
            if error is not None:
                self._break(error)
            else:
                self._give_up()
                self._walk(then)
        else:
            self._play = None

    def _break(self, error: BaseException) -> None:
        """Count an exception that the script has let through; its iteration is over."""
        self._give_up()
        script = self._played
        self._counts.raised += 1
        self._crowd.remark(f"{place(error, script.path)}: {words(error)}")
        super()._retreat()

    # What became of a request.

    def _open(self, step: Step, wanted_ns: int) -> None:
        super()._open(step, wanted_ns)
        if step.timeout_s < SWEPT_FROM_S:
            ring_at(wanted_ns, step.timeout_ns, self.give_up_opening)

    def _send(self, exchange: Exchange) -> None:
        super()._send(exchange)
        if self.step.timeout_s < SWEPT_FROM_S:
            ring_at(self.sent_ns, self.step.timeout_ns, self.expire)

    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        """
        Record a complete answer, and hand it to the coroutine.

        The good case in full, as in `VirtualUser.answered`: by way of that, `_conclude` and the
        program it was 1.5 times as much of ours.
        """
        waiter = self._waiter
        if (
            type(waiter) is not DrivenTask
            or status >= 300
            or self.due_ns
            or self._opening is not None
        ):
            super().answered(status, received_bytes, done_ns)
            return
        recorder = self.step.recorder
        service_us = (done_ns - self.sent_ns) // 1000
        # stats.histogram.bucket_index written out, as there.
        shift = service_us.bit_length() - 11
        record = recorder.service
        record.counts[(shift << 10) + (service_us >> shift) if shift > 0 else service_us] += 1
        record.sum_us += service_us
        if service_us > recorder.slowest_us:
            note(self, service_us, done_ns, status=status, received_bytes=received_bytes)
        recorder.received_bytes += received_bytes
        if status != 200:
            recorder.unusual[status] += 1
        exchange = self.exchange
        response = Response(status, None, service_us, exchange.headers, exchange.body)  # type: ignore[union-attr]  # it has just answered
        # Not kept until the next answer: of 10,000 VUs that would be up to 10 GB.
        exchange.body = None  # type: ignore[union-attr]  # see above
        self.is_awaiting = False
        self._failures = 0
        self._waiter = None
        waiter.resume(response)

    def _conclude(self, status: int, done_ns: int) -> None:
        exchange = self.exchange
        assert exchange is not None, "it has just answered"
        self._response = Response(
            status,
            ErrorKind.STATUS if status >= 400 else None,
            (done_ns - self.sent_ns) // 1000,
            exchange.headers,
            exchange.body,
        )
        exchange.body = None
        super()._conclude(status, done_ns)

    def _landing(self, status: int, location: bytes) -> Step | None:
        landing = super()._landing(status, location)
        if landing is None and self._response is not None:
            self._response.error = ErrorKind.REDIRECT
        return landing

    def _count_failure(self, kind: ErrorKind, received_bytes: int) -> None:
        super()._count_failure(kind, received_bytes)
        waited_us = (monotonic_ns() - self.sent_ns) // 1000 if self.is_awaiting else 0
        self._response = Response(0, kind, waited_us)

    def _retreat(self) -> None:
        """Tell the coroutine of a failure, after such a time that failures are not too many."""
        self.is_awaiting = False
        self._failures += 1
        if self.due_ns > 0:
            self.due_ns = NOT_DUE
        wait_s = 0.0 if self.is_stopping else backoff_s(self._failures)
        self._then = self._hears
        if wait_s > 0:
            self.think(wait_s, self._then)
        else:
            self._walk(self._then)


async def _end_of(play: DrivenTask) -> None:
    await asyncio.wait((play,))


async def _raise(error: BaseException) -> None:
    raise error
