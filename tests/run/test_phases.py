"""Setup and teardown of whole runs: their order, their data, their ends, with real processes."""

import asyncio
import os
import signal
import textwrap
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.cli.ending import exit_code
from vumeter.errors import ExitCode
from vumeter.model.flow import Extract, Request, Source, Think
from vumeter.model.frame import PhaseStanding, RunState, StopCause
from vumeter.model.plan import Load, Plan, Procedure, Scenario, Script, Threshold
from vumeter.model.throttle import CommandKind
from vumeter.report.json_report import report_bytes
from vumeter.report.terminal import summary_text
from vumeter.testing.answers import Answer
from vumeter.testing.laws import by_path
from vumeter.testing.server import LoopbackServer

pytestmark = pytest.mark.slow

CANARY = "canary-8f3a91"
LOGIN = Answer(body=b'{"token": "%s"}' % CANARY.encode())
TOKEN = Extract(variable="token", source=Source.JSON, selector="token")


@pytest.fixture
async def shop():
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        yield server


def requests(server: LoopbackServer, *paths: str, **fields: Any) -> tuple[Request, ...]:
    root = server.url.rstrip("/")
    return tuple(Request(name=f"GET {path}", url=root + path, **fields) for path in paths)


def once(server: LoopbackServer, *paths: str, **fields: Any) -> Procedure:
    return Procedure(steps=requests(server, *paths), **fields)


def a_plan(server: LoopbackServer, *, load: Load, **fields: Any) -> Plan:
    headers = (("Authorization", "Bearer {{token}}"),) if "setup" in fields else ()
    [request] = requests(server, "/load", headers=headers, extract=())
    login = Procedure(steps=requests(server, "/login", extract=(TOKEN,)))
    fields = {"setup": login} | fields
    main = Scenario(name="main", steps=(request,), load=load)
    return Plan(**{"name": "test", "scenarios": (main,), "graceful_stop_s": 20.0} | fields)


async def held(server: LoopbackServer, answers: int = 1) -> None:
    async with asyncio.timeout(30):
        await server.gate.held(answers)


def procedures() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children() if "vumeter.engine.worker" in child.cmdline()
    ]


async def test_setup_comes_first_teardown_last_and_neither_is_in_the_figures_of_the_load(
    fly: Any, shop: LoopbackServer
) -> None:
    teardown = once(shop, "/bye?as={{token}}")
    plan = a_plan(shop, load=Load(vus=4, iterations=60), teardown=teardown, workers=2)
    async with fly(plan) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.SCHEDULE
    assert exit_code(summary) is ExitCode.OK
    assert summary.total.requests == 60
    assert list(summary.endpoints) == ["GET /load"]
    assert (summary.setup.standing, summary.setup.total.requests) == (PhaseStanding.DONE, 1)
    assert (summary.teardown.standing, summary.teardown.total.requests) == (PhaseStanding.DONE, 1)
    assert shop.truth.paths == {"/login": 1, "/load": 60, f"/bye?as={CANARY}": 1}
    order = [path for path, _ in zip(shop.truth.paths, range(3), strict=True)]
    assert order == ["/login", "/load", f"/bye?as={CANARY}"]


async def test_every_vu_of_every_worker_has_what_setup_extracts(
    fly: Any, shop: LoopbackServer
) -> None:
    [load] = requests(shop, "/load?as={{token}}")
    login = Procedure(steps=requests(shop, "/login", extract=(TOKEN,)))
    main = Scenario(name="main", steps=(load,), load=Load(vus=6, iterations=60))
    plan = Plan(name="test", scenarios=(main,), setup=login, workers=3)
    async with fly(plan) as flight:
        await flight.summary()
    assert shop.truth.paths == {"/login": 1, f"/load?as={CANARY}": 60}


