"""What is measured: from one second of one worker up to all workers and all probes."""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.watched import Watched


class ErrorKind(StrEnum):
    """How a request failed. The target's failures are data, never exceptions."""

    DNS = "dns"
    CONNECT = "connect"
    REFUSED = "refused"
    PROXY = "proxy"
    """The proxy cannot be reached, or makes no connection to the target."""
    TLS = "tls"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_RESPONSE = "timeout_response"
    RESET = "reset"
    CLOSED = "closed"
    """Closed by the target before the answer was complete."""
    PROTOCOL = "protocol"
    """An answer that is not HTTP, breaks its framing, or was never asked for."""
    STATUS = "status"
    """A complete answer with a status of 400 or above; `statuses` says which."""
    EXTRACT = "extract"
    """A complete answer that lacks what the scenario needs from it."""
    CHECK = "check"
    """A complete answer that does not pass a check which fails its request."""
    REDIRECT = "redirect"
    """A complete answer that leads elsewhere, once too often or to where nobody can follow."""
    SCRIPT = "script"
    """An exception in a script: never of a request, see `ScenarioCounts.script_errors`."""
    DESCRIPTORS = "descriptors"
    """The generator ran out of file descriptors."""
    PORTS = "ports"
    """The generator ran out of local ports."""
    INTERRUPTED = "interrupted"
    """Still in flight when the run ended for good."""


AFTER_ANSWER = (
    ErrorKind.STATUS,
    ErrorKind.EXTRACT,
    ErrorKind.CHECK,
    ErrorKind.REDIRECT,
)
"""The kinds of an attempt that got a complete answer all the same."""


class Histogram(Struct, frozen=True, kw_only=True, dict=True):
    """
    Recorded times in HdrHistogram's own bucket layout: 1 µs to 1 h, three digits, sparse.

    `stats.histogram` has the arithmetic, and keeps here what it has worked out once. Adding
    two is exact.
    """

    counts: dict[int, int] = {}
    """Bucket index → how many."""
    sum_us: int = 0
    over_range: int = 0
    """Values above the range: recorded at its top, and counted here."""


class CounterSum(Struct, frozen=True, kw_only=True, tag="counter"):
    """What was added to a counter."""

    thousandths: int


class RateSum(Struct, frozen=True, kw_only=True, tag="rate"):
    """How many of a rate's samples were true."""

    true: int
    samples: int


class TrendSum(Struct, frozen=True, kw_only=True, tag="trend"):
    """What was added to a trend, in thousandths of its unit where `Histogram` has µs."""

    values: Histogram


class GaugeSum(Struct, frozen=True, kw_only=True, tag="gauge"):
    """What a gauge was set to; all values in thousandths of its unit."""

    newest: int
    at_ns: int
    """When that was: `clock.monotonic_ns`, which all workers of a host share."""
    lowest: int
    highest: int
    total: int
    samples: int


Added = CounterSum | RateSum | TrendSum | GaugeSum
"""What was added to a metric that a script declares. `stats.custom` merges, exactly."""


class Timings(Struct, frozen=True, kw_only=True):
    """
    Phases of requests, only of those that they took any time; `stats.timings` adds the zeros.

    The first three are of requests for which a connection was opened.
    """

    blocked: Histogram = Histogram()
    """From when it was wanted until there was one."""
    connecting: Histogram = Histogram()
    """Of that, TCP."""
    handshaking: Histogram = Histogram()
    """Of that, TLS."""
    sending: Histogram = Histogram()
    """Until the system had taken over requests too large to be handed over at once."""
    receiving: Histogram = Histogram()
    """From the first read to the last, of answers that took several."""
    parted: Histogram = Histogram()
    """The whole service times of answers that sending or receiving has a part of."""
    parted_waiting: Histogram = Histogram()
    """What is left of these."""


class Tally(Struct, frozen=True, kw_only=True):
    """Many samples of one request."""

    answered: int = 0
    """Attempts that got a complete answer, whatever its status."""
    errors: dict[ErrorKind, int] = {}
    """Every attempt that failed, once, by kind; those of `AFTER_ANSWER` were answered too."""
    statuses: dict[int, int] = {}
    sent_bytes: int = 0
    received_bytes: int = 0
    service: Histogram = Histogram()
    """done − sent of the answered, and of time-outs at what was waited."""
    response: Histogram | None = None
    """done − due in the open model; `None` in the closed model, where due = sent."""
    checks: dict[str, tuple[int, int]] = {}
    """By name: how many answers passed the check, and how many failed it."""
    timings: Timings | None = None
    """`None`: none of the requests had to wait for a connection, and all answers came whole."""

    @property
    def requests(self) -> int:
        """Every attempt that ended, answered or failed."""
        after_answer = sum(self.errors.get(kind, 0) for kind in AFTER_ANSWER)
        return self.answered + sum(self.errors.values()) - after_answer


class ScenarioCounts(Struct, frozen=True, kw_only=True):
    """What the VUs of one scenario did, in one second of one worker, or of all."""

    vus_active: int = 0
    """VUs that exist at the end of the second, stopping ones included."""
    vus_busy: int = 0
    """Of these, how many are within an iteration."""
    iterations_due: int = 0
    """Open model: how many the schedule asked for."""
    iterations_started: int = 0
    iterations_done: int = 0
    iterations_dropped: int = 0
    iterations_interrupted: int = 0
    script_errors: int = 0
    """Exceptions that a script let through, in iterations and before and after them."""
    iteration_duration: Histogram = Histogram()
    """Of the iterations that were done."""


