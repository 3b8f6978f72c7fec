"""
What a run and its viewers say to each other over the control socket.

`GET  /stream?viewer=NAME&watch=0|1`  WebSocket: one `Hello`, then a `Frame` a second (msgpack).
`GET  /status`                        the newest `Frame` (JSON).
`GET  /points?from=K&to=L&span=S`     every `Point` of S seconds from second K to before L (JSON).
`GET  /series`                        the newest value of each series, by name (JSON).
`GET  /series/points?name=N&from=K…`  every `SeriesPoint` of that series and time (JSON).
`GET  /why?of=Q&from=K&to=L`          what may explain that time: an `Explanation` (JSON).
`GET  /spikes`, `GET  /spike?id=N`    every `SpikeHead`, one `Spike` (JSON).
`POST /spikes?viewer=NAME`            keep this moment whole; an `Outcome`.
`GET  /flames`, `GET  /flame?id=N`    the `Flames` that there are, one `Flame` (JSON).
`GET  /reading`                       the newest `Reading` (JSON).
`GET  /readings?from=K&to=L&span=S`   every stored `Reading` of that time (JSON).
`GET  /verdicts`, `GET  /alerts`      every `Verdict`, every `AlertState` (JSON).
`GET  /journal`                       every `JournalEntry` (JSON).
`GET  /report`                        report.json, as it would be now.
`GET  /metrics`                       the same for Prometheus (text).
`POST /commands?viewer=NAME`          a `Command` in, its `Outcome` out (JSON).
`POST /control?viewer=NAME`           take the control over; an `Outcome`.
"""

from msgspec import Struct

from vumeter.model.frame import Frame, Point
from vumeter.model.plan import Plan

SCHEMA = 2
"""Raised with every change that an older viewer or run would misread."""

SCHEMA_HEADER = "Vumeter-Schema"
"""Each answer says in it by which schema it is to be read."""

SOCKET_NAME = "control.sock"
TOKEN_NAME = "token"
"""The file beside the socket with what callers over TCP have to show."""

TOKEN_VARIABLE = "VUMETER_TOKEN"
"""The environment variable with the token, of a run that is to have it, or of who goes there."""

ADDRESS_NAME = "address"
"""The file beside the socket that says where TCP is listened on."""


class Hello(Struct, frozen=True, kw_only=True):
    """The first message of a stream: all that a new viewer has missed."""

    schema: int
    version: str
    """vumeter's, of the run."""
    plan: Plan
    """Without its secrets."""
    frame: Frame
    points: tuple[Point, ...]
    """The whole run, oldest first: the newest second by second, what is older the coarser."""
