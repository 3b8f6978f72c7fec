"""A scenario's requests made ready: rendered, weighed, and each with its place to count."""

import random
from collections.abc import Mapping

from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin, origin_of
from vumeter.client.render import compiled
from vumeter.clock import NANOSECONDS_PER_S
from vumeter.engine.recorder import Recorder
from vumeter.errors import UsageError
from vumeter.model.flow import Choice, Pick, Request, requests_of
from vumeter.model.plan import Scenario

TABLE_SIZE = 4096
TABLE_MASK = TABLE_SIZE - 1


class Step:
    """One request as VUs send it."""

    __slots__ = (
        "expected",
        "extract",
        "origin",
        "payload",
        "recorder",
        "template",
        "timeout_ns",
        "timeout_s",
    )

    def __init__(self, request: Request, recorder: Recorder, *, keep_alive: bool) -> None:
        self.template = compiled(request, keep_alive=keep_alive)
        self.payload = None if self.template.variables else self.template.render({})
        """The request's bytes, rendered once; `None`: it differs from VU to VU."""
        self.origin: Origin = origin_of(request.url)
        self.extract = tuple(
            (part.variable, tuple(part.selector.split("."))) for part in request.extract
        )
        self.expected = Expectation(
            is_bodyless=request.method == "HEAD", collects_body=bool(self.extract)
        )
        self.recorder = recorder
        self.timeout_s = request.timeout_s
        self.timeout_ns = round(request.timeout_s * NANOSECONDS_PER_S)

    def render(self, variables: Mapping[str, str]) -> bytes:
        """Return the bytes to send for a VU with *variables*."""
        payload = self.payload
        return payload if payload is not None else self.template.render(variables)


class Script:
    """All steps of a scenario: those at a VU's start, and the mix as a table to walk."""

    def __init__(
        self,
        scenario: Scenario,
        recorders: dict[str, Recorder],
        *,
        keep_alive: bool,
        seed: int,
    ) -> None:
        def step(request: Request) -> Step:
            recorder = recorders.setdefault(request.name, Recorder())
            return Step(request, recorder, keep_alive=keep_alive)

        self.on_start = tuple(step(request) for request in requests_of(scenario.on_start))
        first = scenario.steps[0]
        choices = first.choices if isinstance(first, Pick) else (Choice(steps=scenario.steps),)
        mix = [step(next(requests_of(choice.steps))) for choice in choices]
        self.table = tuple(mix[index] for index in weighted(choices, seed=seed))
        everything = (*self.on_start, *mix)
        self.is_plain = len({step.origin for step in everything}) == 1 and not any(
            step.extract for step in mix
        )
        """Whether an iteration is one request to the one target, of which nothing is kept."""
        self.shortest_timeout_s = min(step.timeout_s for step in everything)
        _refuse_unknown_variables(scenario.name, everything)


def weighted(mix: tuple[Choice, ...], *, seed: int) -> list[int]:
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


def _refuse_unknown_variables(scenario: str, steps: tuple[Step, ...]) -> None:
    known = {name for step in steps for name, _ in step.extract}
    used = {name for step in steps for name in step.template.variables}
    if used - known:
        names = ", ".join(sorted("{{" + name + "}}" for name in used - known))
        raise UsageError(
            f'Scenario "{scenario}" uses {names}, which no request of it extracts.',
            hint="Extract it from an answer first, for example in on_start.",
        )
