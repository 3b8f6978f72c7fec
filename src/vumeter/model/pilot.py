"""Whoever drives a run by itself: the capacity finder and the cruise control, and what they say."""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.plan import Threshold
from vumeter.model.throttle import Lever


class PilotKind(StrEnum):
    """Who drives. The values are their names in the journal."""

    FINDER = "finder"
    CRUISE = "cruise"


class PilotPhase(StrEnum):
    """What a pilot is about."""

    CLIMB = "climb"
    """The finder: ever larger steps up, until one fails."""
    DESCEND = "descend"
    """The same downwards, where not even the first load can be held."""
    BISECT = "bisect"
    """Between the highest load that holds and the lowest that does not."""
    RECOVER = "recover"
    """At a load that held, until the target has got over one that did not."""
    HOLD = "hold"
    """The load that is to be the answer, for longer than a step."""
    CRUISE = "cruise"
    """The cruise control, at work."""
    OVER = "over"


class PilotState(Struct, frozen=True, kw_only=True):
    """Where a pilot is, and why, for every screen."""

    kind: PilotKind
    phase: PilotPhase
    scenario: str
    lever: Lever
    aim: str
    """What it goes by, in words: "p95<300ms, err<1%"."""
    load: float
    """What it has set the lever to."""
    why: str
    """What it does at this moment and why, or what came of it."""
    step: int = 0
    """The finder's, from 1 on."""
    low: float | None = None
    """The highest load that held so far."""
    high: float | None = None
    """The lowest that did not."""
    observed: str = ""
    """What the first of its aims comes to at this load, in words; empty: not known yet."""
    since_s: float = 0.0
    """Run time at which it began."""
    eta_s: float | None = None
    """Seconds until it is done, as far as that can be said."""

    @property
    def is_over(self) -> bool:
        """Whether the throttle is its no more."""
        return self.phase is PilotPhase.OVER


class Outcome(StrEnum):
    """What became of a search for the capacity."""

    FOUND = "found"
    """The target was the limit, and the load is held."""
    GENERATOR = "generator"
    """The generator was the limit: the target can take more than that."""
    GUARD_RAIL = "guard-rail"
    """A limit of the run was reached first: the target can take more than that."""
    NOTHING = "nothing"
    """Not even the lowest load was held."""
    BROKEN = "broken"
    """The target did not recover from a load that it could not take."""
    INTERRUPTED = "interrupted"
    """Somebody took the throttle, or the run ended."""


class StepVerdict(StrEnum):
    """What a step of a search came to."""

    HELD = "held"
    FAILED = "failed"
    GENERATOR = "generator"
    """The generator was the limit, so it says nothing of the target."""


class LoadPoint(Struct, frozen=True, kw_only=True):
    """One step of a search: a load, and how the target answered to it."""

    load: float
    """What the lever was set to."""
    verdict: StepVerdict
    why: str
    is_steady: bool
    is_marginal: bool
    """Whether it was so near to the limit that its noise could have decided otherwise."""
    second: int
    """The first of those that were judged."""
    seconds: int
    """How many were judged."""
    generator_limited_seconds: int
    requests_per_s: float
    in_flight: float
    """Requests under way on average: rate × mean response time (Little's law)."""
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    error_ratio: float
    saturated: tuple[str, ...] = ()
    """Resources that were exhausted meanwhile, in words: "host CPU 97%"."""


class Usl(Struct, frozen=True, kw_only=True):
    """
    The Universal Scalability Law, fitted to the curve of a search.

    X(N) = λN / (1 + σ(N−1) + κN(N−1)) of N requests in flight; docs/measurement.md has the fit.
    """

    lambda_per_s: float
    """Requests per second of one alone."""
    sigma: float
    """Contention: the part that has to wait for its turn."""
    kappa: float
    """Coherency: what every one costs every other one."""
    peak_in_flight: float | None
    """Where throughput is greatest; `None`: it only comes ever nearer to *peak_per_s*."""
    peak_per_s: float | None
    """The greatest throughput; `None`: there is no limit in sight."""
    r_squared: float
    """How much of the throughputs' variance the law explains."""
    points: int


class Finding(Struct, frozen=True, kw_only=True):
    """What a search for the capacity has found."""

    outcome: Outcome
    text: str
    """The answer in a sentence."""
    scenario: str
    lever: Lever
    slos: tuple[Threshold, ...]
    author: str
    """Who asked for it."""
    started_s: float
    """Run time."""
    took_s: float
    sustainable: float | None
    """The highest load that was held and confirmed; a lower bound unless `FOUND`."""
    limit: float | None
    """Where the tightest SLO is met exactly, by all steps nearby; `None`: they do not say."""
    low: float | None
    high: float | None
    """The limit lies between the two, with about 95 %; `None`: nobody knows on that side."""
    is_confirmed: bool
    """Whether the sustainable load passed the long hold."""
    recovered_s: float | None
    """How long the target took, in the end, to be as before; `None`: it did not, or was not asked
    to."""
    knee: float | None
    """The load beyond which response times grow faster than throughput; `None`: no bend."""
    saturated: str
    """The first resource that was exhausted, in words; empty: none that is watched."""
    curve: tuple[LoadPoint, ...]
    """Lowest load first."""
    usl: Usl | None
    remarks: tuple[str, ...] = ()
