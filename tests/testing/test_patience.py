import asyncio

import pytest

from vumeter.testing.patience import until, wait_until


async def test_what_becomes_true_is_returned_as_soon_as_it_does() -> None:
    looks = iter([None, "", "there", "gone"])
    assert await until(lambda: next(looks)) == "there"
    looks = iter([0, 3])
    assert wait_until(lambda: next(looks)) == 3


async def test_a_condition_may_have_to_be_awaited_itself() -> None:
    looks = iter([False, True])

    async def holds() -> bool:
        await asyncio.sleep(0)
        return next(looks)

    assert await until(holds) is True


async def test_what_never_comes_fails_with_how_it_stands() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: 3 of 4 are there"):
        await until(lambda: False, lambda: "3 of 4 are there", within_s=0.02)
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: the end"):
        wait_until(lambda: False, "the end", within_s=0.02)
