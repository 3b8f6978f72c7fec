"""One worker's part of a run, from its launch to its last snapshot."""

import asyncio
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import msgspec
from msgspec.structs import replace

from vumeter.client.connector import Connector
from vumeter.client.origin import origin_of
from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.agenda import Agenda
from vumeter.engine.crowd import Crowd
from vumeter.engine.feeders import Feed, feeds_of
from vumeter.engine.ledger import Ledger
from vumeter.engine.meters import NO_METERS, Meter, meters_of, taken
from vumeter.engine.ports import busiest_target, port_limit
from vumeter.engine.recorder import Recorder
from vumeter.engine.script import Script
from vumeter.engine.script_program import PlayedScript
from vumeter.engine.stillness import Stillness
from vumeter.engine.sweep import Sweep
from vumeter.engine.virtual_user import VirtualUser
from vumeter.engine.vitals import Health, Pulse
from vumeter.model.measure import ErrorKind, Snapshot, Tally
from vumeter.model.messages import (
    Deal,
    Dealt,
    Launch,
    Pause,
    Retarget,
    Share,
    Station,
    Stop,
    Terms,
    Vacant,
)
from vumeter.model.plan import Feeder, Plan, Procedure, Scenario
from vumeter.model.throttle import Lever
from vumeter.schedule.timetable import openings
from vumeter.stats.histogram import merge

WHOLE = Share(index=0, count=1)

_VACANT_EVERY_S = 0.01
_REMARKS = 5
"""Different ones, of a worker: enough to see what is wrong, too few to flood the log."""


