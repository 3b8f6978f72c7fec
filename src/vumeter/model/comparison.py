"""Two runs, or two targets of one run, beside each other: what differs, and what of it is real."""

from enum import StrEnum

from msgspec import Struct

SCHEMA_VERSION = 1


class Metric(StrEnum):
    """What is compared."""

    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    RATE = "rate"
    """Requests per second."""
    ERRORS = "errors"
    """Share of requests that failed; its changes are differences, those of others ratios."""


class Judgement(StrEnum):
    """What is to be thought of a difference."""

    WORSE = "worse"
    """Real, and more than the budget allows; or, where nothing can be tested, only the latter."""
    BETTER = "better"
    """Real, and by more than the budget would allow the other way."""
    SAME = "same"
    """Within the budget, for all that is known: so is all of its interval on the bad side."""
    UNCLEAR = "unclear"
    """It may be worse than the budget, and may be chance: a longer run would tell."""
    UNTESTED = "untested"
    """Within the budget, and nothing to test it by."""


class Line(Struct, frozen=True, kw_only=True):
    """One metric of one endpoint."""

    name: str
    """Empty: all requests."""
    metric: Metric
    a: float
    b: float
    """Of percentiles in ms, of the rate per second, of errors as a share."""
    change: float
    """b / a − 1; of errors b − a."""
    low: float | None
    high: float | None
    """Between these lies the true change, in nineteen cases of twenty; `null`: not tested."""
    p: float | None
    """Adjusted for how many lines there are (Holm)."""
    allowed: float
    verdict: Judgement


class Comparison(Struct, frozen=True, kw_only=True):
    """All of it, as `--format json` has it; docs/comparison.md describes the fields."""

    schema_version: int = SCHEMA_VERSION
    a: str
    b: str
    lines: tuple[Line, ...]
    is_paired: bool
    """Whether both were under the same load at the same moments, and so compared by moments."""
    window_s: int
    windows: tuple[int, ...]
    """How many the first has, and the second."""
    remarks: tuple[str, ...]
    only_a: tuple[str, ...] = ()
    """Requests that the other one has not."""
    only_b: tuple[str, ...] = ()
    prefix_b: str = ""
    """Of two targets of one run: what the names of the second one's requests begin with there."""

    @property
    def regressions(self) -> tuple[Line, ...]:
        """What has got worse."""
        return tuple(line for line in self.lines if line.verdict is Judgement.WORSE)
