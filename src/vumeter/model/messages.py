"""What the run process and its workers say to each other: length-prefixed msgpack."""

from msgspec import Struct

from vumeter.model.frame import Phase
from vumeter.model.measure import Snapshot
from vumeter.model.plan import Plan
from vumeter.model.throttle import Course, Lever


class Share(Struct, frozen=True, kw_only=True):
    """One worker's part of the plan: every *count*-th VU and iteration, from *index* on."""

    index: int
    count: int


class Terms(Struct, frozen=True, kw_only=True):
    """What a worker has of one scenario from the time on at which it comes."""

    vus: Course
    rate: Course | None
    """`None`: the model is closed."""
    end_s: float | None
    """Run time at which the schedule ends; `None`: not by itself."""
    asked: float = 0.0
    """How many iterations the rate had asked for when its course begins, of all workers."""
    first_due: int = 0
    """Iterations of the open model before this one are not the worker's."""
    first_number: int = 0
    """From which number on its VUs are called, so that none is called like another's."""
    iterations: int | None = None
    """How many of a limited number are left to it; `None`: there is no limit."""
    elsewhere: tuple[int, ...] = ()
    """Places of its own on which another worker's VUs still are, until they are `Vacant`."""
    begun: dict[int, int] = {}
    """Where each VU has its own number: how many of them were begun, by place."""


class Station(Struct, frozen=True, kw_only=True):
    """Where a run stands, for a worker that comes when the load is on already."""

    second: int
    """The first one of which it reports."""
    paused: bool
    terms: dict[str, Terms]
    """By scenario."""
    first_row: int = 0
    """Rows of sequential feeders before this one are not the worker's."""


class Launch(Struct, frozen=True, kw_only=True, tag="launch"):
    """
    To a worker, first: all that it must know.

    At the start of a run that is the plan and when second 0 begins; one that comes later is
    told where the run stands.
    """

    plan: Plan
    share: Share
    start_ns: int
    """`clock.monotonic_ns` at run time 0, the same for all workers of this host."""
    provided: bytes = b""
    """What setup has made for all VUs, as JSON; empty: there was none."""
    worker: int = 0
    """Its number among all that the run has ever had."""
    station: Station | None = None
    """Where the run stands; `None`: at its beginning."""


class Perform(Struct, frozen=True, kw_only=True, tag="perform"):
    """To a worker, first and instead of a launch: take what is done once per run."""

    plan: Plan
    phase: Phase
    provided: bytes = b""
    """To teardown: what setup has made, as JSON."""


class Retarget(Struct, frozen=True, kw_only=True, tag="retarget"):
    """To a worker: where a lever goes from now on, and when the schedule ends."""

    id: int
    scenario: str
    lever: Lever
    course: Course | None
    """Starts now; `None` for the rate: back to the closed model."""
    end_s: float | None
    """Run time at which the scenario's schedule ends; `None`: not by itself."""


class Pause(Struct, frozen=True, kw_only=True, tag="pause"):
    """To a worker: start no new iteration (VUs stay), or go on."""

    id: int
    paused: bool


class Stop(Struct, frozen=True, kw_only=True, tag="stop"):
    """To a worker: start no new iteration; interrupt what still runs after *graceful_s*."""

    id: int
    graceful_s: float


class Deal(Struct, frozen=True, kw_only=True, tag="deal"):
    """To a worker: from now on its share is *own*, which is a half of what it was."""

    worker: int
    """Who is to have the other half."""
    own: Share


class Part(Struct, frozen=True, kw_only=True):
    """What a worker gives away of a scenario."""

    places: tuple[int, ...]
    """On which its VUs still are, until their iterations are done."""
    first_number: int
    iterations: int | None
    """Of a limited number, as many as the other may begin."""
    first_due: int


class Dealt(Struct, frozen=True, kw_only=True, tag="dealt"):
    """From a worker: what the other half consists of."""

    worker: int
    parts: dict[str, Part]
    first_row: int


class Vacant(Struct, frozen=True, kw_only=True, tag="vacant"):
    """From a worker, and on to the one whose they are: its VUs have left these places."""

    places: dict[str, list[int]]
    """By scenario."""


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """From a worker, first: it listens for its launch."""

    pid: int


class Acknowledged(Struct, frozen=True, kw_only=True, tag="acknowledged"):
    """From a worker: the command with this id has taken effect here."""

    id: int


class Performed(Struct, frozen=True, kw_only=True, tag="performed"):
    """From a worker: setup or teardown has come to its end, or to a problem."""

    problem: str = ""
    """Where and why it failed; empty: it is done."""
    provided: bytes = b""
    """What setup has made for all VUs, as JSON."""


class SnapshotTaken(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """From a worker, once a second."""

    snapshot: Snapshot


class Remark(Struct, frozen=True, kw_only=True, tag="remark"):
    """From a worker: something a person should know. Rate-limited at its source."""

    text: str


class Said(Struct, frozen=True, kw_only=True, tag="said"):
    """From a worker: a line that a script has printed or logged. Rate-limited at its source."""

    place: str
    """File and line."""
    text: str


class Finished(Struct, frozen=True, kw_only=True, tag="finished"):
    """From a worker, last: every VU has ended and every sample has been sent."""


ToWorker = Launch | Perform | Retarget | Pause | Stop | Deal | Vacant
FromWorker = (
    Ready | Acknowledged | SnapshotTaken | Remark | Said | Performed | Finished | Dealt | Vacant
)
