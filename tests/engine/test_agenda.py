"""When sleepers are woken: by a heap and one timer, held to what was asked for."""

import asyncio
import heapq
import weakref
from collections.abc import Callable

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.clock import monotonic_ns
from vumeter.engine.agenda import Agenda
from vumeter.engine.bell import NEVER, Bell, CoarseBell, FineBell
from vumeter.testing.patience import until

PATIENCE_S = 10.0
MS = 1_000_000


class Sleeper:
    """Writes down when it was to wake, and when it did."""

    def __init__(self, name: int, woken: list[tuple[int, int, int]]) -> None:
        self.name = name
        self.wakes_ns = 0
        self.due_ns = 0
        self.woken = woken
        self.naps_ns: list[int] = []
        """How often it lies down again, and for how long each time."""

    def lie_down(self, agenda: Agenda, for_ns: int) -> None:
        self.agenda = agenda
        self.due_ns = monotonic_ns() + for_ns
        agenda.add(self, self.due_ns)

    def wake(self) -> None:
        assert not self.wakes_ns
        self.woken.append((self.due_ns, self.name, monotonic_ns()))
        if self.naps_ns:
            self.lie_down(self.agenda, self.naps_ns.pop())


@pytest.mark.parametrize("make_bell", [FineBell, CoarseBell])
@settings(max_examples=15, deadline=None)
@given(
    waits_us=st.lists(st.integers(-500, 4_000), min_size=1, max_size=30),
    removed=st.sets(st.integers(0, 29)),
    again_us=st.lists(st.integers(0, 1_000), max_size=3),
)
def test_all_are_woken_once_in_the_order_of_a_plain_heap_and_never_early(
    make_bell: type[FineBell | CoarseBell],
    waits_us: list[int],
    removed: set[int],
    again_us: list[int],
) -> None:
    woken: list[tuple[int, int, int]] = []
    sleepers = [Sleeper(name, woken) for name in range(len(waits_us))]
    sleepers[0].naps_ns = [us * 1000 for us in again_us]
    staying = [each for each in sleepers if each.name not in removed]

    async def play() -> list[tuple[int, int]]:
        agenda = Agenda(make_bell)
        for each, wait_us in zip(sleepers, waits_us, strict=True):
            each.lie_down(agenda, wait_us * 1000)
        plain = [(each.due_ns, each.name) for each in staying]
        heapq.heapify(plain)
        for each in sleepers:
            if each.name in removed:
                agenda.remove(each)
        naps = len(again_us) if sleepers[0] in staying else 0
        await until(lambda: len(woken) == len(staying) + naps)
        # Whoever came too often would do so by now.
        last_ns = max((each.due_ns for each in sleepers), default=0)
        await until(lambda: monotonic_ns() > last_ns + MS)
        agenda.close()
        return [heapq.heappop(plain) for _ in staying]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        in_order = runner.run(play())
    assert all(at_ns >= due_ns for due_ns, _, at_ns in woken)
    firsts: dict[int, int] = {}
    for due_ns, name, _ in woken:
        firsts.setdefault(name, due_ns)
    assert [(due_ns, name) for name, due_ns in firsts.items()] == in_order


async def test_those_who_take_it_loosely_wake_together_within_a_millisecond() -> None:
    agenda = Agenda()
    woken: list[tuple[int, int, int]] = []
    sleepers = [Sleeper(name, woken) for name in range(50)]
    begin_ns = monotonic_ns() + 20 * MS
    for each in sleepers:
        each.due_ns = begin_ns + each.name * MS // 20
        agenda.add_loosely(each, each.due_ns)
        assert 0 < each.wakes_ns - each.due_ns <= 1 << 20
    # Due over 2.45 ms, they have so many edges at most to wake at.
    assert len({each.wakes_ns for each in sleepers}) <= 4
    await until(lambda: len(woken) == len(sleepers))
    agenda.close()
    assert all(at_ns >= due_ns for due_ns, _, at_ns in woken)


async def test_who_lies_down_for_no_time_leaves_the_loop_its_turn() -> None:
    agenda = Agenda()
    sleeper = Sleeper(0, [])
    sleeper.naps_ns = [-MS] * 50
    others = 0

    async def other() -> None:
        nonlocal others
        while sleeper.naps_ns:
            others += 1
            await asyncio.sleep(0)

    sleeper.lie_down(agenda, 0)
    await asyncio.wait_for(other(), PATIENCE_S)
    agenda.close()
    assert others >= 50


async def test_those_who_were_struck_out_are_let_go_of_long_before_their_time() -> None:
    agenda = Agenda()
    hour_ns = 3_600_000 * MS
    staying = [Sleeper(name, []) for name in range(10)]
    for each in staying:
        each.lie_down(agenda, 5 * MS if each.name < 5 else hour_ns)
    passing = [Sleeper(name, []) for name in range(12_000)]
    gone = weakref.ref(passing[0])
    for each in passing:
        each.lie_down(agenda, hour_ns if each.name % 2 else -MS)
        agenda.remove(each)
    del passing, each
    assert gone() is None
    await until(lambda: all(each.woken for each in staying[:5]))
    assert all(each.wakes_ns for each in staying[5:])
    agenda.close()


@pytest.mark.parametrize("make_bell", [FineBell, CoarseBell])
async def test_a_bell_can_be_moved_and_silenced(
    make_bell: Callable[[Callable[[], None]], Bell],
) -> None:
    rings: list[int] = []

    def ring() -> None:
        rings.append(monotonic_ns())
        bell.set(NEVER)

    bell = make_bell(ring)
    begun_ns = monotonic_ns()
    bell.set(begun_ns + 3_600_000 * MS)
    bell.set(begun_ns + 2 * MS)
    await until(lambda: bool(rings))
    bell.set(monotonic_ns() + MS)
    bell.set(NEVER)
    await asyncio.sleep(0.005)
    assert len(rings) == 1
    # The loop's own timer may be half a millisecond early.
    assert rings[0] >= begun_ns + MS
    bell.close()
