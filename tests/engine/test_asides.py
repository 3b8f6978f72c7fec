"""Connections to several origins: each is kept, and none is lost."""

from vumeter.model.flow import Request
from vumeter.model.measure import ErrorKind
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.testing.hostile import HostileServer, refusing_url, saying
from vumeter.testing.server import LoopbackServer


def plan_of(*requests: Request, iterations: int | None = None) -> Plan:
    load = Load(vus=1, iterations=iterations)
    return Plan(name="test", scenarios=(Scenario(name="main", steps=requests, load=load),))


async def test_an_origin_keeps_its_connection_while_another_one_refuses(total_of) -> None:
    with refusing_url() as refusing:
        moved = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
        async with LoopbackServer() as server:
            plan = plan_of(
                Request(name="here", url=server.url),
                Request(name="there", url=refusing),
                iterations=2,
            )
            performance = await total_of(plan)
            assert performance.named("there").errors == {ErrorKind.REFUSED: 2}
            assert server.truth.requests == 2
            assert server.truth.connections == 1
        async with HostileServer(saying(moved % refusing.encode())) as hostile:
            plan = plan_of(Request(name="moved", url=hostile.url, redirects=3), iterations=2)
            performance = await total_of(plan)
            assert performance.total.errors == {ErrorKind.REFUSED: 2}
            assert performance.total.statuses == {302: hostile.requests} == {302: 2}


async def test_redirects_to_ever_new_origins_leave_few_connections_open(perform) -> None:
    async with LoopbackServer(host="0.0.0.0") as last:

        async def behave(wire) -> None:
            async for number in wire.requests():
                place = f"http://127.0.1.{number % 250 + 1}:{last.port}/".encode()
                head = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
                await wire.answer(head % place)

        async with HostileServer(behave) as first:
            plan = plan_of(Request(name="moved", url=first.url, redirects=1))
            async with perform(plan) as performance:
                await performance.until(lambda: last.truth.connections >= 40)
                [vu] = performance.generator.vus()
                # The one in use, or that is being opened, and sixteen beside it.
                assert vu.connections <= 18