class Generator:
    """
    All VUs of one worker, and its report once a second. Use once.

    What it has to say goes to *on_snapshot* and *on_remark*, in the loop's thread.
    """

    def __init__(
        self,
        launch: Launch,
        *,
        on_snapshot: Callable[[Snapshot], None],
        on_remark: Callable[[str], None],
        on_vacant: Callable[[Vacant], None] | None = None,
    ) -> None:
        self._launch = launch
        self._on_snapshot = on_snapshot
        self._on_remark = on_remark
        self._on_vacant = on_vacant
        self._vacant: dict[str, list[int]] = {}
        self._remarks: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self.ledger = Ledger()
        """Where requests are counted."""
        self._meters = meters_of(launch.plan.metrics)
        self._scripts = self._compiled(launch)
        self.crowds: dict[str, Crowd] = {}
        """The VUs of each scenario, once it runs."""
        self._running = 0
        self._over = asyncio.Event()
        self._second = launch.station.second if launch.station else 0
        """Whose snapshot comes next."""
        self._health = Health()
        self._stillness = Stillness(self.ledger, vus=self.vus, working=self._working)
        self._pulse = Pulse(self._stillness.look)
        self._agenda = Agenda()
        self._port_limit = port_limit(launch.plan.transport)

    def _compiled(self, launch: Launch) -> dict[str, Script]:
        return scripts_of(
            launch.plan,
            self.ledger,
            launch.share,
            provided=launch.provided,
            meters=self._meters,
            first_row=launch.station.first_row if launch.station else 0,
        )

    async def run(self) -> None:
        """Generate load until every VU has ended and every sample has been reported."""
        plan = self._launch.plan
        connector = Connector.of(plan)
        if _begins_with_tls(plan):
            connector.prepare_tls()
        launch = self._launch
        station = launch.station or _beginning(plan)
        async with asyncio.TaskGroup() as tasks:
            self.crowds = {
                scenario.name: Crowd(
                    scenario.load,
                    self._scripts[scenario.name],
                    portion=launch.share,
                    terms=station.terms[scenario.name],
                    is_paused=station.paused,
                    start_ns=launch.start_ns,
                    connector=connector,
                    tasks=tasks,
                    agenda=self._agenda,
                    graceful_s=plan.graceful_stop_s,
                    seed=f"{scenario.name}/{launch.share.index}/{launch.worker}",
                    on_over=self._end_one,
                    on_remark=self._remark,
                    on_vacant=partial(self._vacate, scenario.name),
                )
                for scenario in plan.scenarios
            }
            self._running = len(self.crowds)
            await self._generate()

    def aim(self, retarget: Retarget) -> None:
        """Move a lever of a scenario, and the end of its schedule."""
        crowd = self.crowds[retarget.scenario]
        crowd.end_at(retarget.end_s)
        if retarget.lever is Lever.RATE:
            crowd.aim_rate(retarget.course)
        elif retarget.course is not None:
            crowd.aim_vus(retarget.course)

    def pause(self, pause: Pause) -> None:
        """Begin no new iteration, or go on."""
        for crowd in self.crowds.values():
            crowd.pause(pause.paused)

    def stop(self, stop: Stop) -> None:
        """End every scenario."""
        for crowd in self.crowds.values():
            crowd.end(stop.graceful_s)

    def deal(self, deal: Deal) -> Dealt:
        """Give away a half of everything."""
        feeds = {feed for script in self._scripts.values() for feed in script.feeds}
        first_row = max((feed.next_row for feed in feeds), default=0)
        for feed in feeds:
            feed.deal(deal.own, first_row)
        parts = {name: crowd.deal(deal.own) for name, crowd in self.crowds.items()}
        return Dealt(worker=deal.worker, parts=parts, first_row=first_row)

    def take_over(self, vacant: Vacant) -> None:
        """Let VUs be on places that another worker's have left."""
        for name, places in vacant.places.items():
            self.crowds[name].vacate(places)

    def _vacate(self, scenario: str, place: int) -> None:
        if not self._vacant:
            # Together: thousands may leave at once.
            self._loop.call_later(_VACANT_EVERY_S, self._tell_vacant)
        self._vacant.setdefault(scenario, []).append(place)

    def _tell_vacant(self) -> None:
        places, self._vacant = self._vacant, {}
        if places and self._on_vacant is not None and not self._over.is_set():
            self._on_vacant(Vacant(places=places))

    async def _generate(self) -> None:
        shortest_s = min(script.shortest_timeout_s for script in self._scripts.values())
        sweep = Sweep(self.vus, shortest_timeout_s=shortest_s)
        for crowd in self.crowds.values():
            crowd.prepare()
        await asyncio.sleep(self._left_s(self._launch.start_ns))
        self._stillness.start()
        self._pulse.start()
        sweep.start()
        self._arm_snapshot()
        for crowd in self.crowds.values():
            crowd.start()
        try:
            await self._over.wait()
            self._report_last()
        finally:
            sweep.stop()
            self._pulse.stop()
            # Cancelled: nothing may connect any more once the tasks' owner is closing.
            for crowd in self.crowds.values():
                crowd.end(0.0)
            self._agenda.close()

    def vus(self) -> Iterator[VirtualUser]:
        """Return all that exist."""
        return chain.from_iterable(crowd.vus() for crowd in self.crowds.values())

    def _connections(self) -> int:
        return sum(vu.connections for vu in self.vus())

    def _ports(self, descriptors: int) -> int:
        # Each connection is a descriptor: where these are few, nothing has to be counted.
        return busiest_target(self.vus()) if 2 * descriptors >= self._port_limit > 0 else 0

    def _working(self) -> int:
        return sum(crowd.working for crowd in self.crowds.values())

    def _end_one(self) -> None:
        self._running -= 1
        if self._running == 0:
            self._over.set()

    def _remark(self, text: str) -> None:
        if text not in self._remarks and len(self._remarks) < _REMARKS:
            self._remarks.add(text)
            self._on_remark(text)

    # Once a second.

    def _left_s(self, at_ns: int) -> float:
        return max(0.0, (at_ns - monotonic_ns()) / NANOSECONDS_PER_S)

    def _second_ends_ns(self) -> int:
        return self._launch.start_ns + (self._second + 1) * NANOSECONDS_PER_S

    def _arm_snapshot(self) -> None:
        self._loop.call_later(self._left_s(self._second_ends_ns()), self._report_seconds)

    def _report_seconds(self) -> None:
        if self._over.is_set():
            return
        # Half a millisecond: uvloop's timers may fire so much early. After a standstill the
        # seconds that were missed follow, empty.
        while monotonic_ns() + 500_000 >= self._second_ends_ns():
            self._report()
        self._arm_snapshot()

    def _report_last(self) -> None:
        """Report up to the second that is not over yet."""
        while monotonic_ns() >= self._second_ends_ns():
            self._report()
        self._report()

    def _report(self) -> None:
        plain = {name for name, script in self._scripts.items() if script.is_plain}
        seen = self._stillness.take()
        tallies, durations = self.ledger.take(plain)
        lags = [crowd.counts.take_lag() for crowd in self.crowds.values()]
        vitals = self._health.take(
            connections=self._connections,
            tick_lag=self._pulse.lag.take(),
            start_lag=merge([lag for lag, _ in lags]),
            late_starts=sum(late for _, late in lags),
        )
        vitals = replace(
            vitals,
            ports=self._ports(vitals.descriptors),
            port_limit=self._port_limit,
            denied=_denied(tallies.values()),
        )
        snapshot = Snapshot(
            worker=self._launch.worker,
            second=self._second,
            tallies=tallies,
            scenarios={
                name: crowd.take(durations.get(name)) for name, crowd in self.crowds.items()
            },
            vitals=vitals,
            vu_us=seen.vu_us,
            outage_us=seen.outage_us,
            stalls=seen.stalls,
            metrics=taken(self._meters),
            slowest=self.ledger.take_slowest(self._launch.start_ns),
        )
        self._second += 1
        self._on_snapshot(snapshot)


