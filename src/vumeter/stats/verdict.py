"""
The generator's verdict on itself, each second: was the target the limit, or were we?

`docs/measurement.md`, "Who was the limit", has the reasons for each threshold. A worker
that has crossed one is only let go below a second, lower one, so that the verdict does not
flicker at the edge.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from vumeter.model.measure import ErrorKind, GeneratorReading, Histogram, Vitals
from vumeter.model.summary import GeneratorSummary
from vumeter.stats import histogram


class Verdict(StrEnum):
    """Which of the two was the limit."""

    TARGET_LIMITED = "target-limited"
    GENERATOR_LIMITED = "generator-limited"


LIMITED_RUN_RATIO = 0.05
"""A run is generator-limited when more of its seconds were: from here p95 may consist of them."""

FREEZE_US = 100_000
"""A tick that comes so late means that the worker stood still."""


class Edge(NamedTuple):
    """A threshold with hysteresis: crossed at *enter*, left below *leave*."""

    enter: float
    leave: float

    def holds(self, value: float, *, held: bool) -> bool:
        """Whether *value* is over the edge, *held* being whether it was a second ago."""
        return value >= (self.leave if held else self.enter)


CPU_PERCENT = Edge(90, 80)
BUSY_LAG_US = Edge(2_000, 1_000)
"""With a core as busy as `CPU_PERCENT`: tick lag p99."""
CORE_WAIT_PERCENT = Edge(25, 15)
WAITED_LAG_US = Edge(5_000, 2_500)
"""Where others had the core for as long as `CORE_WAIT_PERCENT`: tick lag p99."""
STARVED_LAG_US = Edge(20_000, 10_000)
"""However idle the core: then others had it unseen, or something blocked the loop."""
LATE_START_RATIO = Edge(0.05, 0.02)
DESCRIPTOR_RATIO = Edge(0.9, 0.85)
PORT_RATIO = Edge(0.9, 0.85)


class _Sign(NamedTuple):
    """One way in which a worker can be the limit."""

    shows: Callable[["_Health", bool], bool]
    words: Callable[["_Health"], str]


class _Health(NamedTuple):
    """What the signs look at: one worker's vitals of one second, boiled down."""

    cpu_percent: float
    core_wait_percent: float
    lag_p99_us: int
    lag_max_us: int
    late_start_ratio: float
    descriptors: int
    descriptor_limit: int
    denied: dict[ErrorKind, int]


def _denied(kind: ErrorKind, what: str) -> _Sign:
    return _Sign(
        lambda it, _held: it.denied.get(kind, 0) > 0,
        lambda it: f"had no {what} for {it.denied[kind]} connections",
    )


_SIGNS = (
    _Sign(
        lambda it, held: (
            STARVED_LAG_US.holds(it.lag_p99_us, held=held)
            or (
                CPU_PERCENT.holds(it.cpu_percent, held=held)
                and BUSY_LAG_US.holds(it.lag_p99_us, held=held)
            )
        ),
        lambda it: (
            f"used {it.cpu_percent:.0f} % of its core and answered {_ms(it.lag_p99_us)} late"
        ),
    ),
    _Sign(
        lambda it, held: (
            CORE_WAIT_PERCENT.holds(it.core_wait_percent, held=held)
            and WAITED_LAG_US.holds(it.lag_p99_us, held=held)
        ),
        lambda it: (
            f"waited for a core {it.core_wait_percent:.0f} % of the time and answered "
            f"{_ms(it.lag_p99_us)} late"
        ),
    ),
    _Sign(
        lambda it, _held: it.lag_max_us >= FREEZE_US,
        lambda it: f"stood still for {_ms(it.lag_max_us)}",
    ),
    _Sign(
        lambda it, held: LATE_START_RATIO.holds(it.late_start_ratio, held=held),
        lambda it: (
            f"started {it.late_start_ratio * 100:.0f} % of its iterations more than 1 ms late"
        ),
    ),
    _Sign(
        lambda it, held: DESCRIPTOR_RATIO.holds(_descriptor_ratio(it), held=held),
        lambda it: f"has {it.descriptors} of {it.descriptor_limit} file descriptors open",
    ),
    _denied(ErrorKind.DESCRIPTORS, "file descriptor"),
    _denied(ErrorKind.PORTS, "local port"),
)