class Vitals(Struct, frozen=True, kw_only=True):
    """One worker's own health over one second."""

    cpu_percent: float
    """Of one core."""
    tick_lag: Histogram
    """How late a periodic tick of the event loop fired."""
    start_lag: Histogram
    """Open model: sent − due of each start."""
    late_starts: int
    """Starts more than 1 ms late."""
    descriptors: int
    descriptor_limit: int
    rss_bytes: int
    core_wait_percent: float = 0.0
    """How much of the time it could have run and others had the core."""
    ports: int = 0
    """Local ports that connections to one target hold; counted only where they may get few."""
    port_limit: int = 0
    """How many there are, of the host and for each target; 0: the kernel does not say."""
    denied: dict[ErrorKind, int] = {}
    """Connections for which there was none of `DESCRIPTORS` or `PORTS`."""


class Stall(Struct, frozen=True, kw_only=True):
    """A time of 100 ms or more in which VUs waited for answers, and none of them got one."""

    waits: dict[str, Histogram]
    """By request name: how long those that waited when it ended had done so."""


class Slow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The slowest request of its name in a second: an example, whatever else was slow."""

    service_us: int
    """What it took; of a time-out, what was waited."""
    at_ms: int = 0
    """When it ended, in run time."""
    status: int
    """0: there was no answer."""
    error: ErrorKind | None = None
    received_bytes: int
    vu: int
    iteration: int
    """Of that VU, from 0."""
    blocked_us: int = 0
    """How long it had waited for a connection before; 0: there was one."""
    connecting_us: int = 0
    """Of that, TCP."""
    handshaking_us: int = 0
    """Of that, TLS."""
    sending_us: int = 0
    waiting_us: int = 0
    receiving_us: int = 0
    trace_id: str = ""
    """Of the `traceparent` that it was sent with: 32 hexadecimal digits."""
    request_id: str = ""
    """What the answer's head calls it, where it does."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that one worker saw in one second of the run. Sent even when nothing happened."""

    worker: int
    second: int
    """The second [second, second + 1) after the start; samples belong to the one they ended in."""
    tallies: dict[str, Tally]
    scenarios: dict[str, ScenarioCounts]
    vitals: Vitals
    vu_us: int = 0
    """How long VUs had something to do, added up: they were neither idle nor backed off."""
    outage_us: int = 0
    """For how long attempts failed and nobody was answered; told when it is known."""
    stalls: tuple[Stall, ...] = ()
    """Those of the closed model that ended in the second; `stats.stalls` judges them."""
    metrics: dict[str, Added] = {}
    """Those of scripts that anything was added to, by name."""
    slowest: dict[str, Slow] = {}
    """The slowest request of each name, of the slowest names."""


class GeneratorReading(Struct, frozen=True, kw_only=True):
    """The generator's testimony about itself over one second, over all workers."""

    limited: bool
    """True: the generator was the limit, and this second's numbers are marked so."""
    reasons: tuple[str, ...]
    """Why, in words; empty when the target was the limit."""
    cpu_percent: float
    """The busiest worker's, of one core."""
    cpu_total_percent: float
    tick_lag_p99_us: int
    tick_lag_max_us: int
    late_start_ratio: float
    """Starts more than 1 ms late, of all; 0 in the closed model."""
    starts: int = 0
    """How many starts `late_start_ratio` is of."""
    descriptors: int
    descriptor_limit: int
    rss_bytes: int
    ports: int = 0
    """Of all workers together; 0 while they are far from few."""
    port_limit: int = 0


class Extent(Struct, frozen=True, kw_only=True):
    """How far a figure that has one value each second went in several. Merges exactly."""

    lowest: float
    highest: float
    total: float
    seconds: int
    """In how many seconds it had a value."""

    @property
    def mean(self) -> float:
        """Of the seconds in which it had a value."""
        return self.total / self.seconds


class Reading(Struct, frozen=True, kw_only=True):
    """
    One second of the run over all workers, with the probes'. `None`: not watched.

    Or *span_s* of them from *second* on as one: `stats.spans` says what becomes of what.
    """

    second: int
    at_unix_ms: int
    tallies: dict[str, Tally]
    scenarios: dict[str, ScenarioCounts]
    generator: GeneratorReading
    workers_heard: int
    workers_expected: int
    late_snapshots: int
    """Snapshots of earlier seconds that came too late for their reading; they count in totals."""
    outage_us: int = 0
    """The mean over the workers."""
    host: HostReading | None = None
    postgres: PostgresReading | None = None
    postgres_more: dict[str, PostgresReading] = {}
    """Databases that are watched beside the first, by name."""
    metrics: dict[str, Added] = {}
    """Those of scripts that anything was added to, by name."""
    span_s: int = 1
    extents: dict[str, Extent] = {}
    """Of several seconds: what the probes' and the generator's figures are means of."""
    slowest: dict[str, Slow] = {}
    """The slowest request of each name, of the slowest names."""
    watched: tuple[Watched, ...] = ()
    """One for each monitor of the plan, in its order; behind an agent, what it watches."""
