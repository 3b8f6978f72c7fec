"""The good path and the long way round: whatever is answered, both send and count the same."""

import asyncio
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.client.addresses import Resolver
from vumeter.client.connector import Connector
from vumeter.clock import monotonic_ns
from vumeter.engine.agenda import Agenda
from vumeter.engine.crowd import Crowd
from vumeter.engine.recorder import Recorder
from vumeter.engine.script import Script
from vumeter.engine.virtual_user import VirtualUser
from vumeter.model.flow import Check, Choice, Extract, Pick, Relation, Request, Source
from vumeter.model.measure import Tally
from vumeter.model.messages import Share, Terms
from vumeter.model.plan import Load, Scenario
from vumeter.stats.histogram import count

URL = "http://h/"
HAS_A = Check(name="a", source=Source.BODY, relation=Relation.CONTAINS, value="a")
IS_200 = Check(
    name="200", source=Source.STATUS, relation=Relation.EQUALS, value=200.0, fails_request=True
)
TRACED = Check(name="traced", source=Source.HEADER, selector="x", relation=Relation.EXISTS)
IS_SHORT = Check(name="short", source=Source.SIZE_BYTES, relation=Relation.AT_MOST, value=6.0)
TAKE = Extract(variable="id", source=Source.JSON, selector="a")

CHOICES = (
    Request(name="bare", url=URL),
    Request(name="status", url=f"{URL}{{{{vu}}}}", checks=(IS_200,)),
    Request(name="body", url=f"{URL}{{{{randint(1, 9)}}}}", checks=(HAS_A, IS_200, IS_SHORT)),
    Request(name="head", url=f"{URL}{{{{id}}}}", checks=(TRACED,)),
    Request(name="take", url=URL, method="POST", body=b"{{id}}", checks=(HAS_A,), extract=(TAKE,)),
)
SCENARIO = Scenario(
    name="main",
    steps=(Pick(choices=tuple(Choice(steps=(request,)) for request in CHOICES)),),
    load=Load(vus=1),
)


class Line(asyncio.Transport):
    """A transport that leads nowhere, and notes what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data) -> None:
        self.written.append(data)


@dataclass
class Came:
    """All that became of a VU's requests."""

    written: list[bytes]
    variables: dict[str, str]
    tallies: dict[str, Tally | None]
    laps: int


async def came(answers: list[tuple[bytes, int]], *, cruises: bool) -> Came:
    """Answer one VU, with each answer cut at a place, and return what came of it."""
    recorders: dict[str, Recorder] = {}
    script = Script(SCENARIO, recorders, keep_alive=True, seed=3)
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(
            SCENARIO.load,
            script,
            portion=Share(index=0, count=1),
            terms=Terms(vus=(), rate=None, end_s=None),
            is_paused=False,
            start_ns=monotonic_ns(),
            connector=Connector(Resolver()),
            tasks=tasks,
            agenda=Agenda(),
            graceful_s=0.0,
            seed="3",
            on_over=lambda: None,
            on_vacant=lambda place: None,
            on_remark=print,
        )
        crowd.flows, crowd.cruises = True, cruises
        vu = script.user(crowd, random.Random(3), number=1)
        line = Line()
        connect(vu, line, script)
        for answer, cut in answers:
            # Each answer teaches its head, so that whatever can be known is.
            vu.step.expected._learn_again_ns = 0
            exchange = vu.exchange
            assert exchange is not None, "connected"
            assert vu.is_cruising is cruises
            for piece in (answer[:cut], answer[cut:]):
                if piece:
                    exchange.data_received(piece)
        assert crowd.counts.durations.counts == {}
    tallies = {name: recorder.take() for name, recorder in recorders.items()}
    return Came(line.written, vu.variables, tallies, crowd.counts.laps)


def connect(vu: VirtualUser, line: Line, script: Script) -> None:
    """Give *vu* a connection, and let it send its first request."""
    origin = next(step.origin for _, step in script.made)
    vu.exchange = vu._crowd.connector.exchange(vu, origin)
    vu.exchange.connection_made(line)
    vu.is_started = True
    vu.proceed()


BODIES = st.sampled_from([b'{"a":1}', b'{"b":1}', b"aaaaaaa", b"bbb", b"", b'{"a":"\xc3\xbc/"}'])
HEADS = st.sampled_from([b"", b"X: 1\r\n", b"Content-Encoding: zebra\r\n"])
STATUSES = st.sampled_from([200, 200, 200, 201, 302, 404, 503])
CUTS = st.sampled_from([0, 0, 0, 9, 30])


@st.composite
def answered(draw) -> tuple[bytes, int]:
    body = draw(BODIES)
    if draw(st.integers(0, 3)) == 0:
        framing = b"Transfer-Encoding: chunked\r\n\r\n"
        content = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    else:
        framing, content = b"Content-Length: %d\r\n\r\n" % len(body), body
    head = b"HTTP/1.1 %d X\r\n%b%b" % (draw(STATUSES), draw(HEADS), framing)
    return head + content, draw(CUTS)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(answered(), min_size=1, max_size=40))
async def test_cruising_changes_nothing_of_what_is_sent_and_counted(answers) -> None:
    quick, slow = await came(answers, cruises=True), await came(answers, cruises=False)
    assert quick.written == slow.written
    assert quick.variables == slow.variables
    assert quick.laps == slow.laps == len(answers)
    for name, tally in quick.tallies.items():
        plain = slow.tallies[name]
        assert (tally is None) == (plain is None)
        if tally is not None and plain is not None:
            assert count(tally.service) == count(plain.service) == tally.answered
            assert (tally.statuses, tally.errors) == (plain.statuses, plain.errors)
            assert tally.checks == plain.checks
            assert tally.received_bytes == plain.received_bytes
            assert tally.sent_bytes == plain.sent_bytes
