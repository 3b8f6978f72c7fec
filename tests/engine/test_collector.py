"""What the garbage collector is kept from: long passes, and nothing else."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from vumeter.engine.collector import Collector
from vumeter.model.measure import Histogram, ScenarioCounts, Snapshot, Vitals


@pytest.fixture(autouse=True)
def own_collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def seen(vus: int) -> Snapshot:
    vitals = Vitals(
        cpu_percent=0.0,
        tick_lag=Histogram(),
        start_lag=Histogram(),
        late_starts=0,
        descriptors=0,
        descriptor_limit=0,
        rss_bytes=0,
    )
    counts = ScenarioCounts(vus_active=vus)
    return Snapshot(worker=0, second=0, tallies={}, scenarios={"a": counts}, vitals=vitals)


def test_vus_are_set_aside_once_no_more_are_coming_and_again_only_by_a_quarter_more() -> None:
    collector = Collector()
    collector.begin()
    set_aside = []
    for vus in (500, 1000, 1000, 1000, 200, 1000, 1000, 1200, 1200, 1300, 1300, 50, 50):
        before = gc.get_freeze_count()
        kept = [[] for _ in range(1000)]
        collector.look(seen(vus))
        set_aside.append(gc.get_freeze_count() >= before + len(kept))
    assert [index for index, each in enumerate(set_aside) if each] == [2, 10]


def test_what_a_script_leaves_behind_is_found_all_the_same() -> None:
    class Knot:
        def __init__(self) -> None:
            self.own = self

    collector = Collector()
    collector.begin()
    for _ in range(3):
        collector.look(seen(1000))
    assert gc.isenabled()
    gone = [weakref.ref(Knot()) for _ in range(20_000)]
    assert sum(each() is None for each in gone) > 10_000
