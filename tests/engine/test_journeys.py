"""
Iterations of several steps against a real server: what is sent, kept, counted, and when.

Over 400 lines: one small profile after the other, each with the requests that it leads to.
"""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from vumeter.engine.feeders import feeds_of
from vumeter.engine.recorder import MOST_NAMES, OTHER
from vumeter.engine.script import Script
from vumeter.engine.steps import weighted
from vumeter.errors import UsageError
from vumeter.model.flow import (
    Check,
    Choice,
    Extract,
    Group,
    Pick,
    Relation,
    Repeat,
    Request,
    Source,
    Think,
    When,
)
from vumeter.model.measure import ErrorKind
from vumeter.model.messages import Retarget, Share, Stop
from vumeter.model.plan import Feeder, FeederOrder, Limits, Load, Plan, Scenario
from vumeter.model.throttle import Leg, Lever
from vumeter.stats.histogram import count as samples
from vumeter.stats.histogram import max_us, min_us
from vumeter.testing.answers import Answer
from vumeter.testing.laws import fixed
from vumeter.testing.server import KeepAlive, LoopbackServer

LOGIN = Answer(
    body=b'{"token": "a b&c", "user": {"id": 7}}',
    headers=(("Content-Type", "application/json"), ("Set-Cookie", "sid=1; Path=/"), ("X-Id", "x")),
)
OK = Check(name="ok", source=Source.BODY, relation=Relation.CONTAINS, value="ok")
TOKEN = Extract(variable="token", source=Source.JSON, selector="token")


def plan_of(*steps, load: Load, on_start=(), on_stop=(), feeders=(), graceful_stop_s=5.0) -> Plan:
    scenario = Scenario(name="main", steps=steps, load=load, on_start=on_start, on_stop=on_stop)
    return Plan(
        name="test",
        scenarios=(scenario,),
        limits=Limits(),
        feeders=feeders,
        graceful_stop_s=graceful_stop_s,
    )


def vus(performance, number: int) -> None:
    leg = Leg(start_s=performance.now_s, begin=number, end=number)
    performance.generator.aim(
        Retarget(id=1, scenario="main", lever=Lever.VUS, course=(leg,), end_s=None),
    )


def thinking(performance) -> int:
    crowd = performance.generator.crowds.get("main")
    return 0 if crowd is None else len(crowd._thinking)


def resting(performance) -> int:
    crowd = performance.generator.crowds.get("main")
    return 0 if crowd is None else len(crowd._resting)


def existing(performance) -> int:
    return sum(1 for _ in performance.generator.vus())


@pytest.mark.parametrize("load", [Load(vus=3, iterations=12), Load(vus=2, rate_per_s=200.0)])
async def test_every_step_of_every_iteration_is_sent_once(perform, load) -> None:
    async with LoopbackServer() as server:
        steps = (
            Request(name="a", url=server.url + "a"),
            Group(name="g", steps=(Request(name="b", url=server.url + "b"),)),
            Repeat(times=2, steps=(Request(name="c", url=server.url + "c"),)),
        )
        async with perform(plan_of(*steps, load=load)) as performance:
            if load.rate_per_s:
                await performance.until(lambda: server.truth.requests > 40)
                performance.generator.stop(Stop(id=1, graceful_s=5.0))
            await performance.done()
        done = performance.counts.iterations_done
        assert done == 12 or load.rate_per_s
        assert server.truth.paths == {"/a": done, "/b": done, "/c": 2 * done}
    assert performance.counts.iterations_interrupted == 0
    assert {name: performance.named(name).answered for name in ("a", "g / b", "c")} == {
        "a": done,
        "g / b": done,
        "c": 2 * done,
    }