class GeneratorJudge:
    """Judges one second after the other; remembers which worker was over which edge."""

    def __init__(self) -> None:
        self._held: frozenset[tuple[int, int]] = frozenset()
        self._heard: frozenset[int] = frozenset()
        self._is_short_of_ports = False

    def judge(
        self, vitals: Mapping[int, Vitals], *, missing: frozenset[int] = frozenset()
    ) -> GeneratorReading:
        """
        Return the generator's testimony over one second.

        Args:
            vitals: By worker, of all that were heard.
            missing: Workers that were expected and were not heard: their silence says that
                they were too busy, stopped or starved, so they count as a limit.
        """
        health = {worker: _health(vitals[worker]) for worker in sorted(vitals)}
        self._held = frozenset(
            (worker, number)
            for worker, it in health.items()
            for number, sign in enumerate(_SIGNS)
            if sign.shows(it, (worker, number) in self._held)
        )
        reasons = [
            f"worker {worker} {_SIGNS[number].words(health[worker])}"
            for worker, number in sorted(self._held)
        ]
        # Its one late tick comes in a later second. A worker that was never heard before may
        # have lived too shortly for a tick.
        frozen = [
            worker
            for worker in health
            if worker in self._heard and not vitals[worker].tick_lag.counts
        ]
        reasons += [f"worker {worker} stood still throughout" for worker in frozen]
        reasons += [f"worker {worker} did not report in time" for worker in sorted(missing)]
        reasons += self._shortage_of_ports(vitals.values())
        self._heard |= health.keys()
        return _reading(tuple(vitals.values()), tuple(reasons))

    def _shortage_of_ports(self, vitals: Iterable[Vitals]) -> list[str]:
        """Ports are the host's: what no worker for itself is short of, all together may be."""
        ports, limit = _ports(vitals)
        held = self._is_short_of_ports
        self._is_short_of_ports = PORT_RATIO.holds(_ratio(ports, limit), held=held)
        return (
            [f"all workers hold {ports} of {limit} local ports"] if self._is_short_of_ports else []
        )


def _ports(vitals: Iterable[Vitals]) -> tuple[int, int]:
    known = [each for each in vitals if each.port_limit]
    limit = min((each.port_limit for each in known), default=0)
    return sum(each.ports for each in known), limit


def verdict(generator: GeneratorSummary) -> Verdict | None:
    """Return which of the two was the limit over a whole run; `None`: too short to say."""
    if generator.seconds == 0:
        return None
    limited_ratio = generator.limited_seconds / generator.seconds
    return (
        Verdict.GENERATOR_LIMITED if limited_ratio > LIMITED_RUN_RATIO else Verdict.TARGET_LIMITED
    )


def _health(vitals: Vitals) -> _Health:
    lag_p99_us, lag_max_us = histogram.percentiles_us(vitals.tick_lag, (99, 100))
    return _Health(
        cpu_percent=vitals.cpu_percent,
        core_wait_percent=vitals.core_wait_percent,
        lag_p99_us=lag_p99_us,
        lag_max_us=lag_max_us,
        late_start_ratio=_ratio(vitals.late_starts, histogram.count(vitals.start_lag)),
        descriptors=vitals.descriptors,
        descriptor_limit=vitals.descriptor_limit,
        denied=vitals.denied,
    )


def _reading(vitals: tuple[Vitals, ...], reasons: tuple[str, ...]) -> GeneratorReading:
    lag: Histogram = histogram.merge(each.tick_lag for each in vitals)
    lag_p99_us, lag_max_us = histogram.percentiles_us(lag, (99, 100))
    # The limit is each process's own: the sum of all says nothing, the nearest to it does.
    nearest = max(vitals, key=_descriptor_ratio, default=None)
    ports, port_limit = _ports(vitals)
    starts = sum(histogram.count(each.start_lag) for each in vitals)
    return GeneratorReading(
        limited=bool(reasons),
        reasons=reasons,
        cpu_percent=max((each.cpu_percent for each in vitals), default=0.0),
        cpu_total_percent=sum(each.cpu_percent for each in vitals),
        tick_lag_p99_us=lag_p99_us,
        tick_lag_max_us=lag_max_us,
        late_start_ratio=_ratio(sum(each.late_starts for each in vitals), starts),
        starts=starts,
        descriptors=nearest.descriptors if nearest else 0,
        descriptor_limit=nearest.descriptor_limit if nearest else 0,
        rss_bytes=sum(each.rss_bytes for each in vitals),
        ports=ports,
        port_limit=port_limit,
    )


def _descriptor_ratio(it: Vitals | _Health) -> float:
    return _ratio(it.descriptors, it.descriptor_limit)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _ms(us: int) -> str:
    return f"{us / 1000:.2g} ms" if us < 10_000 else f"{us / 1000:.0f} ms"
