"""The profiler's page: what it shows of a flame graph, and that taking one is asked for first."""

from collections.abc import Callable
from typing import Any

import pytest

from vumeter.model.flame import Flame
from vumeter.model.throttle import CommandKind
from vumeter.tui.board import Bar

pytestmark = pytest.mark.slow

TRUNK = ";".join(f"serve{number} (asgi.py:{number})" for number in range(30))
HOSTILE = "[red]<b>pay\x1b[31m"
STACKS = f"""\
{TRUNK};view (shop.py:9);burn_here (shop.py:15) 70
{TRUNK};view (shop.py:10);{HOSTILE} (shop.py:30) 20
{TRUNK};view (shop.py:12) 10"""


def flame(number: int, stacks: str = STACKS, **fields: Any) -> Flame:
    return Flame(
        id=number,
        second=8.0,
        duration_s=10.0,
        rate_per_s=100,
        pid=811,
        title="python3 -m shop",
        author="ann",
        samples=100,
        stacks=stacks,
        **fields,
    )


Fly = Callable[..., Any]


async def test_the_newest_is_shown_with_shares_and_stacks(fly: Fly) -> None:
    older = flame(1, "main (old.py:1) 100")
    async with fly(
        size=(120, 40), flames=(older, flame(2, svg="/runs/shop/flame-2.svg"))
    ) as flight:
        await flight.press("P")
        await flight.sees("flame graph 2 of 2")
        lines = flight.text.splitlines()
        (burns,) = (line for line in lines if "burn_here (shop.py):15" in line)
        (views,) = (line for line in lines if "view (shop.py):12" in line)
        assert burns.split()[1] == "70.0%", "of its own"
        assert (views.split()[0], views.split()[2]) == ("10.0%", "100%"), "of its own, and in all"
        assert "drawn in /runs/shop/flame-2.svg" in flight.text
        assert "nearly all have the same 30 above" in flight.text
        # 10 of 100 samples end in view; beside them 70 in one callee and 20 in the other.
        (level,) = (line for line in lines if "│burn_here" in line)
        assert (level.index("│burn_here"), level.index("│[red]")) == (12, 96)
        await flight.press("left")
        await flight.sees("flame graph 1 of 2")
        assert flight.commands == []


async def test_names_that_are_hostile_are_text(fly: Fly) -> None:
    async with fly(size=(120, 40), flames=(flame(1),)) as flight:
        await flight.press("P")
        await flight.sees("[red]<b>pay·[31m (shop.py):30")
        assert "\x1b" not in flight.text


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (40, 8), (200, 60)])
async def test_it_fits_every_terminal(fly: Fly, size: tuple[int, int]) -> None:
    async with fly(size=size, flames=(flame(1),)) as flight:
        await flight.press("P")
        await flight.sees("burn_here")
        await flight.press(*"jjjjj", "escape")
        await flight.until(lambda: not flight.app.board.shows_flames, "the body again")


async def test_where_there_is_none_it_is_asked_first_and_any_other_key_says_no(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("P")
        await flight.sees("any other key cancels")
        await flight.press("n")
        await flight.until(lambda: not flight.app.board.question.is_open, "no question")
        assert flight.commands == []
        await flight.press("P")
        await flight.sees("any other key cancels")
        await flight.press("y")
        (command,) = await flight.sends(1)
        assert (command.kind, command.value, command.pid) == (CommandKind.PROFILE, None, None)


async def test_where_there_is_one_another_is_taken_by_the_same_key_and_asked_for(fly: Fly) -> None:
    async with fly(flames=(flame(1),)) as flight:
        await flight.press("P")
        await flight.sees("flame graph 1")
        assert not flight.app.board.question.is_open
        await flight.press("P", "y")
        (command,) = await flight.sends(1)
        assert command.kind is CommandKind.PROFILE


async def test_who_only_watches_sees_them_and_is_not_asked(fly: Fly) -> None:
    async with fly(watch=True) as flight:
        await flight.press("P")
        await flight.sees("no flame graph was taken")
        await flight.press("P")
        assert not flight.app.board.question.is_open
        assert flight.app.board._bar is not Bar.QUESTION
        assert flight.commands == []