@pytest.mark.slow
async def test_choices_of_several_steps_are_drawn_exactly_by_weight(total_of) -> None:
    async with LoopbackServer() as server:
        choices = tuple(
            Choice(
                steps=(
                    Request(name=name, url=server.url + name),
                    Request(name=f"{name} 2", url=server.url + name + "2"),
                ),
                weight=weight,
            )
            for name, weight in (("browse", 80), ("buy", 20))
        )
        await total_of(plan_of(Pick(choices=choices), load=Load(vus=1, iterations=4096)))
        exact = Counter(weighted(choices, seed=1))
        assert server.truth.paths == {
            "/browse": exact[0],
            "/browse2": exact[0],
            "/buy": exact[1],
            "/buy2": exact[1],
        }


@pytest.mark.slow
async def test_a_choice_with_a_check_goes_on_without_end_and_is_counted_exactly(total_of) -> None:
    async with LoopbackServer() as server:
        choices = tuple(
            Choice(steps=(Request(name=name, url=server.url + name, checks=(OK,)),), weight=weight)
            for name, weight in (("a", 3), ("b", 1))
        )
        performance = await total_of(
            plan_of(Pick(choices=choices), load=Load(vus=3, duration_s=0.6))
        )
        total, truth = performance.total, server.truth
        assert total.answered == truth.requests > 100
        assert total.checks == {"ok": (truth.requests, 0)}
        assert total.received_bytes == truth.sent_bytes
        assert total.sent_bytes == truth.received_bytes
        assert performance.named("a").checks == {"ok": (truth.paths["/a"], 0)}
        counts = performance.counts
        assert counts.iterations_started == counts.iterations_done == truth.requests


async def test_what_a_login_gives_goes_into_every_later_request(total_of) -> None:
    login = Request(
        name="login",
        url="",
        method="POST",
        extract=(
            TOKEN,
            Extract(variable="id", source=Source.BODY, selector=r'"id": (\d+)'),
            Extract(variable="sid", source=Source.COOKIE, selector="sid"),
            Extract(variable="x", source=Source.HEADER, selector="x-id"),
        ),
    )
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        buy = Request(
            name="buy",
            url=server.url + "{{id}}/{{token}}?s={{sid}}&vu={{vu}}&n={{iteration}}",
            method="POST",
            headers=(("Authorization", "Bearer {{token}}"), ("Content-Type", "application/json")),
            body=b'{"user": {{id}}, "x": "{{x}}"}',
        )
        plan = plan_of(
            buy,
            load=Load(vus=1, iterations=3),
            on_start=(Request(**{**_fields(login), "url": server.url + "login"}),),
        )
        await total_of(plan)
        assert server.truth.paths == {
            "/login": 1,
            **{f"/7/a%20b%26c?s=1&vu=1&n={n}": 1 for n in range(3)},
        }
        assert b"\r\nAuthorization: Bearer a b&c\r\n" in server.truth.last_request
        assert server.truth.last_request.endswith(b'\r\n\r\n{"user": 7, "x": "x"}')


def _fields(request: Request) -> dict[str, object]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


async def test_checks_are_counted_and_the_vu_goes_on(total_of) -> None:
    strict = Check(
        name="fast",
        source=Source.DURATION_S,
        relation=Relation.AT_MOST,
        value=0.0,
        fails_request=True,
    )
    lax = Check(name="404", source=Source.STATUS, relation=Relation.ONE_OF, value=("404",))
    async with LoopbackServer() as server:
        steps = (
            Request(name="a", url=server.url, checks=(OK, strict, lax)),
            Request(name="b", url=server.url + "status/404", checks=(OK, lax)),
        )
        performance = await total_of(plan_of(*steps, load=Load(vus=1, iterations=5)))
    first, second = performance.named("a"), performance.named("b")
    assert first.checks == {"ok": (5, 0), "fast": (0, 5), "404": (0, 5)}
    assert first.errors == {ErrorKind.CHECK: 5}
    assert second.checks == {"ok": (0, 5), "404": (5, 0)}
    assert second.errors == {ErrorKind.STATUS: 5}
    assert performance.total.requests == performance.total.answered == 10


