"""Setup and teardown in their worker: what is sent, what is made, and where they fail."""

import asyncio
import textwrap
from contextlib import asynccontextmanager

import msgspec
import pytest

from vumeter.engine.procedure import MOST_PROVIDED_BYTES, Performance
from vumeter.model.flow import (
    Check,
    Extract,
    Group,
    Relation,
    Request,
    Source,
    Think,
    When,
    requests_of,
)
from vumeter.model.frame import Phase
from vumeter.model.messages import Perform, Performed, Stop
from vumeter.model.plan import Load, Plan, Procedure, Scenario, Script
from vumeter.stats import tally
from vumeter.testing.answers import Answer
from vumeter.testing.laws import fixed
from vumeter.testing.server import LoopbackServer

LOGIN = Answer(body=b'{"token": "abc", "id": 7}')
TOKEN = Extract(variable="token", source=Source.JSON, selector="token")


def a_plan(url: str, **fields) -> Plan:
    main = Scenario(name="main", steps=(Request(name="main", url=url),), load=Load(vus=1))
    return Plan(name="test", scenarios=(main,), **fields)


def asked(server: LoopbackServer, path: str, **fields) -> Request:
    return Request(**{"name": f"GET {path}", "url": server.url.rstrip("/") + path} | fields)


def steps(*described, places=True) -> Procedure:
    requests = list(requests_of(described))
    lines = tuple(f"p.toml:{line}" for line, _ in enumerate(requests, start=1))
    return Procedure(steps=described, places=lines if places else ())


class Stage:
    """One performance, and what it has reported."""

    def __init__(self, plan: Plan, phase: Phase, provided: bytes) -> None:
        self.snapshots = []
        self.remarks = []
        order = Perform(plan=plan, phase=phase, provided=provided)
        self.performance = Performance(
            order, on_snapshot=self.snapshots.append, on_remark=self.remarks.append
        )
        self.work = asyncio.create_task(self.performance.run())

    async def outcome(self) -> Performed | None:
        async with asyncio.timeout(30):
            await self.work
        return self.performance.performed

    async def cut_off(self, is_so) -> None:
        """Cut it off as soon as *is_so*."""
        async with asyncio.timeout(30):
            while not is_so():
                assert not self.work.done(), "it ended before"
                await asyncio.sleep(0.005)
        self.performance.stop(Stop(id=0, graceful_s=0.0))

    @property
    def total(self):
        return tally.merge([each for s in self.snapshots for each in s.tallies.values()])


@pytest.fixture
def stage():
    @asynccontextmanager
    async def made(plan: Plan, phase: Phase = Phase.SETUP, provided: bytes = b""):
        it = Stage(plan, phase, provided)
        try:
            yield it
        finally:
            it.work.cancel()
            await asyncio.wait((it.work,))

    return made


@pytest.fixture
def scripted(tmp_path):
    """Give what makes a plan of a script whose setup is called `prepare`."""

    def make(text: str, server: LoopbackServer) -> Plan:
        path = tmp_path / "shop.py"
        path.write_text(
            "import asyncio\nfrom vumeter.script import Vu, scenario, setup, teardown\n"
            + textwrap.dedent(text)
            + "\n@scenario()\nasync def browse(vu):\n    pass\n"
        )
        place = Script(path=str(path), scenario="prepare", target=server.url)
        procedure = Procedure(script=place)
        return a_plan(server.url, setup=procedure, teardown=procedure)

    return make


async def test_setup_sends_its_steps_once_and_hands_on_what_they_extract(stage) -> None:
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        carried = asked(server, "/carried/{{token}}")
        setup = steps(
            Group(name="in", steps=(asked(server, "/login", extract=(TOKEN,)),)),
            Think(first_s=0.001),
            carried,
        )
        async with stage(a_plan(server.url, setup=setup)) as it:
            performed = await it.outcome()
        assert performed == Performed(provided=b'{"token":"abc"}')
        assert server.truth.paths == {"/login": 1, "/carried/abc": 1}
        assert it.total.requests == server.truth.requests == 2
    assert set(it.snapshots[-1].tallies) <= {"in / GET /login", "GET /carried/{{token}}"}


@pytest.mark.parametrize(
    ("path", "fields", "problem"),
    [
        ("/status/503", {}, "p.toml:2: GET /status/503: status 503"),
        (
            "/x",
            {"extract": (TOKEN,)},
            "p.toml:2: GET /x: status 200, but the answer lacks what is to be extracted from it",
        ),
        (
            "/x",
            {
                "checks": (
                    Check(
                        name="big",
                        source=Source.SIZE_BYTES,
                        relation=Relation.AT_LEAST,
                        value=1e9,
                        fails_request=True,
                    ),
                )
            },
            "p.toml:2: GET /x: status 200, but a check that fails the request does not pass",
        ),
    ],
    ids=["status", "extraction", "check"],
)
async def test_the_first_request_that_fails_ends_setup_with_its_line(
    stage, path, fields, problem
) -> None:
    async with LoopbackServer() as server:
        setup = steps(
            asked(server, "/first"), asked(server, path, **fields), asked(server, "/never")
        )
        async with stage(a_plan(server.url, setup=setup)) as it:
            performed = await it.outcome()
        assert performed == Performed(problem=problem)
        assert server.truth.paths == {"/first": 1, path: 1}
        assert it.total.requests == 2
        assert sum(it.total.errors.values()) == 1


