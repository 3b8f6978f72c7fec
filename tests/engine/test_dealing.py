"""Two generators in one process: one gives a half of its share to the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vumeter.clock import monotonic_ns
from vumeter.engine.generator import Generator
from vumeter.model.flow import Request, Think
from vumeter.model.measure import ScenarioCounts, Snapshot
from vumeter.model.messages import Deal, Launch, Share, Station, Vacant
from vumeter.model.plan import Feeder, FeederOrder, Load, Plan, Scenario
from vumeter.run.staff import Staff
from vumeter.run.standing import Standing
from vumeter.stats import tally
from vumeter.stats.totals import sum_of
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

PATIENCE_S = 30.0


class Pair:
    """A run of *plan* whose staff is real, and whose workers are generators in this loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.staff = Staff(plan, cores=2)
        self.start_ns = monotonic_ns()
        self.generators: dict[int, Generator] = {}
        self.works: list[asyncio.Task[None]] = []
        self.snapshots: list[Snapshot] = []

    def join(self, worker: int, portion: Share, station: Station | None = None) -> None:
        launch = Launch(
            plan=self.plan,
            share=portion,
            start_ns=self.start_ns,
            worker=worker,
            station=station,
        )

        def tell(vacant: Vacant) -> None:
            # Behind the first step of a generator that was told of in this turn, as in a worker.
            for other, message in self.staff.vacated(worker, vacant):
                asyncio.get_running_loop().call_soon(self.generators[other].take_over, message)

        generator = Generator(
            launch, on_snapshot=self.snapshots.append, on_remark=print, on_vacant=tell
        )
        self.generators[worker] = generator
        self.works.append(asyncio.create_task(generator.run()))

    def halve(self) -> None:
        """Let worker 1 have the half of worker 0."""
        assert self.staff.add() == 1
        giver, deal = self.staff.deal(1)
        assert deal == Deal(worker=1, own=Share(index=0, count=2))
        place = self.staff.divide(
            self.generators[giver].deal(deal),
            at_s=self.now_s,
            moves=Standing(self.plan).moves,
            paused=False,
        )
        assert place is not None
        self.join(1, place.share, place.station)

    @property
    def now_s(self) -> float:
        return (monotonic_ns() - self.start_ns) / 1e9

    def vus(self) -> list[int]:
        return [len(list(generator.vus())) for generator in self.generators.values()]

    async def until(self, is_so: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                for work in self.works:
                    if work.done():
                        work.result()
                await asyncio.sleep(0.002)

    async def done(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self.works)

    @property
    def counts(self) -> ScenarioCounts:
        total = ScenarioCounts()
        for snapshot in self.snapshots:
            for counts in snapshot.scenarios.values():
                total = sum_of(total, counts)
        return total

    @property
    def requests(self) -> int:
        return tally.merge([t for s in self.snapshots for t in s.tallies.values()]).requests


@asynccontextmanager
async def pair(plan: Plan) -> AsyncIterator[Pair]:
    both = Pair(plan)
    both.join(0, Share(index=0, count=1))
    try:
        yield both
    finally:
        for work in both.works:
            work.cancel()
        await asyncio.wait(both.works)


def plan_of(*steps: Any, load: Load, **more: Any) -> Plan:
    scenario = Scenario(name="main", steps=steps, load=load)
    return Plan(name="test", scenarios=(scenario,), adds_workers=True, **more)


@pytest.mark.slow
async def test_vus_move_one_by_one_when_their_iterations_are_done() -> None:
    async with LoopbackServer(law=fixed(0.02)) as server:
        get = Request(name="get", url=server.url)
        plan = plan_of(get, Think(first_s=0.08), get, load=Load(vus=21, duration_s=2.0))
        async with pair(plan) as both:
            await both.until(lambda: both.vus() == [21] and both.now_s > 0.5)
            both.halve()
            most = 0
            while both.vus() != [11, 10]:
                most = max(most, sum(both.vus()))
                await asyncio.sleep(0.001)
                assert both.now_s < 1.9, both.vus()
            # The one has left before the other comes: the sum is never above the target.
            assert most <= 21
            await both.done()
            assert both.requests == server.truth.requests
        # Nobody's iteration was cut off for it; 21 are by the end of the schedule, at most.
        assert both.counts.iterations_interrupted <= 21
        assert both.counts.iterations_started == (
            both.counts.iterations_done + both.counts.iterations_interrupted
        )


@pytest.mark.slow
async def test_every_iteration_of_a_rate_is_due_to_one_of_the_two() -> None:
    async with LoopbackServer() as server:
        plan = plan_of(
            Request(name="get", url=server.url), load=Load(vus=20, rate_per_s=500, duration_s=2.5)
        )
        async with pair(plan) as both:
            await both.until(lambda: both.now_s > 0.8)
            both.halve()
            await both.done()
        assert both.counts.iterations_due == 1250
        assert both.counts.iterations_started + both.counts.iterations_dropped == 1250
        assert both.requests == server.truth.requests
        # Half of 500/s is due to the second worker, be it early or late in beginning them.
        second = [s for s in both.snapshots if s.worker == 1 and s.second == 1]
        assert second[0].scenarios["main"].iterations_due == pytest.approx(250, abs=100)


@pytest.mark.slow
async def test_what_is_left_of_a_number_of_iterations_and_of_rows_is_divided_exactly() -> None:
    rows = tuple((f"{number}",) for number in range(3000))
    feeder = Feeder(name="n", columns=("n",), rows=rows, order=FeederOrder.SEQUENTIAL)
    async with LoopbackServer(law=fixed(0.002)) as server:
        get = Request(name="get", url=server.url + "{{n.n}}")
        plan = plan_of(get, load=Load(vus=5, iterations=2001), feeders=(feeder,))
        async with pair(plan) as both:
            await both.until(lambda: server.truth.requests > 300)
            both.halve()
            await both.done()
        paths = Counter(server.truth.paths)
    assert both.counts.iterations_started == both.counts.iterations_done == 2001
    # No row was given twice, whoever gave it.
    assert set(paths.values()) == {1}
    assert len(paths) == 2001


@pytest.mark.slow
async def test_a_row_of_ones_own_stays_with_one_vu_while_vus_move() -> None:
    feeder = Feeder(
        name="n",
        columns=("n",),
        rows=tuple((f"{number}",) for number in range(12)),
        order=FeederOrder.UNIQUE,
    )
    async with LoopbackServer(law=fixed(0.005)) as server:
        get = Request(name="get", url=server.url + "{{n.n}}")
        plan = plan_of(get, load=Load(vus=12, duration_s=1.5), feeders=(feeder,))
        async with pair(plan) as both:
            await both.until(lambda: both.now_s > 0.3)
            both.halve()
            while both.now_s < 1.2:
                vus = [vu for generator in both.generators.values() for vu in generator.vus()]
                places = Counter(vu.place for vu in vus)
                assert set(places.values()) <= {1}
                await asyncio.sleep(0.002)
            assert both.vus() == [6, 6]
            await both.done()
        assert len(server.truth.paths) == 12