async def test_an_iteration_ends_where_a_value_is_missing(total_of) -> None:
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        missing = Extract(variable="more", source=Source.JSON, selector="absent")
        steps = (
            Request(name="a", url=server.url + "login", extract=(TOKEN,)),
            Request(name="b", url=server.url + "login", extract=(missing,)),
            Request(name="c", url=server.url + "{{more}}"),
        )
        performance = await total_of(plan_of(*steps, load=Load(vus=1, iterations=4)))
        assert server.truth.paths == {"/login": 8}
    assert performance.total.errors == {ErrorKind.EXTRACT: 4}
    assert performance.counts.iterations_done == 4


async def test_an_iteration_ends_where_its_connection_does(perform) -> None:
    keep_alive = KeepAlive(requests=2, announced=False)
    async with LoopbackServer(keep_alive=keep_alive) as server:
        steps = tuple(Request(name=name, url=server.url + name) for name in "abc")
        async with perform(plan_of(*steps, load=Load(vus=1, iterations=3))) as performance:
            await performance.done()
        assert server.truth.paths["/a"] == performance.counts.iterations_done == 3
        assert server.truth.paths["/b"] == 3


async def test_conditions_follow_what_was_extracted(total_of) -> None:
    async with LoopbackServer(answers={"/login": LOGIN}) as server:
        at = server.url
        steps = (
            When(variable="token", steps=(Request(name="again", url=at + "again"),)),
            Request(name="login", url=at + "login", extract=(TOKEN,)),
            When(variable="token", equals="a b&c", steps=(Request(name="y", url=at + "y"),)),
            When(variable="token", equals="other", steps=(Request(name="n", url=at + "n"),)),
        )
        await total_of(plan_of(*steps, load=Load(vus=1, iterations=2)))
        assert server.truth.paths == {"/login": 2, "/y": 2, "/again": 1}


@pytest.mark.parametrize("workers", [1, 2])
async def test_feeders_give_each_iteration_a_row_over_all_workers(perform, workers) -> None:
    rows = tuple((str(n), f"name {n}") for n in range(12))
    feeder = Feeder(name="users", columns=("id", "name"), rows=rows)
    async with LoopbackServer() as server:
        request = Request(name="r", url=server.url + "{{users.id}}?n={{users.name}}")
        plan = plan_of(request, load=Load(vus=2 * workers, iterations=12), feeders=(feeder,))
        for index in range(workers):
            async with perform(plan, Share(index=index, count=workers)) as performance:
                await performance.done()
        assert server.truth.paths == {f"/{n}?n=name%20{n}": 1 for n in range(12)}


async def test_a_login_and_the_first_iteration_share_a_row(total_of) -> None:
    feeder = Feeder(name="u", columns=("id",), rows=tuple((str(n),) for n in range(9)))
    async with LoopbackServer() as server:
        plan = plan_of(
            Request(name="r", url=server.url + "r{{u.id}}"),
            on_start=(Request(name="s", url=server.url + "s{{u.id}}"),),
            load=Load(vus=1, iterations=3),
            feeders=(feeder,),
        )
        await total_of(plan)
        assert list(server.truth.paths) == ["/s0", "/r0", "/r1", "/r2"]


async def test_a_vu_keeps_its_unique_row(total_of) -> None:
    feeder = Feeder(
        name="u", columns=("id",), rows=(("a",), ("b",), ("c",)), order=FeederOrder.UNIQUE
    )
    async with LoopbackServer() as server:
        request = Request(name="r", url=server.url + "{{u.id}}/{{vu}}")
        load = Load(vus=3, iterations=4, per_vu=True)
        await total_of(plan_of(request, load=load, feeders=(feeder,)))
        assert server.truth.paths == {"/a/1": 4, "/b/2": 4, "/c/3": 4}


