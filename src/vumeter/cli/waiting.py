"""Waiting for a run to end, as somebody who asked it to."""

import time

import msgspec

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.errors import VumeterError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.summary import Summary

_POLL_S = 0.05
# Between the last frame and the summary on disk there is next to nothing; a run that was
# asked to stop may still wait for what is in flight.
_END_LIMIT_NS = 2 * NANOSECONDS_PER_S


def summary_of(folder: RunFolder, *, waits: bool) -> Summary:
    """
    Return the summary as soon as it is there; with *waits*, for as long as the run goes on.

    Raises:
        VumeterError: The run has gone without one, or it cannot be read.
    """
    limit_ns = monotonic_ns() + _END_LIMIT_NS
    while not folder.summary.exists():
        if waits and folders.is_live(folder):
            limit_ns = monotonic_ns() + _END_LIMIT_NS
        if monotonic_ns() > limit_ns:
            raise VumeterError(
                f"The run {folder.name} is gone, and left no summary.",
                hint=f"Its log: vumeter logs {folder.id}",
            )
        time.sleep(_POLL_S)
    try:
        return msgspec.msgpack.decode(folder.summary.read_bytes(), type=Summary)
    except (OSError, msgspec.MsgspecError) as error:
        raise VumeterError(f"The summary of {folder.name} cannot be read: {error}.") from error
