"""What may explain slow or failing seconds: an answer to "why", with how sure it is."""

from enum import StrEnum

from msgspec import Struct

CAVEAT = "a hint, no proof: both may follow from something else"


class Question(StrEnum):
    """What is to be explained. The values are what people type."""

    LATENCY = "latency"
    ERRORS = "errors"

    @property
    def series(self) -> str:
        """The series that is explained."""
        return {Question.LATENCY: "latency.p95_ms", Question.ERRORS: "error_percent"}[self]

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return {Question.LATENCY: "p95", Question.ERRORS: "errors"}[self]


class Confidence(StrEnum):
    """How likely it is that the two did not change together by chance alone."""

    HIGH = "high"
    FAIR = "fair"
    LOW = "low"


class Finding(Struct, frozen=True, kw_only=True):
    """A series whose change goes with what is to be explained."""

    series: str
    """The best of its subject."""
    sentence: str
    """ "lock waits rise 4 s before p95 (ρ 0.91)"."""
    rho: float
    """Spearman's rank correlation at that lag."""
    lag_s: int
    """How much earlier the series changes; negative: later."""
    confidence: Confidence
    points: int
    independent_points: float
    """As many independent ones would say as much: neighbouring seconds resemble each other."""
    typical: float
    """Of the series, in the better half of the time."""
    worst: float
    """Of the series, in the worst sixth of the time."""
    worst_second: int | None = None
    """When the series was worst, in that sixth."""
    also: tuple[str, ...] = ()
    """Other series of the same subject, the best first."""
    culprit: str = ""
    """Who or what it is, where the database names it. Text of the target: to be cleaned."""


class Explanation(Struct, frozen=True, kw_only=True):
    """What may explain some time of a run, the likeliest first."""

    question: Question
    from_second: int
    to_second: int
    """The second after the last."""
    span_s: int
    """Of how many seconds each value is."""
    compared: int = 0
    """How many series were looked at."""
    typical: float | None = None
    """Of what is explained, in the better half of the time."""
    worst: float | None = None
    """In the worst sixth of the time."""
    worst_second: int | None = None
    """When it was worst."""
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    """Why there is nothing to say; empty: there is."""
