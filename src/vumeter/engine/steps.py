"""A scenario's requests made ready: rendered, weighed, and each with its place to count."""

import random
from collections.abc import Mapping, Sequence
from copy import copy

from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin, origin_of
from vumeter.client.redirects import Hop
from vumeter.client.render import compiled
from vumeter.client.withheld import asks_first
from vumeter.clock import NANOSECONDS_PER_S
from vumeter.engine.checks import judge_of
from vumeter.engine.recorder import Recorder
from vumeter.engine.values import Expressions
from vumeter.errors import UsageError
from vumeter.model.flow import Choice, Request
from vumeter.model.plan import Feeder

TABLE_SIZE = 4096
TABLE_MASK = TABLE_SIZE - 1
_MOST_LANDINGS = 8
_LARGEST_LANDING_BYTES = 16_384
NO_FEEDERS: Mapping[str, Feeder] = {}


class Step:
    """One request as VUs send it."""

    __slots__ = (
        "_landings",
        "asks_first",
        "expected",
        "expressions",
        "judge",
        "origin",
        "payload",
        "recorder",
        "redirects",
        "redirects_left",
        "template",
        "timeout_ns",
        "timeout_s",
    )

    def __init__(
        self,
        request: Request,
        recorder: Recorder,
        *,
        keep_alive: bool,
        cookies: bool = False,
        feeders: Mapping[str, Feeder] = NO_FEEDERS,
    ) -> None:
        self.expressions = Expressions(feeders)
        self.template = compiled(request, keep_alive=keep_alive, value=self.expressions.compiled)
        self.payload = self.template.render(None) if self.template.is_constant else None
        """The request's bytes, rendered once; `None`: they differ from time to time."""
        self.origin: Origin = origin_of(request.url)
        self.judge = judge_of(request, recorder)
        """Looks at each answer; `None` where nothing of them is asked."""
        self.redirects = self.redirects_left = request.redirects
        """How many are followed at most, of the request as it is written and from here on."""
        self._landings: dict[Hop, Step] = {}
        """Requests that redirects have led to, so that their answers' heads are known too."""
        self.asks_first = asks_first(request.headers)
        """Whether the body is sent only when the target wants it."""
        self.expected = self._expectation(request.method == "HEAD", cookies or self.redirects > 0)
        self.recorder = recorder
        self.timeout_s = request.timeout_s
        self.timeout_ns = round(request.timeout_s * NANOSECONDS_PER_S)

    def _expectation(self, is_bodyless: bool, is_watchful: bool) -> Expectation:
        return Expectation(
            is_bodyless=is_bodyless,
            collects_body=self.judge is not None and self.judge.collects_body,
            collects_headers=self.judge is not None and self.judge.collects_headers,
            is_watchful=is_watchful,
            learns=not self.asks_first,
        )

    def led_to(self, hop: Hop) -> "Step":
        """Return the request that a redirect leads to: this one, but for what is sent where."""
        landing = self._landings.get(hop)
        if landing is None:
            landing = copy(self)
            landing._land(hop)
            # Bounded, for a target may lead each request to another place.
            if len(self._landings) >= _MOST_LANDINGS:
                self._landings.clear()
            if len(hop.payload) <= _LARGEST_LANDING_BYTES:
                self._landings[hop] = landing
        return landing

    def _land(self, hop: Hop) -> None:
        self.origin = self.origin if hop.origin == self.origin else hop.origin
        self.payload = hop.payload
        self.redirects_left -= 1
        self._landings = {}
        self.expected = self._expectation(
            hop.payload.startswith(b"HEAD "), self.expected.is_watchful
        )

    @property
    def is_plain(self) -> bool:
        """Whether it is sent the same way, and filled in alike, in each iteration."""
        uses = self.expressions
        return not (self.asks_first or uses.feeders or uses.counts_iterations)


def weighted(mix: Sequence[Choice], *, seed: int) -> list[int]:
    """
    Return `TABLE_SIZE` draws from *mix* as indices, in a shuffled order that *seed* fixes.

    Drawn once, so that a request costs one step in a table. The shares are exact to one in
    `TABLE_SIZE` (largest remainders), and whatever has a weight is drawn at least once.

    Raises:
        UsageError: The weights are not positive, or nothing is in the mix.
    """
    weights = [choice.weight for choice in mix]
    if not weights or min(weights) <= 0 or len(weights) > TABLE_SIZE:
        raise UsageError(
            f"The weights {weights} cannot be drawn from.", hint="Each must be above 0."
        )
    exact = [weight / sum(weights) * TABLE_SIZE for weight in weights]
    counts = [max(1, int(share)) for share in exact]
    by_remainder = sorted(range(len(mix)), key=lambda i: exact[i] - counts[i], reverse=True)
    for place in range(TABLE_SIZE - sum(counts)):
        counts[by_remainder[place % len(mix)]] += 1
    # Rare choices that were given their one draw take it from the most frequent.
    while sum(counts) > TABLE_SIZE:
        counts[counts.index(max(counts))] -= 1
    draws = [index for index, count in enumerate(counts) for _ in range(count)]
    random.Random(seed).shuffle(draws)
    return draws