async def test_a_target_that_is_not_there_fails_setup_at_once(stage) -> None:
    async with LoopbackServer() as server:
        gone = asked(server, "/x")
    async with stage(a_plan(gone.url, setup=steps(gone))) as it:
        performed = await it.outcome()
    assert performed == Performed(problem="p.toml:1: GET /x: refused")


async def test_teardown_goes_on_after_a_failure_and_tells_the_first(stage) -> None:
    async with LoopbackServer() as server:
        teardown = steps(
            asked(server, "/status/500"),
            asked(server, "/status/404"),
            asked(server, "/last?as={{token}}"),
        )
        setup = steps(asked(server, "/login", extract=(TOKEN,)))
        plan = a_plan(server.url, setup=setup, teardown=teardown)
        async with stage(plan, Phase.TEARDOWN, b'{"token":"abc"}') as it:
            performed = await it.outcome()
        assert performed == Performed(problem="p.toml:1: GET /status/500: status 500")
        assert server.truth.paths == {"/status/500": 1, "/status/404": 1, "/last?as=abc": 1}
        assert it.total.requests == 3


async def test_a_variable_that_was_not_come_by_is_empty(stage) -> None:
    async with LoopbackServer() as server:
        optional = When(variable="token", steps=(asked(server, "/never"),))
        hidden = When(variable="token", steps=(asked(server, "/login", extract=(TOKEN,)),))
        setup = steps(asked(server, "/first"), hidden)
        plan = a_plan(server.url, setup=setup, teardown=steps(optional, asked(server, "/last")))
        async with stage(plan) as it:
            assert await it.outcome() == Performed(provided=b"{}")
        async with stage(plan, Phase.TEARDOWN, b"{}") as it:
            assert (await it.outcome()).problem == ""
        assert server.truth.paths == {"/first": 1, "/last": 1}


async def test_what_is_in_flight_when_it_is_cut_off_is_counted(stage) -> None:
    async with LoopbackServer(law=fixed(30.0)) as server:
        plan = a_plan(server.url, setup=steps(asked(server, "/slow")))
        async with stage(plan) as it:
            await it.cut_off(lambda: server.truth.requests)
            assert await it.outcome() is None
    assert it.total.requests == 1
    assert it.total.errors == {"interrupted": 1}


async def test_a_coroutine_hands_on_what_it_returns(stage, scripted) -> None:
    text = """
    @setup()
    async def prepare(vu):
        page = await vu.post("/login", json={"vu": vu.id}, raises=True)
        return {"token": page.json()["token"], "ids": [1, 2]}
    """
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        async with stage(scripted(text, server)) as it:
            performed = await it.outcome()
        assert server.truth.last_request.endswith(b'{"vu":0}')
        assert it.total.requests == server.truth.requests == 1
    assert performed.problem == ""
    assert msgspec.json.decode(performed.provided) == {"token": "abc", "ids": [1, 2]}


async def test_teardown_has_what_setup_returned(stage, scripted) -> None:
    text = """
    @teardown()
    async def prepare(vu):
        await vu.delete(f"/things/{vu.data['ids'][1]}")
    """
    async with LoopbackServer() as server:
        plan = scripted(text, server)
        async with stage(plan, Phase.TEARDOWN, b'{"ids":[1,2]}') as it:
            assert await it.outcome() == Performed()
        assert server.truth.paths == {"/things/2": 1}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('raise ValueError("no\\nway")', ":6: ValueError: no way"),
        ("return object()", ":4: prepare(): what it returns cannot be written as JSON: Encoding"),
        (f"return 'x' * {MOST_PROVIDED_BYTES}", ":4: prepare(): what it has made takes 16.0 MiB"),
        ("raise SystemExit(3)", ":6: SystemExit: 3"),
    ],
    ids=["exception", "no JSON", "too much", "exit"],
)
async def test_what_a_coroutine_does_wrong_is_told_with_file_and_line(
    stage, scripted, tmp_path, body, problem
) -> None:
    text = f"""
    @setup()
    async def prepare(vu):
        {body}
    """
    async with LoopbackServer() as server, stage(scripted(text, server)) as it:
        performed = await it.outcome()
    assert performed.problem.startswith(f"{tmp_path / 'shop.py'}{problem}")
    assert performed.provided == b""


async def test_a_coroutine_that_is_cut_off_clears_away_behind_it(stage, scripted, tmp_path) -> None:
    text = f"""
    from pathlib import Path

    @setup()
    async def prepare(vu):
        try:
            await vu.get("/first")
            await asyncio.sleep(600)
        finally:
            await asyncio.to_thread(Path({str(tmp_path / "cleared")!r}).write_text, "yes")
    """
    async with LoopbackServer() as server, stage(scripted(text, server)) as it:
        await it.cut_off(lambda: server.truth.requests)
        assert await it.outcome() is None
    assert (tmp_path / "cleared").read_text() == "yes"
