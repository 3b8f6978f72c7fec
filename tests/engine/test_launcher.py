"""Worker processes: started, heard, lost and ended, for real."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from vumeter.engine.launcher import Crew, WorkerLost
from vumeter.errors import VumeterError
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.messages import Acknowledged, Finished, Pause, Retarget, SnapshotTaken, Stop
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.throttle import Lever
from vumeter.schedule.legs import flat
from vumeter.stats import tally
from vumeter.testing.patience import until
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

PATIENCE_S = 30.0


class Heard:
    """A crew, and all that it has said."""

    def __init__(self, plan: Plan) -> None:
        self.crew = Crew(plan, on_message=self._hear)
        self.messages: list[tuple[int, object]] = []
        self._changed = asyncio.Event()

    def _hear(self, worker: int, message: object) -> None:
        self.messages.append((worker, message))
        self._changed.set()

    def of(self, kind: type) -> list:
        return [message for _, message in self.messages if isinstance(message, kind)]

    async def until(self, is_so) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()


def plan_for(url: str, load: Load, *, workers: int = 2, graceful_stop_s: float = 5.0) -> Plan:
    mix = (Choice(steps=(Request(name="get", url=url),)),)
    return Plan(
        name="test",
        scenarios=(Scenario(name="main", steps=(Pick(choices=mix),), load=load),),
        workers=workers,
        graceful_stop_s=graceful_stop_s,
    )


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def gone(pids) -> None:
    await until(lambda: not any(is_running(pid) for pid in pids))


async def test_two_workers_share_the_load_and_count_what_the_server_counted() -> None:
    async with LoopbackServer() as server:
        heard = Heard(plan_for(server.url, Load(vus=5, duration_s=1.5)))
        try:
            await heard.crew.start()
            assert heard.crew.alive == {0, 1}
            await heard.until(lambda: len(heard.of(Finished)) == 2)
        finally:
            await heard.crew.close()
        snapshots = [taken.snapshot for taken in heard.of(SnapshotTaken)]
        total = tally.merge([t for s in snapshots for t in s.tallies.values()])
        assert total.answered == server.truth.requests > 50
        assert total.errors == {}
        assert server.truth.connections == 5
    for worker in (0, 1):
        seconds = [s.second for s in snapshots if s.worker == worker]
        assert seconds == list(range(len(seconds)))
        assert [m for w, m in heard.messages if w == worker][-1] == Finished()
    first = {s.worker: s.scenarios["main"].vus_active for s in snapshots if s.second == 0}
    assert first == {0: 3, 1: 2}
    assert heard.crew.alive == frozenset()


async def test_every_worker_acknowledges_a_command_once_it_has_taken_effect() -> None:
    async with LoopbackServer() as server:
        heard = Heard(plan_for(server.url, Load(vus=2)))
        try:
            await heard.crew.start()
            leg = flat(6)
            retarget = Retarget(id=7, scenario="main", lever=Lever.VUS, course=(leg,), end_s=None)
            assert heard.crew.send(retarget) == 2
            await heard.until(lambda: heard.of(Acknowledged).count(Acknowledged(id=7)) == 2)
            await until(lambda: server.truth.connections == 6)
            heard.crew.send(Pause(id=8, paused=True))
            heard.crew.send(Stop(id=9, graceful_s=5.0))
            await heard.until(lambda: len(heard.of(Finished)) == 2)
        finally:
            await heard.crew.close()
        assert [message.id for message in heard.of(Acknowledged)].count(9) == 2
        assert server.truth.connections == 6


async def test_a_worker_that_is_killed_is_reported_lost_and_the_other_works_on() -> None:
    async with LoopbackServer() as server:
        heard = Heard(plan_for(server.url, Load(vus=2)))
        try:
            await heard.crew.start()
            os.kill(heard.crew.pids[1], signal.SIGKILL)
            await heard.until(lambda: bool(heard.of(WorkerLost)))
            lost = heard.of(WorkerLost)
            assert lost == [WorkerLost(worker=1, cause="killed by signal 9", was_killed=True)]
            assert heard.crew.alive == {0}
            assert heard.crew.send(Pause(id=1, paused=True)) == 1
            await heard.until(lambda: Acknowledged(id=1) in heard.of(Acknowledged))
        finally:
            await heard.crew.close()


async def test_what_a_worker_complains_of_last_is_the_cause_of_its_loss() -> None:
    plan = plan_for("http://127.0.0.1:1/{{nowhere}}", Load(vus=1), workers=1)
    heard = Heard(plan)
    try:
        await heard.crew.start()
        await heard.until(lambda: bool(heard.of(WorkerLost)))
    finally:
        await heard.crew.close()
    cause = heard.of(WorkerLost)[0].cause
    assert "exit code 1" in cause
    assert "{{nowhere}}" in cause


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_no_signal_to_the_whole_group_ends_a_worker(signal_number: signal.Signals) -> None:
    async with LoopbackServer() as server:
        heard = Heard(plan_for(server.url, Load(vus=1), workers=1))
        try:
            await heard.crew.start()
            os.kill(heard.crew.pids[0], signal_number)
            heard.crew.send(Pause(id=1, paused=True))
            await heard.until(lambda: bool(heard.of(Acknowledged)))
        finally:
            await heard.crew.close()


async def test_closing_leaves_no_process_behind_even_in_the_middle_of_load() -> None:
    async with LoopbackServer() as server:
        heard = Heard(plan_for(server.url, Load(vus=4)))
        await heard.crew.start()
        await heard.until(lambda: bool(heard.of(SnapshotTaken)))
        pids = heard.crew.pids.values()
        await heard.crew.close()
        assert not any(is_running(pid) for pid in pids)
        assert heard.of(WorkerLost) == []


async def test_a_start_that_is_cancelled_leaves_no_process_behind() -> None:
    heard = Heard(plan_for("http://127.0.0.1:1/", Load(vus=1), workers=2))
    starting = asyncio.create_task(heard.crew.start())
    await until(lambda: len(heard.crew.pids) == 2)
    pids = list(heard.crew.pids.values())
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await gone(pids)


async def test_a_worker_that_does_not_come_up_is_an_error_with_its_last_line(monkeypatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    heard = Heard(plan_for("http://127.0.0.1:1/", Load(vus=1), workers=2))
    with pytest.raises(VumeterError, match="did not come up: exit code 1: "):
        await heard.crew.start()
    assert not any(is_running(pid) for pid in heard.crew.pids.values())


PARENT = """
import asyncio, sys, msgspec
from vumeter.engine.launcher import Crew
from vumeter.model.plan import Plan

async def main():
    crew = Crew(msgspec.json.decode(sys.argv[1], type=Plan), on_message=lambda *_: None)
    await crew.start()
    print(*crew.pids.values(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_workers_end_with_their_parent_however_that_ends() -> None:
    async with LoopbackServer() as server:
        plan = plan_for(server.url, Load(vus=2))
        parent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PARENT,
            msgspec.json.encode(plan).decode(),
            stdout=subprocess.PIPE,
        )
        assert parent.stdout is not None
        pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
        assert len(pids) == 2
        parent.kill()
        await parent.wait()
        await gone(pids)
