"""
A plan: everything a run needs to know before it starts, complete and immutable.

Over 400 lines of nouns, which are one message to the workers and one header of the store.
"""

from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from vumeter.model.alert import Alert
from vumeter.model.flow import Request, Step, requests_of
from vumeter.model.metric import CustomMetric
from vumeter.model.prices import Prices
from vumeter.model.retention import Retention
from vumeter.model.watched import Monitor

AUTO = "auto"
"""Instead of a number of workers: one, and more while one is the limit."""


class Executor(StrEnum):
    """The rule that decides when iterations start (k6's names)."""

    SHARED_ITERATIONS = "shared-iterations"
    PER_VU_ITERATIONS = "per-vu-iterations"
    CONSTANT_VUS = "constant-vus"
    RAMPING_VUS = "ramping-vus"
    CONSTANT_ARRIVAL_RATE = "constant-arrival-rate"
    RAMPING_ARRIVAL_RATE = "ramping-arrival-rate"


class Shape(StrEnum):
    """How a target moves within a stage."""

    LINEAR = "linear"
    STEP = "step"
    """At once, at the stage's beginning."""
    SINE = "sine"
    """Half a cosine: slow, fast, slow."""


class Stage(Struct, frozen=True, kw_only=True):
    """One leg of a ramp. A duration of 0 jumps."""

    duration_s: float
    target: float
    """VUs, or iterations per second, at its end."""
    shape: Shape = Shape.LINEAR


class Arrivals(StrEnum):
    """How arrivals at a rate are spaced."""

    EVEN = "even"
    POISSON = "poisson"
    """Exponential gaps of the same mean: independent users."""


class Load(Struct, frozen=True, kw_only=True):
    """
    How much load a scenario puts on, and when; the operator can move all of it later.

    Without a rate the model is closed: each VU starts its next iteration when the last is
    done. With a rate it is open: iterations are due at that rate, *vus* is the number of
    VUs that may be busy at once, and an iteration that finds none free is dropped, counted.
    """

    vus: int
    """At the start; with a rate: the pool."""
    rate_per_s: float | None = None
    """At the start."""
    iterations: int | None = None
    """Ends the scenario after this many iterations, see `per_vu`."""
    per_vu: bool = False
    """Whether *iterations* is each VU's own number, or that of all VUs and workers together."""
    duration_s: float | None = None
    """Ends the scenario's schedule after this time; `None`: no end, unless stages give one."""
    stages: tuple[Stage, ...] = ()
    """Of the rate where there is one, else of the VUs; after the last, its target stays."""
    start_s: float = 0.0
    """Run time at which the scenario begins."""
    arrivals: Arrivals = Arrivals.EVEN
    pacing_s: float = 0.0
    """Closed model: a VU's iterations start at least so far apart."""
    graceful_ramp_down_s: float = 30.0
    """How long an iteration may still take on a VU that is no longer wanted."""

    @property
    def executor(self) -> Executor:
        """The executor that these numbers describe."""
        if self.rate_per_s is not None:
            ramps, holds = Executor.RAMPING_ARRIVAL_RATE, Executor.CONSTANT_ARRIVAL_RATE
            return ramps if self.stages else holds
        if self.iterations is not None:
            return Executor.PER_VU_ITERATIONS if self.per_vu else Executor.SHARED_ITERATIONS
        return Executor.RAMPING_VUS if self.stages else Executor.CONSTANT_VUS

    @property
    def end_s(self) -> float | None:
        """Run time at which the schedule ends at the latest; `None`: no end by time."""
        if self.duration_s is not None:
            return self.start_s + self.duration_s
        if self.stages:
            return self.start_s + sum(stage.duration_s for stage in self.stages)
        return None


class Script(Struct, frozen=True, kw_only=True):
    """Where a scenario is written in Python: a coroutine of the user's, see `vumeter.script`."""

    path: str
    """Of the file, absolute; workers import it."""
    scenario: str
    """The name of its function."""
    target: str
    """What paths are appended to; without credentials."""
    timeout_s: float = 10.0
    """Of requests that do not say otherwise."""


