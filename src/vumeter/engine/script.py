"""A scenario made ready for all VUs of a worker: its program, and what may be skipped of it."""

import random
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from vumeter.client.origin import Origin
from vumeter.engine.feeders import Feed
from vumeter.engine.program import Program
from vumeter.engine.recorder import Recorder, recorder_of
from vumeter.engine.steps import NO_FEEDERS, TABLE_SIZE, Step, weighted
from vumeter.engine.values import BUILT_IN, Expressions
from vumeter.engine.virtual_user import VirtualUser
from vumeter.errors import UsageError
from vumeter.model.flow import Pick, Request, named_requests, requests_of
from vumeter.model.flow import Step as Described
from vumeter.model.plan import Feeder, Scenario

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd

NO_FEEDS: Mapping[str, Feed] = {}
NO_VARIABLES: Mapping[str, str] = {}
_LONGEST_S = 10.0
"""Of no request at all: a script's come later."""


class Script:
    """
    All that VUs of one scenario do.

    Where an iteration is one request, or one draw among such, there is a table of them
    beside the program, which a VU walks while nothing is out of the usual.
    """

    def __init__(
        self,
        scenario: Scenario,
        recorders: dict[str, Recorder],
        *,
        keep_alive: bool,
        cookies: bool = False,
        seed: int,
        feeders: Sequence[Feeder] = (),
        feeds: Mapping[str, Feed] = NO_FEEDS,
        given: Mapping[str, str] = NO_VARIABLES,
    ) -> None:
        self.seed = seed
        self.given = given
        """The variables that every VU begins with."""
        self.keeps_cookies = cookies
        self.keeps_alive = keep_alive
        known = {feeder.name: feeder for feeder in feeders} if feeders else NO_FEEDERS
        # The compiler goes backwards; tables show names in the order in which they are written.
        for name, _ in named_requests((*scenario.on_start, *scenario.steps, *scenario.on_stop)):
            recorder_of(recorders, name)
        made: list[tuple[Request, Step]] = []
        origins: dict[Origin, Origin] = {}

        def make(request: Request, name: str) -> Step:
            step = Step(
                request,
                recorder_of(recorders, name),
                keep_alive=keep_alive,
                cookies=cookies,
                feeders=known,
            )
            # One object for each, so that a VU sees by identity that it need not change.
            step.origin = origins.setdefault(step.origin, step.origin)
            made.append((request, step))
            return step

        conditions = Expressions(known)
        self.program = Program(
            on_start=scenario.on_start,
            steps=scenario.steps,
            on_stop=scenario.on_stop,
            make=make,
            value=conditions.compiled,
            seed=seed,
        )
        self.made = made
        """Each request of the scenario, and how it is sent."""
        self.heeds_answers = any(step.judge is not None for _, step in made)
        """Whether any answer is looked into."""
        first = self.program.first_step
        self.first_origin = None if first is None else first.origin
        """Where a VU connects to first, as far as that is known before."""
        self.has_farewell = bool(scenario.on_stop)
        self.shortest_timeout_s = min((step.timeout_s for _, step in made), default=_LONGEST_S)
        looked_at = [conditions, *(step.expressions for _, step in made)]
        self.feeds = tuple(
            feeds[name] for name in sorted(set(chain.from_iterable(e.feeders for e in looked_at)))
        )
        self.table = _table(scenario.steps, made, seed=seed)
        """The requests to walk through, where an iteration is no more than one of them."""
        self.is_plain = (
            bool(self.table)
            and len(origins) == 1
            and all(step.is_plain for step in set(self.table))
        )
        """Whether one request of the table is all there is to an iteration; all to one target."""
        _refuse_unknown_variables(scenario, looked_at, given)

    def user(self, crowd: "Crowd", rng: random.Random, *, number: int) -> VirtualUser:
        """Return a VU that does this."""
        return VirtualUser(crowd, rng, number=number)


def _table(
    steps: Sequence[Described], made: Sequence[tuple[Request, Step]], *, seed: int
) -> tuple[Step, ...]:
    """Return the requests in the order of their draws; none where there is more to it."""

    def step_of(request: Request) -> Step:
        return next(step for described, step in made if described is request)

    match steps:
        case [Request() as request]:
            return (step_of(request),) * TABLE_SIZE
        case [Pick(choices=choices)] if all(
            len(choice.steps) == 1 and isinstance(choice.steps[0], Request) for choice in choices
        ):
            single = [step_of(next(requests_of(choice.steps))) for choice in choices]
            return tuple(single[draw] for draw in weighted(choices, seed=seed))
    return ()


def _refuse_unknown_variables(
    scenario: Scenario, looked_at: Sequence[Expressions], given: Mapping[str, str]
) -> None:
    known = {part.variable for request in scenario.requests for part in request.extract}
    if taken := sorted(known & BUILT_IN.keys()):
        raise UsageError(
            f'Scenario "{scenario.name}" extracts "{taken[0]}", which is a name of its own.',
            hint="Give the variable another name.",
        )
    known |= given.keys()
    used = set(chain.from_iterable(expressions.variables for expressions in looked_at))
    if used - known:
        names = ", ".join(sorted("{{" + name + "}}" for name in used - known))
        raise UsageError(
            f'Scenario "{scenario.name}" uses {names}, which no request of it extracts.',
            hint="Extract it from an answer first, for example in on_start or in setup.",
        )