async def test_what_setup_comes_by_is_shown_nowhere(
    fly: Any, shop: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "shop.py"
    path.write_text(
        textwrap.dedent("""
            from vumeter.script import Vu, scenario, setup, teardown

            @setup()
            async def prepare(vu: Vu):
                return (await vu.get("/login")).json()

            @scenario()
            async def browse(vu: Vu):
                await vu.get("/load", params={"as": vu.data["token"]}, name="load")
                raise ValueError(f"seen {vu.data['token']} here")

            @teardown()
            async def clear(vu: Vu):
                raise LookupError(vu.data["token"])
        """)
    )

    def place(name: str) -> Script:
        return Script(path=str(path), scenario=name, target=shop.url)

    main = Scenario(name="browse", steps=(), load=Load(vus=1), script=place("browse"))
    plan = Plan(
        name="test",
        scenarios=(main,),
        setup=Procedure(script=place("prepare")),
        teardown=Procedure(script=place("clear")),
    )
    shown = []
    async with fly(plan) as flight:
        link = await flight.link()
        shown.append(repr(link.hello))
        async with asyncio.timeout(30):
            async for frame in link.frames():
                shown.append(repr(frame))
                if frame.errors:
                    break
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
        kept = [file.read_bytes() for file in flight.folder.path.iterdir() if file.is_file()]
    assert shop.truth.paths[f"/load?as={CANARY}"] > 0
    assert summary.teardown.problem == f"{path}:15: LookupError: ***"
    assert any("seen *** here" in each for each in shown)
    everything = [*(each.encode() for each in shown), *kept, report_bytes(summary)]
    everything += [summary_text(summary, colour=False).encode(), repr(summary).encode()]
    assert not [each for each in everything if CANARY.encode() in each]


async def test_a_setup_that_fails_ends_the_run_before_any_load(
    fly: Any, shop: LoopbackServer
) -> None:
    setup = Procedure(
        steps=requests(shop, "/login", "/status/401"), places=("p.toml:3", "p.toml:4")
    )
    plan = a_plan(shop, load=Load(vus=2), setup=setup, teardown=once(shop, "/bye"))
    plan = Plan(
        name="test",
        scenarios=(Scenario(name="main", steps=requests(shop, "/load"), load=Load(vus=2)),),
        setup=setup,
        teardown=plan.teardown,
    )
    async with fly(plan) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.SETUP
    assert exit_code(summary) is ExitCode.PHASE
    assert summary.setup.problem == "p.toml:4: GET /status/401: status 401"
    assert summary.setup.total.statuses == {200: 1, 401: 1}
    assert summary.teardown.standing is PhaseStanding.SKIPPED
    assert any("p.toml:4: GET /status/401" in remark for remark in summary.remarks)
    assert "teardown is skipped: setup did not come to its end" in summary.remarks
    assert (summary.total.requests, summary.duration_s) == (0, 0.0)
    assert shop.truth.paths == {"/login": 1, "/status/401": 1}
    assert "HTTP" not in summary_text(summary, colour=False)


async def test_a_setup_that_takes_too_long_is_cut_off_and_its_request_counted(
    fly: Any,
) -> None:
    async with LoopbackServer(law=by_path({"/slow": 60.0})) as server:
        setup = once(server, "/slow", timeout_s=1.0)
        main = Scenario(name="main", steps=requests(server, "/load"), load=Load(vus=1))
        async with fly(Plan(name="test", scenarios=(main,), setup=setup)) as flight:
            summary = await flight.summary()
        assert server.truth.requests == 1
    assert summary.setup.standing is PhaseStanding.TIMED_OUT
    assert summary.setup.problem == "it was not done within its 1s"
    assert summary.setup.total.errors_by_kind == {"interrupted": 1}
    assert exit_code(summary) is ExitCode.SETUP_TIMEOUT


async def test_viewers_see_that_it_sets_up_and_a_stop_leaves_setup_its_time(
    fly: Any, shop: LoopbackServer, until: Any
) -> None:
    shop.gate.close()
    plan = a_plan(shop, load=Load(vus=2), teardown=once(shop, "/bye"))
    async with fly(plan) as flight:
        link = await flight.link()
        await held(shop)
        seen = await until(link, lambda frame: frame.setup and frame.setup.elapsed_s >= 1)
        assert (seen.state, seen.elapsed_s) == (RunState.SETTING_UP, 0.0)
        assert seen.setup.standing is PhaseStanding.RUNNING
        assert await flight.do(CommandKind.SET, value=5) == "Setup is at work; there is no load yet"
        assert await flight.do(CommandKind.STOP) == "stopping: setup has 20s to end"
        await until(link, lambda frame: frame.state is RunState.STOPPING)
        shop.gate.open()
        await until(link, lambda frame: frame.state is RunState.ENDED)
        await link.close()
        summary = await flight.summary()
    assert summary.stop is StopCause.STOPPED
    assert exit_code(summary) is ExitCode.STOPPED
    assert summary.setup.standing is PhaseStanding.DONE
    assert shop.truth.paths == {"/login": 1, "/bye": 1}


async def test_an_abort_cuts_setup_off_and_skips_teardown(fly: Any, shop: LoopbackServer) -> None:
    shop.gate.close()
    plan = a_plan(shop, load=Load(vus=2), teardown=once(shop, "/bye"))
    async with fly(plan) as flight:
        await held(shop)
        assert await flight.do(CommandKind.ABORT) == "ending at once"
        summary = await flight.summary()
    assert summary.stop is StopCause.ABORTED
    assert exit_code(summary) is ExitCode.STOPPED
    assert summary.setup.standing is PhaseStanding.CUT_OFF
    assert summary.setup.total.errors_by_kind == {"interrupted": 1}
    assert summary.teardown.problem == "the run was ended at once"
    assert shop.truth.paths == {"/login": 1}
    assert not procedures()


@pytest.mark.parametrize(
    ("signals", "paths", "standing"),
    [(1, {"/bye": 1}, PhaseStanding.DONE), (2, {}, PhaseStanding.SKIPPED)],
    ids=["one", "two"],
)
async def test_teardown_comes_after_one_signal_and_not_after_two(
    fly: Any, shop: LoopbackServer, signals: int, paths: dict[str, int], standing: PhaseStanding
) -> None:
    plan = a_plan(shop, load=Load(vus=2), teardown=once(shop, "/bye"))
    async with fly(plan) as flight:
        link = await flight.link()
        async with asyncio.timeout(30):
            async for frame in link.frames():
                if frame.total.requests:
                    break
        shop.gate.close()
        await held(shop, 2)
        for _ in range(signals):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0)
        if signals == 1:
            shop.gate.open()
        await link.close()
        summary = await flight.summary()
    assert summary.stop is StopCause.SIGNAL
    assert exit_code(summary) is ExitCode.INTERRUPTED
    assert summary.teardown.standing is standing
    assert {path: n for path, n in shop.truth.paths.items() if path == "/bye"} == paths
    assert summary.total.requests == shop.truth.paths["/load"]


