"""What sends the requests of a VU: one at a time, over connections that it keeps."""

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from vumeter.client.cookies import CookieJar
from vumeter.client.exchange import Exchange
from vumeter.client.failures import error_kind
from vumeter.client.origin import Origin
from vumeter.client.redirects import (
    Asked,
    Hop,
    RedirectError,
    redirected,
    target_of,
    with_cookies,
)
from vumeter.clock import monotonic_ns
from vumeter.engine.advice import advice
from vumeter.engine.deadline import is_over
from vumeter.engine.phases import Opening, phases_of
from vumeter.engine.steps import Step
from vumeter.model.measure import ErrorKind

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd

_MOST_ASIDES = 16


class Sender(ABC):
    """
    Opens connections and keeps them, sends steps with the cookies that targets have set, and
    finds out where redirects lead.

    It knows nothing of iterations: when a step is sent, and what its answer means for what
    comes next, is for its heir to say, who is the caller of its exchanges.
    """

    __slots__ = (
        "_asides",
        "_crowd",
        "_first_sent_ns",
        "_jar",
        "_opening",
        "_rendered",
        "_task",
        "_trail",
        "exchange",
        "is_awaiting",
        "is_cruising",
        "opening_ns",
        "sent_ns",
        "step",
    )

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self.step: Step
        """The request in flight, or the last one; none before the first."""
        self.exchange: Exchange | None = None
        # Open connections to the scenario's other origins, and to those of redirects.
        self._asides: dict[Origin, Exchange] = {}
        # `None` until a target sets the first cookie.
        self._jar: CookieJar | None = None
        # Requests that a chain of redirects has come by with the cookies that there are now.
        self._trail: tuple[Asked, ...] = ()
        # The request in flight, where it was rendered for it alone.
        self._rendered = b""
        self.sent_ns = self._first_sent_ns = 0
        # How long the request in flight had to wait for a connection, if it had to.
        self._opening: Opening | None = None
        self._task: asyncio.Task[None] | None = None
        """Opens a connection for `step`."""
        self.opening_ns = 0
        """Since when it does; 0: it does not."""
        self.is_awaiting = False
        """Whether a request has been sent whose answer is not complete."""
        self.is_cruising = False
        """Whether the next iteration may begin without asking: nothing is out of the usual."""

    @property
    def connections(self) -> int:
        """How many it has open, or is opening."""
        return (self.exchange is not None) + (self._task is not None) + len(self._asides)

    @property
    def is_connected(self) -> bool:
        """Whether the next request need not wait for a connection, unless it goes elsewhere."""
        return self.exchange is not None and self.exchange.transport is not None

    @property
    def opening(self) -> Opening | None:
        """How long the request in flight had to wait for a connection, if it had to."""
        return self._opening

    # What the exchange tells.

    @abstractmethod
    def answered(self, status: int, received_bytes: int, done_ns: int) -> None:
        """Go on after a complete answer."""

    @abstractmethod
    def failed(self, kind: ErrorKind, received_bytes: int) -> None:
        """Go on after a request that was sent and will not be answered."""

    def adjust_sent(self, by_bytes: int) -> None:
        """Count what went out beyond the request as it is written."""
        self.step.recorder.sent_bytes += by_bytes

    def answered_in_parts(self, *, written_ns: int, first_ns: int, done_ns: int) -> None:
        """Record the parts of an answer that took several reads, or had a large request."""
        sent_ns = self.sent_ns
        written_ns = max(written_ns, sent_ns)
        phases_of(self.step.recorder).answered_in_parts(
            service_us=(done_ns - sent_ns) // 1000,
            sending_us=(written_ns - sent_ns) // 1000,
            waiting_us=(first_ns - written_ns) // 1000,
            receiving_us=(done_ns - first_ns) // 1000,
        )

    def take_cookies(self, lines: list[bytes]) -> None:
        """Keep what the answer sets, which comes just after; such a VU does not cruise."""
        if not self._crowd.script.keeps_cookies or self.exchange is None:
            return
        if self._jar is None:
            self._jar = CookieJar()
        self.is_cruising = False
        path = target_of(self.sent())
        self._jar.take(lines, origin=self.exchange.origin, path=path, now_ns=monotonic_ns())

    # Connections.

    @abstractmethod
    def _fail_to_connect(self, kind: ErrorKind) -> None:
        """Go on after a request for which there was no connection."""

    def _exchange_for(self, origin: Origin) -> Exchange | None:
        """Return an open connection to *origin*, which becomes `exchange`, if there is any."""
        exchange = self.exchange
        if exchange is None or exchange.origin != origin:
            if exchange is not None:
                self._asides[exchange.origin] = exchange
            exchange = self.exchange = self._asides.pop(origin, None)
            if len(self._asides) > _MOST_ASIDES:
                # Redirects may lead to ever more origins.
                self._asides.pop(next(iter(self._asides))).close()
        if exchange is not None and exchange.transport is None:
            # The target has closed it meanwhile, which it may.
            if exchange.was_unasked:
                self._crowd.remark(f"{origin.authority} sends what no request has asked for.")
            exchange = self.exchange = None
        return exchange

    def _open(self, step: Step, wanted_ns: int) -> None:
        """Open a connection for *step*, wanted since *wanted_ns*, and send it then."""
        self.opening_ns = wanted_ns
        self._task = self._crowd.spawn(self._connect(step, wanted_ns))

    async def _connect(self, step: Step, wanted_ns: int) -> None:
        exchange = self._crowd.connector.exchange(
            self, step.origin, is_heeded=self._crowd.script.heeds_answers
        )
        try:
            await self._crowd.connector.open(exchange)
        except (OSError, ValueError) as error:
            self._refuse(error)
            return
        self._task, self.opening_ns = None, 0
        if exchange.transport is None:
            unasked = exchange.was_unasked
            self._fail_to_connect(ErrorKind.PROTOCOL if unasked else ErrorKind.CLOSED)
            return
        self.exchange = exchange
        self._opening = (
            (monotonic_ns() - wanted_ns) // 1000,
            exchange.connecting_ns // 1000,
            exchange.handshaking_ns // 1000,
        )
        self._send(exchange)
        self._first_sent_ns = self.sent_ns

    def give_up_opening(self, since_ns: int) -> None:
        """Fail the request that has wanted a connection since *since_ns*, if it still does."""
        step = self.step
        if self.opening_ns != since_ns:
            return
        if not is_over(since_ns, step.timeout_ns, otherwise=self.give_up_opening):
            return
        self._stop_opening()
        self._refuse(self._crowd.connector.lateness(step.origin, timeout_s=step.timeout_s))

    def _refuse(self, error: OSError | ValueError) -> None:
        """Give up `step`, for which there is no connection because of *error*."""
        self._task, self.opening_ns = None, 0
        kind = error_kind(error, connected=False)
        self._crowd.remark(advice(kind, error, self.step.origin))
        self._fail_to_connect(kind)

    def _stop_opening(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task, self.opening_ns = None, 0

    def _drop_connection(self) -> None:
        if self.exchange is not None:
            self.exchange.close()
            self.exchange = None

    def _hang_up(self) -> None:
        """Let go of all connections, and of the one that is being opened."""
        self._stop_opening()
        self._opening = None
        self._drop_connection()
        for exchange in self._asides.values():
            exchange.close()
        self._asides.clear()

    # Requests.

    @abstractmethod
    def _is_usual(self) -> bool:
        """Return whether the next request may follow the one that is sent without asking."""

    def _send(self, exchange: Exchange) -> None:
        """Send `step` over *exchange*, which is open."""
        step = self.step
        payload = step.payload
        if payload is None:
            payload = self._rendered = step.template.render(self)
        if self._jar is not None:
            payload = self._with_cookies(payload, self._jar)
        step.recorder.sent_bytes += len(payload)
        self.is_awaiting = True
        # Whatever needs a second look after the answer keeps off the good path.
        self.is_cruising = (
            self._crowd.cruises
            and self._jar is None
            and self._opening is None
            # Where a redirect has led to is no place for what comes next.
            and step.redirects_left == step.redirects
            and self._is_usual()
        )
        self.sent_ns = monotonic_ns()
        if step.asks_first:
            exchange.ask_first(payload, step.expected)
        else:
            exchange.send_now(payload, step.expected)

    def _with_cookies(self, payload: bytes, jar: CookieJar) -> bytes:
        cookies = jar.header(self.step.origin, target_of(payload), now_ns=monotonic_ns())
        return with_cookies(payload, cookies) if cookies else payload

    def sent(self) -> bytes:
        """Return the request in flight, without the cookies that were added to it."""
        payload = self.step.payload
        return payload if payload is not None else self._rendered

    def _landing(self, status: int, location: bytes) -> Step | None:
        """Return the request that a redirect asks for; `None`, with a remark, if it cannot be."""
        step = self.step
        if not step.redirects_left:
            self._crowd.remark(
                f"{step.origin.authority} still redirects after {step.redirects} redirects."
            )
            return None
        try:
            hop = redirected(self.sent(), origin=step.origin, status=status, location=location)
        except RedirectError as error:
            self._crowd.remark(f"A redirect of {step.origin.authority} is not followed: {error}.")
            return None
        if hop.asked in self._trail_from(step):
            self._crowd.remark(
                f"{hop.origin.authority} redirects in a loop: the same request comes again, and"
                " with the same cookies."
            )
            return None
        return step.led_to(hop)

    def _trail_from(self, step: Step) -> tuple[Asked, ...]:
        """Return what leads nowhere if it is asked for again, *step* included."""
        if self._jar is not None and self._jar.is_news:
            # Whoever sets a cookie and asks for the same again will see it then.
            self._trail = ()
        else:
            is_first = step.redirects_left == step.redirects
            before = () if is_first else self._trail
            self._trail = (*before, Hop(step.origin, self.sent()).asked)
        return self._trail

    def _record_opening(self, opening: Opening) -> None:
        phases_of(self.step.recorder).opened(opening)
        self._opening = None

    def _partial_bytes(self) -> int:
        return self.exchange.received_bytes if self.exchange is not None else 0