def scripts_of(
    plan: Plan,
    ledger: Ledger,
    portion: Share = WHOLE,
    *,
    provided: bytes = b"",
    meters: Mapping[str, Meter] = NO_METERS,
    first_row: int = 0,
) -> dict[str, Script]:
    """
    Return the plan's scenarios compiled for *portion*.

    They count into *ledger*, and what scripts measure of their own into *meters*.

    Their VUs are given what setup has *provided*.

    Raises:
        UsageError: A request cannot be sent as it stands.
    """
    feeds = feeds_of(plan.feeders, portion, first_row)
    return {
        scenario.name: _script(
            scenario,
            ledger.book(scenario.name),
            keep_alive=plan.keep_alive,
            cookies=plan.cookies,
            seed=zlib.crc32(scenario.name.encode()),
            feeders=plan.feeders,
            feeds=feeds,
            given=given_by(plan.setup, provided),
            provided=provided,
            meters=meters,
        )
        for scenario in plan.scenarios
    }


def given_by(setup: Procedure | None, provided: bytes = b"") -> dict[str, str]:
    """
    Return the variables that every VU begins with: those that steps of *setup* extract.

    One that was not come by, behind a condition, is empty, as any that is not set.
    """
    if setup is None or setup.script is not None:
        return {}
    made = msgspec.json.decode(provided, type=dict[str, str]) if provided else {}
    return dict.fromkeys(setup.variables, "") | made


def _script(
    scenario: Scenario,
    recorders: dict[str, Recorder],
    *,
    keep_alive: bool,
    cookies: bool,
    seed: int,
    feeders: Sequence[Feeder],
    feeds: Mapping[str, Feed],
    given: Mapping[str, str],
    provided: bytes,
    meters: Mapping[str, Meter],
) -> Script:
    if scenario.script is not None:
        return PlayedScript(
            scenario,
            scenario.script,
            recorders,
            keep_alive=keep_alive,
            cookies=cookies,
            seed=seed,
            provided=provided,
            meters=meters,
        )
    return Script(
        scenario,
        recorders,
        keep_alive=keep_alive,
        cookies=cookies,
        seed=seed,
        feeders=feeders,
        feeds=feeds,
        given=given,
    )


def _beginning(plan: Plan) -> Station:
    """Return where a run of *plan* stands when it begins."""
    terms = {
        name: Terms(vus=opening.vus, rate=opening.rate, end_s=opening.timetable.end_s)
        for name, opening in openings(plan).items()
    }
    return Station(second=0, paused=False, terms=terms)


def _denied(tallies: Iterable[Tally]) -> dict[ErrorKind, int]:
    """Return what this host had not enough of, and for how many connections."""
    denied: dict[ErrorKind, int] = {}
    for tally in tallies:
        for kind in (ErrorKind.DESCRIPTORS, ErrorKind.PORTS):
            if number := tally.errors.get(kind, 0):
                denied[kind] = denied.get(kind, 0) + number
    return denied


def _begins_with_tls(plan: Plan) -> bool:
    return any(origin_of(url).is_tls for url in plan.urls)
