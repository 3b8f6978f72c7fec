"""Another machine's host and processes, as the vumeter agent there sees them."""

from collections.abc import Iterator

import msgspec

from vumeter.clock import NsClock, monotonic_ns
from vumeter.model.probes import HostReading
from vumeter.model.watched import AgentMonitor, AgentReading
from vumeter.probes.observing import LOOK_INTERVAL_S, Look, UnseenError
from vumeter.probes.pages import Page

READING_PATH = "/reading"
MOST_WATCHED = 50

_LARGEST_BYTES = 1024 * 1024
_MS_PER_NS = 1e-6
_decode = msgspec.json.Decoder(AgentReading).decode


class AgentObserver:
    """Looks at the host of *monitor*'s agent, and at what that watches."""

    def __init__(self, monitor: AgentMonitor, *, clock: NsClock = monotonic_ns) -> None:
        self.every_s = LOOK_INTERVAL_S
        self._clock = clock
        url = monitor.url.rstrip("/") + READING_PATH
        self._page = Page(url, token=monitor.token, authorities=monitor.authorities)

    async def look(self) -> Look:
        """
        Ask the agent.

        Raises:
            UnseenError: It does not answer, or is none.
        """
        began_ns = self._clock()
        body = bytearray()
        async for chunk in self._page.chunks(accept="application/json"):
            body += chunk
            if len(body) > _LARGEST_BYTES:
                raise UnseenError(f"{self._page.place} says too much", "is it a vumeter agent?")
        try:
            reading = _decode(bytes(body))
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UnseenError(
                f"{self._page.place} is no agent that this vumeter understands",
                "run the same version there",
            ) from error
        series = dict(_series(reading.host))
        series["answer_ms"] = (self._clock() - began_ns) * _MS_PER_NS
        title = f"{self._page.place.removesuffix(READING_PATH)} vumeter {reading.version}"
        return Look(series=series, title=title, behind=reading.watched[:MOST_WATCHED])

    async def close(self) -> None:
        """Let go of the connection."""
        await self._page.close()


def _series(host: HostReading) -> Iterator[tuple[str, float]]:
    """Return the host's numbers by the names that they have of this machine's."""
    for field in host.__struct_fields__:
        value = getattr(host, field)
        if isinstance(value, int | float):
            yield field, float(value)
    if host.memory_total_bytes:
        yield "memory_percent", 100 * host.memory_used_bytes / host.memory_total_bytes