async def test_teardown_comes_after_a_threshold_that_ends_the_run(
    fly: Any, shop: LoopbackServer
) -> None:
    rule = Threshold(metric="http_reqs", expression="count < 1", abort_on_fail=True)
    plan = a_plan(shop, load=Load(vus=1), teardown=once(shop, "/bye"), thresholds=(rule,))
    async with fly(plan) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.THRESHOLD
    assert summary.teardown.standing is PhaseStanding.DONE
    assert shop.truth.paths["/bye"] == 1


async def test_a_teardown_that_fails_or_is_late_decides_the_exit_code(
    fly: Any, shop: LoopbackServer
) -> None:
    plan = a_plan(shop, load=Load(vus=1, iterations=3), teardown=once(shop, "/status/500"))
    async with fly(plan) as flight:
        failed = await flight.summary()
    assert (failed.stop, exit_code(failed)) == (StopCause.SCHEDULE, ExitCode.PHASE)
    late = Procedure(steps=(*requests(shop, "/bye"), Think(first_s=60.0)), timeout_s=3.0)
    async with fly(a_plan(shop, load=Load(vus=1, iterations=3), teardown=late)) as flight:
        link = await flight.link()
        states = {frame.state async for frame in link.frames()}
        await link.close()
        summary = await flight.summary()
    assert RunState.TEARING_DOWN in states
    assert summary.teardown.standing is PhaseStanding.TIMED_OUT
    assert summary.teardown.total.requests == 1
    assert exit_code(summary) is ExitCode.TEARDOWN_TIMEOUT
    assert summary.duration_s < 1.0


async def test_a_process_that_is_lost_is_a_setup_that_failed(
    fly: Any, shop: LoopbackServer
) -> None:
    shop.gate.close()
    plan = a_plan(shop, load=Load(vus=1))
    before = {child.pid for child in procedures()}
    async with fly(plan) as flight:
        await held(shop)
        # The last one to be started; the other waits for its launch.
        newest = max((c for c in procedures() if c.pid not in before), key=lambda c: c.pid)
        newest.kill()
        summary = await flight.summary()
    assert summary.stop is StopCause.SETUP
    assert summary.setup.problem == "its process was lost: killed by signal 9"
    assert not procedures()


async def test_a_teardown_that_blocks_is_ended_by_force(
    fly: Any, shop: LoopbackServer, tmp_path: Path
) -> None:
    path = tmp_path / "shop.py"
    path.write_text(
        "import time\nfrom vumeter.script import Vu, scenario, teardown\n"
        "@scenario()\nasync def browse(vu: Vu): await vu.get('/load')\n"
        "@teardown(timeout=1)\nasync def clear(vu: Vu): time.sleep(600)\n"
    )
    place = Script(path=str(path), scenario="browse", target=shop.url)
    main = Scenario(name="browse", steps=(), load=Load(vus=1, iterations=2), script=place)
    plan = Plan(name="test", scenarios=(main,), teardown=Procedure(script=place, timeout_s=1.0))
    async with fly(plan) as flight:
        summary = await flight.summary()
    assert summary.teardown.standing is PhaseStanding.TIMED_OUT
    assert "its process was ended by force" in summary.teardown.problem
    assert summary.total.requests == 2
    assert not procedures()
