"""Load in the test's own process and loop, so that a test can look at it and count."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import reduce

import pytest
import uvloop
from msgspec.structs import replace

from vumeter.clock import monotonic_ns
from vumeter.engine.generator import Generator
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.measure import ScenarioCounts, Snapshot, Tally
from vumeter.model.messages import Launch, Share
from vumeter.model.plan import Limits, Load, Plan, Scenario
from vumeter.stats import tally
from vumeter.stats.histogram import count
from vumeter.stats.totals import sum_of

WHOLE = Share(index=0, count=1)
NO_LIMITS = Limits()
PATIENCE_S = 30.0
"""How long a test waits for what must happen: a busy machine may take its time."""


def pytest_asyncio_loop_factories(config, item):
    """Load is generated on uvloop, so it is tested there; the run process has asyncio's own."""
    if item.path.name == "test_launcher.py":
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


class Performance:
    """One generator at work, and all that it has reported."""

    def __init__(self, plan: Plan, share: Share, *, lead_ns: int = 0) -> None:
        self.snapshots: list[Snapshot] = []
        self.remarks: list[str] = []
        launch = Launch(plan=plan, share=share, start_ns=monotonic_ns() + lead_ns)
        self.start_ns = launch.start_ns
        self.generator = Generator(
            launch, on_snapshot=self.snapshots.append, on_remark=self.remarks.append
        )
        self.work = asyncio.create_task(self.generator.run())

    @property
    def now_s(self) -> float:
        """Run time."""
        return (monotonic_ns() - self.start_ns) / 1e9

    async def done(self) -> None:
        """Wait until it has ended by itself."""
        await asyncio.wait_for(asyncio.shield(self.work), PATIENCE_S)
        # Whatever a test is about: each iteration that was done took some time, once.
        assert count(self.counts.iteration_duration) == self.counts.iterations_done

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until *is_so*, and fail loudly when it never is."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                if self.work.done():
                    self.work.result()
                    assert is_so(), "the generator ended before"
                await asyncio.sleep(0.005)

    @property
    def total(self) -> Tally:
        """All requests of all names in the snapshots so far."""
        return tally.merge([t for snapshot in self.snapshots for t in snapshot.tallies.values()])

    def named(self, name: str) -> Tally:
        """All requests of one name in the snapshots so far."""
        return tally.merge(
            [snapshot.tallies[name] for snapshot in self.snapshots if name in snapshot.tallies]
        )

    @property
    def counts(self) -> ScenarioCounts:
        """The iterations of all scenarios in the snapshots so far; VUs as they were last."""
        each = [counts for s in self.snapshots for counts in s.scenarios.values()]
        last = each[-1]
        return replace(reduce(sum_of, each), vus_active=last.vus_active, vus_busy=last.vus_busy)


Perform = Callable[..., AbstractAsyncContextManager[Performance]]


@pytest.fixture
def perform() -> Perform:
    """Give what runs a plan within an `async with`."""

    @asynccontextmanager
    async def run(
        plan: Plan, share: Share = WHOLE, *, lead_ns: int = 0
    ) -> AsyncIterator[Performance]:
        performance = Performance(plan, share, lead_ns=lead_ns)
        try:
            yield performance
        finally:
            performance.work.cancel()
            await asyncio.wait((performance.work,))

    return run


@pytest.fixture
def plan_for() -> Callable[..., Plan]:
    """Give what makes a plan of one scenario; a test names only what it is about."""

    def make(
        *requests: Request | str,
        load: Load,
        on_start: tuple[Request, ...] = (),
        keep_alive: bool = True,
        verify_tls: bool = True,
        graceful_stop_s: float = 5.0,
        limits: Limits = NO_LIMITS,
        workers: int = 1,
    ) -> Plan:
        mix = tuple(
            Choice(steps=(Request(name="get", url=r) if isinstance(r, str) else r,))
            for r in requests
        )
        scenario = Scenario(name="main", steps=(Pick(choices=mix),), load=load, on_start=on_start)
        return Plan(
            name="test",
            scenarios=(scenario,),
            keep_alive=keep_alive,
            verify_tls=verify_tls,
            graceful_stop_s=graceful_stop_s,
            limits=limits,
            workers=workers,
        )

    return make


@pytest.fixture
def total_of() -> Callable[[Plan], Awaitable[Performance]]:
    """Give what runs a plan to its own end."""

    async def run(plan: Plan) -> Performance:
        performance = Performance(plan, Share(index=0, count=1))
        try:
            await performance.done()
        finally:
            performance.work.cancel()
            await asyncio.wait((performance.work,))
        return performance

    return run
