"""What is wrong with the demo shop on purpose, and can be put right while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Bottleneck(StrEnum):
    """One thing that slows the shop down."""

    POOL = "pool"
    QUERIES = "queries"
    CACHE = "cache"
    LOCKS = "locks"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class Story:
    """What a bottleneck is, for people."""

    broken: str
    fixed: str
    watch: str
    """Where in the cockpit its fix shows."""


STORIES: Mapping[Bottleneck, Story] = {
    Bottleneck.POOL: Story(
        broken="4 database connections for everybody: requests queue inside the shop",
        fixed="20 database connections",
        watch="pg: conns; latency of every endpoint",
    ),
    Bottleneck.QUERIES: Story(
        broken="GET /market asks for 14 prices one by one: 15 queries a request",
        fixed="GET /market asks for all prices in one query",
        watch="pg: tps; latency of GET /market",
    ),
    Bottleneck.CACHE: Story(
        broken="GET /quotes/{symbol} adds up the whole day of ticks at each request",
        fixed="GET /quotes/{symbol} keeps its answer for a second",
        watch="pg: CPU in AAS; latency of GET /quotes/{symbol}",
    ),
    Bottleneck.LOCKS: Story(
        broken="POST /orders locks one row for all while it waits for the payment",
        fixed="POST /orders waits for the payment first, then adds to one of 63 rows",
        watch="pg: Lock in AAS, blocked; latency of POST /orders",
    ),
    Bottleneck.LEAK: Story(
        broken="GET /quotes/{symbol} remembers every request: 2 KiB each, up to 256 MiB",
        fixed="nothing is remembered",
        watch="host: mem; the shop's own memory in `vumeter demo status`",
    ),
}
