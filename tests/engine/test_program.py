"""Programs: whatever the steps, a walk through them is what their nesting says."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.engine.program import WAITS, Program, drawn
from vumeter.engine.steps import TABLE_SIZE, weighted
from vumeter.engine.values import Expressions
from vumeter.errors import UsageError
from vumeter.model.flow import (
    Choice,
    Distribution,
    Group,
    Pick,
    Repeat,
    Request,
    Think,
    When,
    named_requests,
    requests_of,
)

VARIABLES = {"a": "1", "b": ""}


def request(name: str) -> Request:
    return Request(name=name, url="http://h/")


LEAVES = st.one_of(
    st.sampled_from("rst").map(request),
    st.integers(1, 3).map(lambda s: Think(first_s=float(s))),
)


def _nested(steps):
    several = st.lists(steps, max_size=3).map(tuple)
    choices = st.lists(st.tuples(several, st.floats(0.1, 5.0)), min_size=1, max_size=3)
    return st.one_of(
        st.builds(Group, name=st.sampled_from("GH"), steps=several),
        st.builds(Repeat, times=st.integers(0, 3), steps=several),
        st.builds(
            When,
            variable=st.sampled_from("abc"),
            equals=st.sampled_from([None, "1", "2"]),
            steps=several,
        ),
        choices.map(_marked),
    )


def _marked(choices) -> Pick:
    """Each choice begins with a request of its own, by which a trace shows the draw."""
    return Pick(
        choices=tuple(
            Choice(steps=(request(f"choice {number}"), *steps), weight=weight)
            for number, (steps, weight) in enumerate(choices)
        )
    )


STEPS = st.lists(st.recursive(LEAVES, _nested, max_leaves=12), max_size=4).map(tuple)


class Walker:
    """Walks at once, and notes what a VU would have done."""

    def __init__(self, program: Program, seed: int = 1) -> None:
        self.program = program
        self.rng = random.Random(seed)
        self.variables = dict(VARIABLES)
        self.rows: dict[str, tuple[str, ...]] = {}
        self.number, self.iteration = 1, 0
        self.registers = [
            self.rng.randrange(TABLE_SIZE) if is_place else 0 for is_place in program.registers
        ]
        self.trace: list[str | float] = []
        self.then = 0
        self.ended: list[str] = []

    def request(self, step, then) -> None:
        self.trace.append(step)
        self.then = then

    def think(self, wait_s, then) -> int:
        self.trace.append(wait_s)
        self.then = then
        return WAITS

    def finish_start(self) -> int:
        self.ended.append("start")
        return WAITS

    def finish_iteration(self) -> int:
        self.ended.append("iteration")
        return WAITS

    def finish_stop(self) -> int:
        self.ended.append("stop")
        return WAITS

    def walk(self, address: int) -> list[str | float]:
        self.trace, self.ended = [], []
        while not self.ended:
            address = self.program.operations[address].take(self)
            if address == WAITS:
                address = self.then
        return self.trace


def program_of(*steps, on_start=(), on_stop=()) -> Program:
    return Program(
        on_start=on_start,
        steps=steps,
        on_stop=on_stop,
        make=lambda request, name: name,
        value=Expressions({}).compiled,
        seed=7,
    )


def interpreted(steps, trace, prefix=""):
    """The same by recursion, taking at each draw the choice that *trace* shows."""
    for step in steps:
        match step:
            case Request():
                assert trace.pop(0) == prefix + step.name
            case Think():
                assert trace.pop(0) == step.first_s
            case Group():
                interpreted(step.steps, trace, f"{prefix}{step.name} / ")
            case Repeat():
                for _ in range(step.times):
                    interpreted(step.steps, trace, prefix)
            case When():
                value = VARIABLES.get(step.variable, "")
                if value != "" if step.equals is None else value == step.equals:
                    interpreted(step.steps, trace, prefix)
            case Pick():
                number = int(trace[0].rpartition("choice ")[2])
                interpreted(step.choices[number].steps, trace, prefix)


@pytest.mark.slow
@settings(max_examples=60)
@given(STEPS, st.integers(0, 99))
def test_a_walk_is_what_recursion_through_the_steps_gives(steps, seed) -> None:
    program = program_of(*steps)
    walker = Walker(program, seed)
    for _ in range(3):
        trace = list(walker.walk(program.steps))
        interpreted(steps, trace)
        assert trace == []
        assert walker.ended == ["iteration"]


@pytest.mark.slow
@settings(max_examples=30)
@given(STEPS, STEPS, STEPS)
def test_start_iteration_and_stop_are_passes_of_their_own(on_start, steps, on_stop) -> None:
    program = program_of(*steps, on_start=on_start, on_stop=on_stop)
    walker = Walker(program)
    for address, part, end in (
        (program.on_start, on_start, "start"),
        (program.steps, steps, "iteration"),
        (program.on_stop, on_stop, "stop"),
    ):
        trace = list(walker.walk(address))
        interpreted(part, trace)
        assert (trace, walker.ended) == ([], [end])


@pytest.mark.slow
@settings(max_examples=60)
@given(STEPS)
def test_names_are_told_in_the_order_in_which_they_are_written(steps) -> None:
    names = [name for name, _ in named_requests(steps)]
    assert len(names) == len(list(requests_of(steps)))
    assert [name.rpartition(" / ")[2] for name in names] == [r.name for r in requests_of(steps)]


@pytest.mark.parametrize("times", [1, 2])
def test_a_vu_draws_exactly_as_often_as_the_weights_say(times) -> None:
    choices = tuple(
        Choice(steps=(request(name),), weight=weight)
        for name, weight in (("browse", 80), ("search", 15), ("buy", 5))
    )
    program = program_of(Repeat(times=times, steps=(Pick(choices=choices),)))
    walker = Walker(program)
    drawn_names = Counter()
    for _ in range(TABLE_SIZE // times):
        drawn_names.update(walker.walk(program.steps))
    exact = Counter(weighted(choices, seed=7))
    assert [drawn_names[name] for name in ("browse", "search", "buy")] == [
        exact[i] for i in (0, 1, 2)
    ]
    # 4096 · 80 % = 3276.8, 15 % = 614.4, 5 % = 204.8: the largest remainders are rounded up.
    assert drawn_names == {"browse": 3277, "search": 614, "buy": 205}


def test_a_repetition_within_a_repetition_counts_anew_each_time() -> None:
    inner = Repeat(times=3, steps=(request("in"),))
    program = program_of(Repeat(times=2, steps=(request("out"), inner)))
    assert Walker(program).walk(program.steps) == ["out", "in", "in", "in"] * 2


def test_it_is_known_whether_a_request_may_still_come() -> None:
    program = program_of(request("a"), Think(first_s=1.0), request("b"), Think(first_s=2.0))
    walker = Walker(program)
    walker.walk(program.steps)
    leads = []
    address = program.steps
    while not walker.ended or address != WAITS:
        before = len(walker.trace)
        address = program.operations[address].take(walker)
        if len(walker.trace) > before:
            leads.append(program.leads_to_request[walker.then])
            address = walker.then
    assert leads == [True, True, False, False]


def test_a_pause_at_the_end_of_a_repetition_leads_back_to_a_request() -> None:
    program = program_of(Repeat(times=2, steps=(request("a"), Think(first_s=1.0))))
    walker = Walker(program)
    address = program.operations[program.steps].take(walker)
    program.operations[address].take(walker)
    program.operations[walker.then].take(walker)
    assert walker.trace == ["a", 1.0]
    assert program.leads_to_request[walker.then]


@pytest.mark.parametrize(
    ("think", "mean_s", "within"),
    [
        (Think(first_s=2.0), 2.0, (2.0, 2.0)),
        (Think(distribution=Distribution.UNIFORM, first_s=1.0, second_s=3.0), 2.0, (1.0, 3.0)),
        (Think(distribution=Distribution.NORMAL, first_s=2.0, second_s=0.2), 2.0, (0.0, 4.0)),
        (Think(distribution=Distribution.EXPONENTIAL, first_s=2.0), 2.0, (0.0, 99.0)),
        (Think(distribution=Distribution.EXPONENTIAL, first_s=0.0), 0.0, (0.0, 0.0)),
    ],
    ids=["constant", "uniform", "normal", "exponential", "never"],
)
def test_think_times_follow_their_distribution(think, mean_s, within) -> None:
    draw, walker = drawn(think), Walker(program_of())
    times_s = [draw(walker) for _ in range(4000)]
    # The mean of 4,000 exponential times of 2 s has a standard error of 32 ms: five of them.
    assert abs(sum(times_s) / len(times_s) - mean_s) < 0.16
    assert min(times_s) >= within[0]
    assert max(times_s) <= within[1]


def test_a_normal_think_time_is_never_below_zero() -> None:
    think = Think(distribution=Distribution.NORMAL, first_s=0.1, second_s=5.0)
    draw, walker = drawn(think), Walker(program_of())
    assert min(draw(walker) for _ in range(1000)) == 0.0


def test_a_think_time_below_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="-1 s cannot be"):
        program_of(Think(first_s=-1.0))
