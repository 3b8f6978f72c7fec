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


class Launch(Struct, frozen=True, kw_only=True, tag="launch"):
    """To a worker, first: what to do, and when second 0 begins."""

    plan: Plan
    share: Share
    start_ns: int
    """`clock.monotonic_ns` at run time 0, the same for all workers of this host."""
    provided: bytes = b""
    """What setup has made for all VUs, as JSON; empty: there was none."""


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


class Finished(Struct, frozen=True, kw_only=True, tag="finished"):
    """From a worker, last: every VU has ended and every sample has been sent."""


ToWorker = Launch | Perform | Retarget | Pause | Stop
FromWorker = Ready | Acknowledged | SnapshotTaken | Remark | Performed | Finished