class Procedure(Struct, frozen=True, kw_only=True):
    """What is done once per run, before all VUs or after them: steps, or a call of a script."""

    steps: tuple[Step, ...] = ()
    script: Script | None = None
    timeout_s: float = 60.0
    """k6's, for setup and for teardown."""
    places: tuple[str, ...] = ()
    """Where each request of *steps* is written, "file:line", if that is known."""

    @property
    def variables(self) -> frozenset[str]:
        """The names of what its steps extract."""
        return frozenset(
            part.variable for request in requests_of(self.steps) for part in request.extract
        )


class Scenario(Struct, frozen=True, kw_only=True):
    """
    A named workload: an iteration is one pass through *steps*, or one call of a *script*.

    Each VU first takes *on_start* (a login, say), once; when a request of it fails, the VU
    backs off and starts over. It takes *on_stop* once when it ends gracefully.
    """

    name: str
    steps: tuple[Step, ...]
    load: Load
    on_start: tuple[Step, ...] = ()
    on_stop: tuple[Step, ...] = ()
    script: Script | None = None
    """Says what VUs do instead of steps, of which there are none then."""

    @property
    def requests(self) -> Iterator[Request]:
        """Every request that a VU may send, in the order in which they are written."""
        return requests_of((*self.on_start, *self.steps, *self.on_stop))


class FeederOrder(StrEnum):
    """Which row of a feeder an iteration gets."""

    SEQUENTIAL = "sequential"
    """The next one, over all VUs; after the last comes the first."""
    RANDOM = "random"
    UNIQUE = "unique"
    """Each VU has one row of its own for as long as it lives; more VUs than rows share."""


class Feeder(Struct, frozen=True, kw_only=True):
    """Rows of data for templates: `{{users.email}}` is column `email` of feeder `users`."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    order: FeederOrder = FeederOrder.SEQUENTIAL


MOST_VUS = 1_000_000
"""Of a run: so many take 10 GB. A zero too many must not find that out by itself."""


class Limits(Struct, frozen=True, kw_only=True):
    """What no command may exceed, human or automatic, and where panic falls to."""

    max_vus: int = 1000
    max_rate_per_s: float = 100_000.0
    floor_vus: int = 1
    floor_rate_per_s: float = 1.0
    allow_hosts: tuple[str, ...] = ()
    """Hosts beyond loopback and private addresses that load may be sent to."""
    end_backends: bool = False
    """Whether commands may cancel statements and end sessions of the watched PostgreSQL."""


class IpFamily(StrEnum):
    """Which of a host's addresses are connected to."""

    ANY = "any"
    """Both, until a connection was made: then the family of that one."""
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class TlsVersion(StrEnum):
    """A version of TLS."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


class HostOverride(Struct, frozen=True, kw_only=True):
    """Where a host and port of URLs really are, whatever the system says of its name."""

    host: str
    """In lower case, without the brackets of an IPv6 address."""
    port: int
    address: str
    """An address, or another name."""
    address_port: int


class HttpVersion(StrEnum):
    """The version of HTTP that requests are sent in."""

    HTTP_1_0 = "1.0"
    """A connection is kept where the target agrees, which it has to say."""
    HTTP_1_1 = "1.1"


class ProxyKind(StrEnum):
    """What is spoken with a proxy; as its URL begins."""

    HTTP = "http"
    """http is forwarded, https goes through a tunnel (CONNECT). It resolves names itself."""
    SOCKS5 = "socks5"
    """Names are resolved here."""
    SOCKS5H = "socks5h"
    """Names are resolved by the proxy."""


class Proxy(Struct, frozen=True, kw_only=True):
    """What connections are made by way of."""

    kind: ProxyKind
    host: str
    """Without the brackets of an IPv6 address."""
    port: int
    user: str | None = None
    password: str | None = None
    """A secret: it never reaches a report, a log or a screen."""
    direct_hosts: tuple[str, ...] = ()
    """In lower case, what is connected to without it; ".shop.example": all names beneath."""

    @property
    def place(self) -> str:
        """Host and port, as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def resolves(self) -> bool:
        """Whether it is the proxy that finds out what address a name has."""
        return self.kind is not ProxyKind.SOCKS5

    def is_for(self, host: str) -> bool:
        """Return whether connections to *host* go by way of it."""
        host = host.lower()
        return not any(
            host == direct or (direct.startswith(".") and host.endswith(direct))
            for direct in self.direct_hosts
        )


