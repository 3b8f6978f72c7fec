"""Names to addresses, and where load may go."""

import asyncio
import socket

import pytest

from vumeter.client.addresses import FAILURE_KEPT_S, KEPT_S, Address, Resolver, is_allowed
from vumeter.client.failures import ForbiddenAddressError
from vumeter.testing.clock import ManualClock


@pytest.mark.parametrize(
    ("ip", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:10.0.0.1", True),
        ("93.184.215.14", False),
        ("172.32.0.1", False),
        ("2606:2800:21f::1", False),
        ("::ffff:93.184.215.14", False),
    ],
)
def test_loopback_and_private_addresses_are_free_and_others_are_not(ip, allowed) -> None:
    assert is_allowed(ip, host="example.org", allow_hosts=()) is allowed
    assert is_allowed(ip, host="example.org", allow_hosts=("Example.org",))
    assert is_allowed(ip, host="example.org", allow_hosts=("other.org",)) is allowed


@pytest.mark.parametrize(
    ("sockaddr", "literal"),
    [
        (("10.0.0.1", 80), ("10.0.0.1", 80)),
        (("::1", 80, 0, 0), ("::1", 80)),
        (("fe80::1", 80, 0, 3), ("fe80::1%3", 80)),
    ],
)
def test_an_address_is_written_with_its_zone(sockaddr, literal) -> None:
    assert Address(socket.AF_INET6, sockaddr).literal == literal


class Names(Resolver):
    """A resolver whose system answers as it is told, and counts the questions."""

    def __init__(self, **options) -> None:
        super().__init__(ask=self.ask, **options)
        self.answers: list[tuple[int, str]] = []
        self.questions = 0

    async def ask(self, host, port):
        self.questions += 1
        await asyncio.sleep(0)
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [Address(family, (ip, port)) for family, ip in self.answers]


async def test_addresses_are_given_out_in_turn() -> None:
    names = Names()
    names.answers = [(socket.AF_INET, f"10.0.0.{n}") for n in (1, 2, 3)]
    given = [(await names.candidates("h", 80))[0].sockaddr[0] for _ in range(6)]
    assert sorted(given) == sorted(2 * ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    assert names.questions == 1


async def test_a_hundred_vus_ask_one_question_and_again_when_its_answer_is_old() -> None:
    clock = ManualClock()
    names = Names(clock=clock)
    names.answers = [(socket.AF_INET, "10.0.0.1")]
    await asyncio.gather(*(names.candidates("h", 80) for _ in range(100)))
    assert names.questions == 1
    clock.advance_s(KEPT_S)
    names.answers = [(socket.AF_INET, "10.0.0.2")]
    assert (await names.candidates("h", 80))[0].sockaddr == ("10.0.0.2", 80)
    assert names.questions == 2


async def test_a_name_that_is_unknown_is_asked_for_once_a_second() -> None:
    clock = ManualClock()
    names = Names(clock=clock)
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            await names.candidates("h", 80)
    assert names.questions == 1
    clock.advance_s(FAILURE_KEPT_S)
    names.answers = [(socket.AF_INET, "10.0.0.1")]
    assert await names.candidates("h", 80)


async def test_a_public_address_is_given_out_only_when_its_host_was_allowed() -> None:
    names = Names()
    names.answers = [(socket.AF_INET, "93.184.215.14")]
    with pytest.raises(ForbiddenAddressError, match=r"example.org is 93\.184\.215\.14"):
        await names.candidates("example.org", 80)
    names = Names(allow_hosts=["example.org"])
    names.answers = [(socket.AF_INET, "93.184.215.14")]
    assert await names.candidates("example.org", 80)


async def test_the_other_family_is_tried_until_one_is_known_to_work() -> None:
    names = Names()
    names.answers = [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")]
    first, second = await names.candidates("localhost", 80)
    assert {first.family, second.family} == {socket.AF_INET, socket.AF_INET6}
    names.confirm("localhost", 80, second)
    for _ in range(4):
        assert await names.candidates("localhost", 80) == (second,)