async def test_generated_values_are_the_same_in_every_run(total_of) -> None:
    seen = []
    for _ in range(2):
        async with LoopbackServer() as server:
            request = Request(name="r", url=server.url + "{{uuid()}}/{{randint(1, 1000000)}}")
            await total_of(plan_of(request, load=Load(vus=2, iterations=4, per_vu=True)))
            seen.append(server.truth.paths)
    assert seen[0] == seen[1]
    assert len(seen[0]) == 8


# Thinking, pacing, leaving.


async def test_a_think_time_is_waited_between_requests(total_of) -> None:
    async with LoopbackServer() as server:
        steps = (Request(name="r", url=server.url), Think(first_s=0.05))
        await total_of(plan_of(*steps, load=Load(vus=1, iterations=4)))
        arrivals_ns = server.truth.arrivals_ns
    gaps_ns = [late - early for early, late in pairwise(arrivals_ns)]
    # uvloop's timers may fire half a millisecond early.
    assert len(gaps_ns) == 3
    assert min(gaps_ns) > 49_000_000


@pytest.mark.parametrize(
    ("after", "done", "interrupted"), [((), 3, 0), (("b",), 0, 3)], ids=["last", "between"]
)
async def test_a_stop_does_not_wait_for_those_who_think(perform, after, done, interrupted) -> None:
    async with LoopbackServer() as server:
        steps = (
            Request(name="a", url=server.url + "a"),
            Think(first_s=3600.0),
            *(Request(name=name, url=server.url + name) for name in after),
        )
        async with perform(plan_of(*steps, load=Load(vus=3))) as performance:
            await performance.until(lambda: server.truth.answered == 3)
            await performance.until(lambda: thinking(performance) == 3)
            performance.generator.stop(Stop(id=1, graceful_s=3600.0))
            await performance.done()
        assert server.truth.paths == {"/a": 3}
    assert performance.counts.iterations_done == done
    assert performance.counts.iterations_interrupted == interrupted
    assert performance.total.errors == {}


async def test_lowering_does_not_wait_for_those_who_think(perform) -> None:
    async with LoopbackServer() as server:
        steps = (Request(name="a", url=server.url), Think(first_s=3600.0))
        async with perform(plan_of(*steps, load=Load(vus=5))) as performance:
            await performance.until(lambda: thinking(performance) == 5)
            vus(performance, 2)
            await performance.until(lambda: existing(performance) == 2)
            assert thinking(performance) == 2


async def test_a_number_of_iterations_is_thought_through_to_its_end(total_of) -> None:
    async with LoopbackServer() as server:
        steps = (Think(first_s=0.02), Request(name="a", url=server.url), Think(first_s=0.02))
        performance = await total_of(plan_of(*steps, load=Load(vus=4, iterations=6)))
        assert server.truth.requests == performance.counts.iterations_done == 6
    assert performance.counts.iterations_interrupted == 0


@pytest.mark.slow
async def test_iterations_keep_their_pace(perform) -> None:
    async with LoopbackServer(law=fixed(0.01)) as server:
        steps = (Request(name="a", url=server.url), Request(name="b", url=server.url))
        plan = plan_of(*steps, load=Load(vus=1, iterations=5, pacing_s=0.06))
        async with perform(plan) as performance:
            await performance.done()
        first_ns = server.truth.arrivals_ns[::2]
    gaps_ns = [late - early for early, late in pairwise(first_ns)]
    # Two milliseconds are the grain within which the pace is kept to its ideal times.
    assert len(gaps_ns) == 4
    assert min(gaps_ns) > 57_000_000


async def test_a_paced_vu_is_not_busy_and_leaves_at_once(perform) -> None:
    async with LoopbackServer() as server:
        plan = plan_of(Request(name="a", url=server.url), load=Load(vus=3, pacing_s=3600.0))
        async with perform(plan) as performance:
            await performance.until(lambda: resting(performance) == 3)
            assert performance.generator.crowds["main"].take().vus_busy == 0
            performance.generator.stop(Stop(id=1, graceful_s=3600.0))
            await performance.done()
        assert server.truth.requests == 3


