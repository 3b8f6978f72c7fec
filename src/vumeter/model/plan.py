"""A plan: everything a run needs to know before it starts, complete and immutable."""

from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """
    One request of a scenario, as it is to be sent.

    `{{variable}}` in *url* (after the host), in header values and in *body* is replaced by
    the VU's own variable of that name, which an earlier request of the VU extracted.
    """

    name: str
    """Groups this request in tables and reports."""
    url: str
    """Absolute: http or https, host, optional port, path and query."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """In the order in which they are sent; Host, Content-Length and Connection are added."""
    body: bytes = b""
    timeout_s: float = 10.0
    """From the moment of sending (connecting has the same limit of its own) to the last byte."""
    extract: dict[str, str] = {}
    """Variable name → path into the JSON response, dot-separated: `{"token": "auth.token"}`."""


class Choice(Struct, frozen=True, kw_only=True):
    """A request and how often it is drawn, relative to the weights beside it."""

    request: Request
    weight: float = 1.0


class Executor(StrEnum):
    """The rule that decides when iterations start (k6's names)."""

    CONSTANT_VUS = "constant-vus"
    SHARED_ITERATIONS = "shared-iterations"
    CONSTANT_ARRIVAL_RATE = "constant-arrival-rate"


class Load(Struct, frozen=True, kw_only=True):
    """
    How much load a scenario starts with; the operator can move *vus* and *rate_per_s* later.

    Without a rate the model is closed: each VU starts its next iteration when the last is
    done. With a rate it is open: iterations are due at that rate, *vus* is the number of
    VUs that may be busy at once, and an iteration that finds none free is dropped, counted.
    """

    vus: int
    rate_per_s: float | None = None
    iterations: int | None = None
    """Ends the scenario after this many iterations over all VUs and workers."""
    duration_s: float | None = None
    """Ends the scenario's schedule after this time; `None`: no end."""

    @property
    def executor(self) -> Executor:
        """The executor that these numbers describe."""
        if self.rate_per_s is not None:
            return Executor.CONSTANT_ARRIVAL_RATE
        if self.iterations is not None:
            return Executor.SHARED_ITERATIONS
        return Executor.CONSTANT_VUS


class Scenario(Struct, frozen=True, kw_only=True):
    """
    A named workload. An iteration is one request drawn from *mix* by weight.

    Each VU first sends the requests of *on_start* in order (a login, say), once; when one
    of them fails, the VU backs off and starts over.
    """

    name: str
    mix: tuple[Choice, ...]
    load: Load
    on_start: tuple[Request, ...] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """What no command may exceed, human or automatic, and where panic falls to."""

    max_vus: int = 1000
    max_rate_per_s: float = 100_000.0
    floor_vus: int = 1
    floor_rate_per_s: float = 1.0
    allow_hosts: tuple[str, ...] = ()
    """Hosts beyond loopback and private addresses that load may be sent to."""


class Plan(Struct, frozen=True, kw_only=True):
    """One run, from target to limits."""

    name: str
    """Shown on the screen and by `vumeter attach`: `[0-9A-Za-z_.-]+`."""
    scenarios: tuple[Scenario, ...]
    limits: Limits = Limits()
    workers: int = 1
    keep_alive: bool = True
    verify_tls: bool = True
    graceful_stop_s: float = 30.0
    """How long iterations in flight may still take once the schedule has ended."""
    dead_man_s: float = 300.0
    """A run without an end stops itself when nobody has watched it for so long."""
    postgres_dsn: str | None = None
    """The database to watch. A secret: it never reaches a report, a log or a screen."""

    @property
    def target(self) -> str:
        """Scheme and host of the first request, as the screen names what is under load."""
        parts = urlsplit(self.scenarios[0].mix[0].request.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}"

    @property
    def duration_s(self) -> float | None:
        """When the last schedule ends, in seconds after the start; `None`: no end."""
        ends = [scenario.load.duration_s for scenario in self.scenarios]
        finite = [end for end in ends if end is not None]
        return max(finite) if len(finite) == len(ends) else None

    @property
    def has_end(self) -> bool:
        """Whether the run ends by itself, by time or by number of iterations."""
        return all(
            scenario.load.duration_s is not None or scenario.load.iterations is not None
            for scenario in self.scenarios
        )
