"""Which resources are said to have been exhausted at a load."""

import pytest
from msgspec.structs import replace
from tests.pilot.queues import Queue, exponential

from vumeter.model.watched import Watched, WatchedKind, WatchedState
from vumeter.pilot.saturation import saturated
from vumeter.pilot.window import second_of


def seen(*watched: Watched) -> tuple[str, ...]:
    queue = Queue(exponential(0.01))
    queue.set(10.0)
    return saturated([second_of(replace(queue.read(), watched=watched), ()) for _ in range(3)])


def it(kind: WatchedKind, **series: float) -> Watched:
    return Watched(name="api", kind=kind, state=WatchedState.UP, series=series)


@pytest.mark.parametrize(
    ("watched", "words"),
    [
        pytest.param(
            it(WatchedKind.PROCESS, cpu_percent=99.0, processes=1.0),
            ("api: 99% of one core",),
            id="one process that has a core",
        ),
        pytest.param(
            it(WatchedKind.PROCESS, cpu_percent=180.0, processes=4.0),
            (),
            id="several that have two",
        ),
        pytest.param(
            it(WatchedKind.PROCESS, cpu_percent=195.0, processes=4.0, cpu_limit_cores=2.0),
            ("api: 98% of its share of the CPU",),
            id="several that may have two",
        ),
        pytest.param(
            it(WatchedKind.PGBOUNCER, clients_waiting=7.0),
            ("api: 7 clients wait for a connection",),
            id="a pool",
        ),
        pytest.param(
            it(WatchedKind.REDIS, cpu_percent=30.0, clients=95.0, client_limit=100.0),
            ("api: 95% of its clients",),
            id="a Redis without a place",
        ),
    ],
)
def test_what_is_watched_is_named_where_it_is_exhausted(
    watched: Watched, words: tuple[str, ...]
) -> None:
    assert seen(watched) == words


def test_what_is_down_says_nothing() -> None:
    down = replace(it(WatchedKind.REDIS, cpu_percent=99.0), state=WatchedState.DOWN)
    assert seen(down) == ()