async def test_every_vu_says_goodbye_once(perform) -> None:
    async with LoopbackServer(law=fixed(0.002)) as server:
        plan = plan_of(
            Request(name="r", url=server.url + "r"),
            load=Load(vus=6),
            on_start=(Request(name="in", url=server.url + "in/{{vu}}"),),
            on_stop=(
                Think(first_s=3600.0),
                Request(name="out", url=server.url + "out/{{vu}}"),
            ),
        )
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.paths["/r"] > 30)
            vus(performance, 2)
            await performance.until(lambda: existing(performance) == 2)
            assert sum(n for path, n in server.truth.paths.items() if "out" in path) == 4
            performance.generator.stop(Stop(id=1, graceful_s=5.0))
            await performance.done()
        ins = {path: n for path, n in server.truth.paths.items() if "in" in path}
        outs = {path: n for path, n in server.truth.paths.items() if "out" in path}
        assert ins == {f"/in/{n}": 1 for n in range(1, 7)}
        assert outs == {f"/out/{n}": 1 for n in range(1, 7)}
        assert server.truth.abandoned == 0
    assert performance.counts.iterations_interrupted == 0


@pytest.mark.parametrize("vus_", [1, 3])
async def test_a_vu_with_a_number_of_its_own_says_goodbye_after_it(total_of, vus_) -> None:
    async with LoopbackServer() as server:
        plan = plan_of(
            Request(name="r", url=server.url + "r"),
            load=Load(vus=vus_, iterations=4, per_vu=True),
            on_stop=(Request(name="out", url=server.url + "out/{{vu}}"),),
        )
        await total_of(plan)
        assert server.truth.paths == {
            "/r": 4 * vus_,
            **{f"/out/{number + 1}": 1 for number in range(vus_)},
        }


async def test_a_goodbye_of_nothing_without_end_does_end(perform) -> None:
    never = Extract(variable="never", source=Source.JSON, selector="x")
    async with LoopbackServer() as server:
        inner = When(variable="never", steps=(Request(name="x", url=server.url, extract=(never,)),))
        plan = plan_of(
            Request(name="r", url=server.url + "r"),
            load=Load(vus=2, iterations=2),
            on_stop=(Repeat(times=10**9, steps=(inner,)),),
        )
        async with perform(plan) as performance:
            await performance.done()
        assert server.truth.paths == {"/r": 2}


async def test_an_abort_leaves_without_goodbye(perform) -> None:
    async with LoopbackServer() as server:
        plan = plan_of(
            Request(name="r", url=server.url + "r"),
            load=Load(vus=2),
            on_stop=(Request(name="out", url=server.url + "out"),),
        )
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.paths["/r"] > 10)
            performance.generator.stop(Stop(id=1, graceful_s=0.0))
            await performance.done()
        assert server.truth.paths["/out"] == 0


async def test_a_goodbye_that_fails_is_counted_and_the_run_ends(total_of) -> None:
    async with LoopbackServer() as server:
        plan = plan_of(
            Request(name="r", url=server.url + "r"),
            load=Load(vus=2, iterations=2),
            on_stop=(
                Request(name="out", url=server.url + "status/500", extract=(TOKEN,)),
                Request(name="never", url=server.url + "never/{{token}}"),
            ),
        )
        performance = await total_of(plan)
        assert server.truth.paths == {"/r": 2, "/status/500": 2}
    assert performance.named("out").errors == {ErrorKind.STATUS: 2}


# The open model, and what has nothing to do.