class Transport(Struct, frozen=True, kw_only=True):
    """How connections are made. Files are absolute paths, read by the workers."""

    authorities: str | None = None
    """PEM file of the authorities that are trusted; `None`: the system's."""
    certificate: str | None = None
    """PEM file of the certificate to show to targets that ask for one."""
    certificate_key: str | None = None
    """PEM file of its key; `None`: it is in the same file."""
    server_name: str | None = None
    """What TLS asks for (SNI) and verifies, instead of the URL's host."""
    tls_minimum: TlsVersion = TlsVersion.TLS_1_2
    overrides: tuple[HostOverride, ...] = ()
    ip_family: IpFamily = IpFamily.ANY
    local_addresses: tuple[str, ...] = ()
    """Connections come from these in turn; each has 28,000 ports of its own, or so."""
    http_version: HttpVersion = HttpVersion.HTTP_1_1
    proxy: Proxy | None = None


class Listen(Struct, frozen=True, kw_only=True):
    """Where the control API listens beside its socket. Files are absolute paths."""

    host: str
    """Without the brackets of an IPv6 address."""
    port: int
    """0: one that is free."""
    certificate: str | None = None
    """PEM file; `None`: without TLS, and so on loopback only."""
    key: str | None = None
    """PEM file of its key; `None`: it is in the same file."""

    @property
    def place(self) -> str:
        """Host and port, as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Threshold(Struct, frozen=True, kw_only=True):
    """A rule on an aggregate, as it was written; `thresholds.grammar` reads it."""

    metric: str
    """With its filter: `http_req_duration{name:checkout}`."""
    expression: str
    """`p(95) < 500ms over 30s for 20s`."""
    abort_on_fail: bool = False
    delay_abort_s: float = 0.0


class Probe(Struct, frozen=True, kw_only=True):
    """The run is a search for a capacity, and ends with it."""

    scenario: str
    """Whose load is raised; it starts with its own."""
    slos: tuple[Threshold, ...]
    within_s: float = 180.0


class ViewerLost(StrEnum):
    """What a run does when the last viewer that could steer it is lost, and not by choice."""

    CONTINUE = "continue"
    STOP = "stop"
    PAUSE = "pause"
    """Until somebody resumes it by hand."""


class Variant(StrEnum):
    """One of two targets, as its requests are tagged."""

    A = "a"
    B = "b"


class Variants(Struct, frozen=True, kw_only=True):
    """A second target, and how the two share a run; `profiles.variants` divides it."""

    against: str
    """The other target: scheme and host, or the whole URL of the only request."""
    block_s: float = 0.0
    """How long each has all of the load in turn; 0: both have half of it at once."""
    warm_up_s: float = 0.0
    """How much of the beginning of each turn is not compared."""
    scenarios: tuple[Scenario, ...] = ()
    """Those of the plan as they were before they were divided."""


class Plan(Struct, frozen=True, kw_only=True):
    """One run, from target to limits."""

    name: str
    """Shown on the screen and by `vumeter attach`: `[0-9A-Za-z_.-]+`."""
    scenarios: tuple[Scenario, ...]
    limits: Limits = Limits()
    thresholds: tuple[Threshold, ...] = ()
    metrics: tuple[CustomMetric, ...] = ()
    """What scripts measure of their own."""
    alerts: tuple[Alert, ...] = ()
    feeders: tuple[Feeder, ...] = ()
    setup: Procedure | None = None
    """Comes before run time 0; without it there is no load. All VUs are given what it makes."""
    teardown: Procedure | None = None
    """Comes after the last VU has ended, unless the run was aborted at once or setup failed."""
    workers: int = 1
    """At the start."""
    adds_workers: bool = False
    """Whether more are added, one per core at most, while one says that it is the limit."""
    pins_workers: bool = False
    """Whether each keeps to one core."""
    keep_alive: bool = True
    verify_tls: bool = True
    cookies: bool = True
    """Whether each VU keeps the cookies that targets set, and sends them back (RFC 6265)."""
    transport: Transport = Transport()
    listen: Listen | None = None
    """`None`: the control API is on its socket alone."""
    graceful_stop_s: float = 30.0
    """How long iterations in flight may still take once the schedule has ended."""
    dead_man_s: float = 300.0
    """A run without an end stops itself when nobody has watched it for so long."""
    on_viewer_lost: ViewerLost = ViewerLost.CONTINUE
    postgres_dsn: str | None = None
    """The database to watch. A secret: it never reaches a report, a log or a screen."""
    postgres_more: tuple[tuple[str, str], ...] = ()
    """Others beside it: name and connection string of each, as secret."""
    monitors: tuple[Monitor, ...] = ()
    """What else is watched."""
    retention: Retention = Retention()
    """What is kept of the run for how long, where it is stored."""
    baseline: str = ""
    """What the run is held to while it goes on, a name or a file; empty: nothing."""
    variants: Variants | None = None
    """`None`: there is one target."""
    budgets: tuple[str, ...] = ()
    """By how much what is compared may get worse; without any nothing fails of it."""
    probe: Probe | None = None
    """`None`: the finder is only at work when somebody asks for it."""
    prices: Prices | None = None
    """What instances of the target cost; `None`: nobody says."""
    secrets: tuple[str, ...] = ()
    """Values that no report, log or screen may show, wherever they stand in this plan."""

    @property
    def requests(self) -> Iterator[Request]:
        """Every request that may be sent, of scenarios first."""
        for scenario in self.scenarios:
            yield from scenario.requests
        for procedure in self.procedures:
            yield from requests_of(procedure.steps)

    @property
    def procedures(self) -> tuple[Procedure, ...]:
        """Setup and teardown, as far as there are any."""
        return tuple(each for each in (self.setup, self.teardown) if each is not None)

    @property
    def urls(self) -> Iterator[str]:
        """Where load is sent to, as it is written: of every request, and of scripts."""
        yield from (request.url for request in self.requests)
        for scenario in self.scenarios:
            if scenario.script is not None:
                yield scenario.script.target

    @property
    def target(self) -> str:
        """Scheme and host of the first request, as the screen names what is under load."""
        first = self.scenarios[0]
        url = first.script.target if first.script else next(requests_of(first.steps)).url
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}"

    @property
    def targets(self) -> tuple[str, ...]:
        """Scheme and host of the one that is under load, or of both."""
        if self.variants is None:
            return (self.target,)
        other = urlsplit(self.variants.against)
        return self.target, f"{other.scheme}://{other.netloc.rpartition('@')[2]}"

    @property
    def duration_s(self) -> float | None:
        """When the last schedule ends, in seconds after the start; `None`: no end."""
        ends = [scenario.load.end_s for scenario in self.scenarios]
        finite = [end for end in ends if end is not None]
        return max(finite) if len(finite) == len(ends) else None

    @property
    def has_end(self) -> bool:
        """Whether the run ends by itself, by time or by number of iterations."""
        return all(
            scenario.load.end_s is not None or scenario.load.iterations is not None
            for scenario in self.scenarios
        )
