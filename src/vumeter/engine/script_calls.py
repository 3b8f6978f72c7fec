"""The requests of a script as VUs send them: one step for each kind, its bytes come later."""

from operator import attrgetter

from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin
from vumeter.engine.recorder import Recorder, recorder_of
from vumeter.engine.steps import Step
from vumeter.model.flow import Request
from vumeter.script.call import Call

_MOST_STEPS = 1000
SWEPT_FROM_S = 0.4
"""Shorter time-outs could slip through between two sweeps, and get a timer of their own."""

_Key = tuple[str, str, Origin, float, int, bool]
_ASKING = (("Expect", "100-continue"),)


class CallStep(Step):
    """A request whose bytes a script writes, and whose answer it looks into."""

    __slots__ = ("wants_care",)

    def __init__(
        self, request: Request, recorder: Recorder, *, keep_alive: bool, cookies: bool
    ) -> None:
        super().__init__(request, recorder, keep_alive=keep_alive, cookies=cookies)
        self.wants_care = self.asks_first or request.timeout_s < SWEPT_FROM_S
        """Whether to send it is more than to write its bytes."""
        self.payload = None
        # Of the VU, which has them from its call.
        self.template.render = attrgetter("payload")

    def _expectation(self, is_bodyless: bool, is_watchful: bool) -> Expectation:
        return Expectation(
            is_bodyless=is_bodyless,
            collects_body=True,
            collects_headers=True,
            is_watchful=is_watchful,
            learns=not self.asks_first,
        )


class Calls:
    """
    The steps of all calls in one scenario of a worker, made when they first come.

    Calls that differ in nothing but path, headers and body share a step, and with it what is
    known of their answers' heads.
    """

    __slots__ = ("_cookies", "_keep_alive", "_recorders", "_steps")

    def __init__(self, recorders: dict[str, Recorder], *, keep_alive: bool, cookies: bool) -> None:
        self._recorders = recorders
        self._keep_alive = keep_alive
        self._cookies = cookies
        self._steps: dict[_Key, CallStep] = {}

    def step(self, call: Call) -> CallStep:
        """Return what *call* is sent and counted by."""
        if call.step is not None:
            known: CallStep = call.step
            return known
        manner = call.manner
        origin, asks = manner.origin, manner.asks_first
        key = (call.name, manner.method, origin, manner.timeout_s, manner.redirects, asks)
        found = self._steps.get(key)
        if found is None:
            request = Request(
                name=call.name,
                method=manner.method,
                url=f"{origin.scheme}://{origin.authority}/",
                timeout_s=manner.timeout_s,
                redirects=manner.redirects,
                headers=_ASKING if asks else (),
            )
            found = CallStep(
                request,
                self.recorder(call.name),
                keep_alive=self._keep_alive,
                cookies=self._cookies,
            )
            # One object for each origin, so that a VU sees by identity that it need not change.
            found.origin = origin
            # Bounded, for a script may make up names and time-outs without end.
            if len(self._steps) >= _MOST_STEPS:
                self._steps.clear()
            self._steps[key] = found
        call.step = found
        if not found.wants_care:
            call.quick_step = found
        return found

    def recorder(self, name: str) -> Recorder:
        """Return where what is called *name* is counted."""
        return recorder_of(self._recorders, name)
