"""A driven task against asyncio's own: whatever runs in it, it behaves the same."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from types import coroutine

import pytest

from vumeter.engine.driven import OWNED, DrivenTask

NUMBER = contextvars.ContextVar("NUMBER", default=0)


@coroutine
def asked():
    """Ask the owner, and return what it hands over."""
    return (yield OWNED)


async def sleeps(log):
    for number in range(3):
        await asyncio.sleep(0.001 * number)
        log(number)


async def times_out(log, after_s=0.01):
    try:
        async with asyncio.timeout(after_s):
            await asyncio.Event().wait()
    except TimeoutError:
        log("timed out")
    log(asyncio.current_task().cancelling())


async def would_time_out(log):
    await times_out(log, after_s=60)


async def times_out_in_good_time(log):
    async with asyncio.timeout(10):
        await asyncio.sleep(0)
    log(await asyncio.wait_for(asyncio.sleep(0.001, "waited"), 10))


async def groups(log):
    async with asyncio.TaskGroup() as group:
        first = group.create_task(asyncio.sleep(0.001, 1))
        await asyncio.sleep(0)
    log(first.result())


async def groups_that_fail(log):
    async def fail():
        raise KeyError("inner")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.sleep(10)
    except* KeyError as caught:
        log(repr(caught.exceptions))
    log(asyncio.current_task().cancelling())


async def cancels_itself(log):
    asyncio.current_task().cancel()
    log("still runs")
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        log("cancelled")
        raise


async def shrugs_off(log):
    asyncio.current_task().cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        log(asyncio.current_task().uncancel())
    await asyncio.sleep(0.001)
    log("goes on")


async def catches_what_a_future_raises(log):
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, ValueError("x"))
    try:
        await future
    except ValueError as error:
        log(str(error))


async def sees_its_own_context(log):
    NUMBER.set(NUMBER.get() + 1)
    await asyncio.sleep(0)
    log(NUMBER.get())
    log(await asyncio.to_thread(NUMBER.get))


async def gathers(log):
    log(await asyncio.gather(asyncio.sleep(0.001, 1), asyncio.sleep(0, 2)))
    log(await asyncio.shield(asyncio.sleep(0, 3)))


async def awaits_what_cannot_be(log):
    @coroutine
    def nonsense():
        yield "nonsense"

    try:
        await nonsense()
    except RuntimeError as error:
        log(type(error).__name__)


WORKS = [
    sleeps,
    times_out,
    times_out_in_good_time,
    groups,
    groups_that_fail,
    cancels_itself,
    shrugs_off,
    catches_what_a_future_raises,
    sees_its_own_context,
    gathers,
    awaits_what_cannot_be,
]

Runner = Callable[[Awaitable[None]], "asyncio.Future[None]"]


def driven(work) -> DrivenTask:
    def fail(error: BaseException) -> None:
        raise error

    task = DrivenTask(work, loop=asyncio.get_running_loop(), on_bug=fail)
    task.start()
    return task


async def story_of(work, run: Runner, *, cancel_after: int | None = None) -> list[object]:
    """Return what *work* logs, and how its task ends."""
    log: list[object] = []
    task = run(work(log.append))
    if cancel_after is not None:
        for _ in range(cancel_after):
            await asyncio.sleep(0)
        log.append(task.cancel())
    await asyncio.wait((task,), timeout=30)
    return [*log, task.done(), task.cancelled()]


@pytest.mark.parametrize("work", WORKS)
async def test_all_of_asyncio_works_as_in_its_own_task(work) -> None:
    assert await story_of(work, driven) == await story_of(work, asyncio.ensure_future)
    assert NUMBER.get() == 0


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("work", [sleeps, would_time_out, groups, catches_what_a_future_raises])
async def test_it_is_cancelled_like_any_task(work, turns: int) -> None:
    story = await story_of(work, driven, cancel_after=turns)
    assert story == await story_of(work, asyncio.ensure_future, cancel_after=turns)


def on_its_own(run: Callable[[], object]) -> Awaitable[None]:
    """Call *run* from the loop, where no task is."""
    done = asyncio.get_running_loop().create_future()

    def call() -> None:
        try:
            run()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    asyncio.get_running_loop().call_soon(call)
    return done


async def test_what_is_handed_over_arrives_within_the_call() -> None:
    log = []

    async def work() -> None:
        log.append(await asked())
        log.append(await asked())

    def run() -> None:
        task = driven(work())
        task.resume("a")
        assert log == ["a"]
        task.resume("b")
        assert log == ["a", "b"]
        assert task.done()
        assert asyncio.current_task() is None

    await on_its_own(run)


async def test_what_comes_while_another_task_runs_waits_for_its_turn() -> None:
    log = []

    async def work() -> None:
        log.append(await asked())

    task = driven(work())
    await asyncio.sleep(0)
    task.resume("a")
    assert log == []
    await task
    assert log == ["a"]


async def test_what_comes_before_it_is_waited_for_is_not_lost() -> None:
    log, tasks = [], []

    async def work() -> None:
        tasks[0].resume("early")
        log.append(await asked())

    tasks.append(DrivenTask(work(), loop=asyncio.get_running_loop(), on_bug=log.append))
    tasks[0].start()
    await tasks[0]
    assert log == ["early"]


async def test_one_that_waits_for_its_owner_can_be_cancelled_and_hears_nothing_else() -> None:
    log = []

    async def work() -> None:
        try:
            log.append(await asked())
        except asyncio.CancelledError:
            log.append("cancelled")
        log.append(await asked())

    task = driven(work())
    await asyncio.sleep(0)
    task.cancel()
    task.resume("too late")
    await asyncio.sleep(0)
    assert log == ["cancelled"]
    task.resume("next")
    await task
    assert log == ["cancelled", "next"]
    assert not task.cancel()


async def test_a_bug_is_told_and_ends_it() -> None:
    bugs = []

    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("ours")

    task = DrivenTask(work(), loop=asyncio.get_running_loop(), on_bug=bugs.append)
    task.start()
    await asyncio.wait((task,), timeout=30)
    assert task.cancelled()
    assert [repr(bug) for bug in bugs] == ["KeyError('ours')"]
