"""
The slowest request of each name in each second, with what is known of it.

One sample for each name and second leaves the worker, no more. The good path pays for a
comparison with the slowest so far; what follows when it is exceeded happens about ten times
a second for ten thousand requests, since records become rare.
"""

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vumeter.engine.recorder import Recorder
from vumeter.model.measure import ErrorKind, Slow

if TYPE_CHECKING:
    from vumeter.engine.virtual_user import VirtualUser


_TRACE = re.compile(
    rb"\r\ntraceparent:[ \t]*[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.IGNORECASE
)
"""As W3C's Trace Context has it."""

_REQUEST_ID = re.compile(
    rb"\r\n(?:x-request-id|request-id|x-correlation-id|x-trace-id|x-amzn-trace-id|x-amzn-requestid"
    rb"|cf-ray):[ \t]*([\x21-\x7e]{1,80})",
    re.IGNORECASE,
)
"""What servers and what stands before them call a request; printable ASCII, and of no length."""


def note(
    user: "VirtualUser",
    service_us: int,
    done_ns: int,
    *,
    status: int = 0,
    received_bytes: int = 0,
    error: ErrorKind | None = None,
) -> None:
    """Keep the request that *user* has just ended as its name's slowest in this second."""
    recorder = user.step.recorder
    blocked_us, connecting_us, handshaking_us = user.opening or (0, 0, 0)
    parts = recorder.phases.newest if recorder.phases is not None else None
    sending_us, waiting_us, receiving_us = 0, service_us, 0
    # Told just before, and of this request only if it took exactly as long.
    if parts is not None and parts[0] == service_us:
        _, sending_us, waiting_us, receiving_us = parts
    exchange = user.exchange
    trace = _TRACE.search(user.sent())
    request = None if exchange is None else _REQUEST_ID.search(exchange.head)
    recorder.slowest_us = service_us
    recorder.slowest_done_ns = done_ns
    recorder.slowest = Slow(
        service_us=service_us,
        status=status,
        error=error,
        received_bytes=received_bytes,
        vu=user.number,
        iteration=user.iteration,
        blocked_us=blocked_us,
        connecting_us=connecting_us,
        handshaking_us=handshaking_us,
        sending_us=sending_us,
        waiting_us=waiting_us,
        receiving_us=receiving_us,
        trace_id="" if trace is None else trace[1].decode(),
        request_id="" if request is None else request[1].decode(),
    )


def take_slowest(recorder: Recorder, start_ns: int) -> Slow | None:
    """Return the slowest of the second, of a run that began at *start_ns*, and begin anew."""
    slow, recorder.slowest, recorder.slowest_us = recorder.slowest, None, 0
    if slow is None:
        return None
    return replace(slow, at_ms=(recorder.slowest_done_ns - start_ns) // 1_000_000)