@pytest.mark.slow
async def test_only_the_first_request_counts_from_when_the_iteration_was_due(perform) -> None:
    async with LoopbackServer(law=fixed(0.02)) as server:
        steps = (Request(name="a", url=server.url + "a"), Request(name="b", url=server.url + "b"))
        # One VU of 40 ms an iteration at 50/s: every one but the first begins late, or is dropped.
        plan = plan_of(*steps, load=Load(vus=1, rate_per_s=50.0))
        async with perform(plan) as performance:
            server.gate.close()
            await server.gate.held(1)
            await asyncio.sleep(0.2)
            server.gate.open()
            await performance.until(lambda: server.truth.paths["/b"] >= 3)
            performance.generator.stop(Stop(id=1, graceful_s=5.0))
            await performance.done()
    first, second = performance.named("a"), performance.named("b")
    assert first.response is not None
    assert second.response is not None
    assert samples(first.response) == first.answered
    assert second.response == second.service
    assert max_us(first.response) >= 200_000
    assert min_us(first.response) >= min_us(first.service)


@pytest.mark.slow
async def test_thinking_first_is_no_delay_of_the_first_request(perform) -> None:
    async with LoopbackServer() as server:
        steps = (Think(first_s=1.0), Request(name="a", url=server.url))
        plan = plan_of(*steps, load=Load(vus=5, rate_per_s=20.0))
        async with perform(plan) as performance:
            await performance.until(lambda: server.truth.answered >= 5)
            performance.generator.stop(Stop(id=1, graceful_s=0.0))
            await performance.done()
    response = performance.named("a").response
    assert response is not None
    # Else each would be a second at least; the machine may be slow, but not by that.
    assert min_us(response) < 900_000


@pytest.mark.parametrize(
    "steps",
    [
        (When(variable="never", steps=(Request(name="r", url="http://127.0.0.1:9/"),)),),
        (
            Repeat(
                times=10**9,
                steps=(When(variable="never", steps=(Request(name="r", url="http://h/"),)),),
            ),
        ),
    ],
    ids=["iteration", "repetition"],
)
async def test_an_iteration_that_sends_nothing_leaves_the_loop_to_others(perform, steps) -> None:
    extract = Extract(variable="never", source=Source.JSON, selector="x")
    never = When(variable="never", steps=(Request(name="x", url="http://h/", extract=(extract,)),))
    async with perform(plan_of(*steps, never, load=Load(vus=20))) as performance:
        for _ in range(20):
            async with asyncio.timeout(5.0):
                await asyncio.sleep(0.001)
        performance.generator.stop(Stop(id=1, graceful_s=1.0))
        await performance.done()
    assert performance.total.requests == 0


# Made ready.


def test_a_name_after_the_500th_counts_as_other() -> None:
    requests = tuple(Request(name=f"r{n}", url="http://h/") for n in range(MOST_NAMES + 20))
    scenario = Scenario(name="main", steps=requests, load=Load(vus=1))
    recorders = {}
    Script(scenario, recorders, keep_alive=True, seed=1)
    assert len(recorders) == MOST_NAMES + 1
    assert list(recorders)[-1] == OTHER


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (Request(name="r", url="http://h/a/{{randint(1)}}"), "url, character 12: randint takes"),
        (Request(name="r", url="http://h/{{users.mail}}"), "url, character 10: .*no column"),
        (Request(name="r", url="http://h/", headers=(("X", "a {{b"),)), "header X, character 3"),
        (Request(name="r", url="http://h/", body=b"x {{uuid(1)}}"), "body, character 3: uuid"),
        (Request(name="r", url="http://{{a}}/"), "in its host"),
        (Request(name="r", url="http://h/{{unknown}}"), "which no request of it extracts"),
        (
            Request(
                name="r",
                url="http://h/",
                extract=(Extract(variable="vu", source=Source.JSON, selector="a"),),
            ),
            "a name of its own",
        ),
    ],
)
def test_an_expression_that_is_wrong_is_found_before_the_run(request_, complaint) -> None:
    feeder = Feeder(name="users", columns=("email",), rows=(("a",),))
    scenario = Scenario(name="main", steps=(request_,), load=Load(vus=1))
    with pytest.raises(UsageError, match=complaint):
        Script(
            scenario,
            {},
            keep_alive=True,
            seed=1,
            feeders=(feeder,),
            feeds=feeds_of((feeder,), Share(index=0, count=1)),
        )
