"""
What a VU does as one flat program: steps compiled to small operations with jumps.

An address is a place in `Program.operations`. Each operation is taken by a walker, a VU, and
answers with the address of the next one, or with `WAITS`: the walker goes on later by itself,
from the address that it was given. So an iteration needs no task and no call stack of its own.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from vumeter.engine.steps import TABLE_MASK, Step, weighted
from vumeter.engine.values import Scope, Value
from vumeter.errors import UsageError
from vumeter.model.flow import (
    Distribution,
    Group,
    Pick,
    Repeat,
    Request,
    Think,
    When,
)
from vumeter.model.flow import Step as Described

WAITS = -1

MakeStep = Callable[[Request, str], Step]
"""Makes a request ready, with the name that it is counted under."""
Draw = Callable[[Scope], float]


class Walker(Scope, Protocol):
    """Who walks through a program."""

    registers: list[int]
    """Where it is in each table and each repetition."""

    def request(self, step: Step, then: int) -> None:
        """Send a request, and go on at *then* when it was answered."""

    def think(self, wait_s: float, then: int) -> int:
        """Do nothing for a while, and go on at *then*; return that when there is no time."""

    def finish_start(self) -> int:
        """Note that what comes once before all iterations is done."""

    def finish_iteration(self) -> int:
        """End an iteration."""

    def finish_stop(self) -> int:
        """Note that what comes once after all iterations is done."""


class Operation(Protocol):
    """One instruction."""

    def take(self, walker: Walker) -> int:
        """Do it, and return the address of what comes next, or `WAITS`."""

    def successors(self) -> Sequence[int]:
        """Return the addresses that may come next within the same pass."""


class Send:
    """Send a request."""

    __slots__ = ("step", "then")

    def __init__(self, step: Step, then: int) -> None:
        self.step = step
        self.then = then

    def take(self, walker: Walker) -> int:
        """Hand the request over."""
        walker.request(self.step, self.then)
        return WAITS

    def successors(self) -> Sequence[int]:
        """Return what follows the answer."""
        return (self.then,)


class Pause:
    """Think."""

    __slots__ = ("_draw", "then")

    def __init__(self, draw: Draw, then: int) -> None:
        self._draw = draw
        self.then = then

    def take(self, walker: Walker) -> int:
        """Draw how long, and wait, if it is any time at all."""
        wait_s = self._draw(walker)
        return walker.think(wait_s, self.then) if wait_s > 0 else self.then

    def successors(self) -> Sequence[int]:
        """Return what follows the pause."""
        return (self.then,)


class Branch:
    """Go on with one of several, drawn by weight: one step in a table (`steps.weighted`)."""

    __slots__ = ("_register", "_table")

    def __init__(self, register: int, table: Sequence[int]) -> None:
        self._register = register
        self._table = tuple(table)

    def take(self, walker: Walker) -> int:
        """Draw."""
        registers = walker.registers
        registers[self._register] = place = (registers[self._register] + 1) & TABLE_MASK
        return self._table[place]

    def successors(self) -> Sequence[int]:
        """Return the choices."""
        return tuple(set(self._table))


class Begin:
    """Begin a repetition."""

    __slots__ = ("_register", "_then", "_times")

    def __init__(self, register: int, times: int, then: int) -> None:
        self._register = register
        self._times = times
        self._then = then

    def take(self, walker: Walker) -> int:
        """Set the count."""
        walker.registers[self._register] = self._times
        return self._then

    def successors(self) -> Sequence[int]:
        """Return the first of what is repeated."""
        return (self._then,)


class Again:
    """Repeat, until it was often enough."""

    __slots__ = ("_body", "_register", "_then")

    def __init__(self, register: int, body: int, then: int) -> None:
        self._register = register
        self._body = body
        self._then = then

    def take(self, walker: Walker) -> int:
        """Count down."""
        walker.registers[self._register] = left = walker.registers[self._register] - 1
        return self._body if left > 0 else self._then

    def successors(self) -> Sequence[int]:
        """Return both ways."""
        return (self._body, self._then)


class Decide:
    """Take steps only while a value is what it should be."""

    __slots__ = ("_equals", "_otherwise", "_then", "_value")

    def __init__(self, value: Value, equals: str | None, *, then: int, otherwise: int) -> None:
        self._value = value
        self._equals = equals
        self._then = then
        self._otherwise = otherwise

    def take(self, walker: Walker) -> int:
        """Look; a variable that is not set, and one that is empty, are the same."""
        value = self._value(walker)
        holds = value != "" if self._equals is None else value == self._equals
        return self._then if holds else self._otherwise

    def successors(self) -> Sequence[int]:
        """Return both ways."""
        return (self._then, self._otherwise)


class _End:
    __slots__ = ()

    def successors(self) -> Sequence[int]:
        """Return nothing: what comes is another pass."""
        return ()


class EndStart(_End):
    """The end of what comes once before all iterations."""

    __slots__ = ()

    def take(self, walker: Walker) -> int:
        """Tell the walker, who says how it goes on."""
        return walker.finish_start()


class EndIteration(_End):
    """The end of an iteration."""

    __slots__ = ()

    def take(self, walker: Walker) -> int:
        """Tell the walker, who says how it goes on."""
        return walker.finish_iteration()


class EndStop(_End):
    """The end of what comes once after all iterations."""

    __slots__ = ()

    def take(self, walker: Walker) -> int:
        """Tell the walker, who says how it goes on."""
        return walker.finish_stop()


class Program:
    """All that a VU of one scenario does: before, during and after its iterations."""

    __slots__ = (
        "first_step",
        "leads_to_request",
        "on_start",
        "on_stop",
        "on_stop_end",
        "operations",
        "registers",
        "steps",
        "steps_end",
    )

    def __init__(
        self,
        *,
        on_start: Sequence[Described],
        steps: Sequence[Described],
        on_stop: Sequence[Described],
        make: MakeStep,
        value: Callable[[str], Value],
        seed: int,
    ) -> None:
        compiler = _Compiler(make, value, seed)
        start_end = compiler.emit(EndStart())
        self.steps_end = compiler.emit(EndIteration())
        self.on_stop_end = compiler.emit(EndStop())
        self.on_start = compiler.sequence(on_start, "", start_end)
        """The address at which it begins, as of the two below."""
        self.steps = compiler.sequence(steps, "", self.steps_end)
        self.on_stop = compiler.sequence(on_stop, "", self.on_stop_end)
        self.operations: tuple[Operation, ...] = tuple(compiler.operations)
        self.registers = tuple(compiler.registers)
        """For each register, whether it is a place in a table, which begins at random."""
        self.leads_to_request = _leads_to_request(self.operations)
        """For each address, whether a request may still come within the same pass."""
        self.first_step = _first_step(self.operations, (self.on_start, self.steps))
        """A request that may come first; `None`: there is none."""


class _Compiler:
    """
    Compiles backwards, so that every operation knows the address of what follows it.

    Only a repetition has to know what comes before its end, and gets its place in advance.
    """

    def __init__(self, make: MakeStep, value: Callable[[str], Value], seed: int) -> None:
        self._make = make
        self._value = value
        self._seed = seed
        self.operations: list[Operation] = []
        self.registers: list[bool] = []

    def emit(self, operation: Operation) -> int:
        """Add *operation*, and return its address."""
        self.operations.append(operation)
        return len(self.operations) - 1

    def _register(self, *, is_place: bool) -> int:
        self.registers.append(is_place)
        return len(self.registers) - 1

    def sequence(self, steps: Sequence[Described], prefix: str, then: int) -> int:
        """Compile *steps*, after which comes *then*; return where they begin."""
        for step in reversed(steps):
            then = self._step(step, prefix, then)
        return then

    def _step(self, step: Described, prefix: str, then: int) -> int:
        match step:
            case Request():
                return self.emit(Send(self._make(step, prefix + step.name), then))
            case Think():
                return self.emit(Pause(drawn(step), then))
            case Group():
                return self.sequence(step.steps, f"{prefix}{step.name} / ", then)
            case Pick():
                return self._pick(step, prefix, then)
            case Repeat():
                return self._repeat(step, prefix, then)
            case When():
                inner = self.sequence(step.steps, prefix, then)
                value = self._value(step.variable)
                return self.emit(Decide(value, step.equals, then=inner, otherwise=then))

    def _pick(self, pick: Pick, prefix: str, then: int) -> int:
        register = self._register(is_place=True)
        draws = weighted(pick.choices, seed=self._seed + register)
        entries = [self.sequence(choice.steps, prefix, then) for choice in pick.choices]
        return self.emit(Branch(register, [entries[draw] for draw in draws]))

    def _repeat(self, repeat: Repeat, prefix: str, then: int) -> int:
        if repeat.times < 1:
            return then
        register = self._register(is_place=False)
        # Kept for `Again`, which has to know where the body begins.
        again = self.emit(EndIteration())
        body = self.sequence(repeat.steps, prefix, again)
        self.operations[again] = Again(register, body, then)
        return self.emit(Begin(register, repeat.times, body))


def drawn(think: Think) -> Draw:
    """
    Return what draws the length of a think time, in seconds.

    Raises:
        UsageError: A length is below zero.
    """
    first_s, second_s = think.first_s, think.second_s
    if first_s < 0 or second_s < 0:
        raise UsageError(f"A think time of {min(first_s, second_s):g} s cannot be.")
    match think.distribution:
        case Distribution.CONSTANT:
            return lambda scope: first_s
        case Distribution.UNIFORM:
            return lambda scope: first_s + (second_s - first_s) * scope.rng.random()
        case Distribution.NORMAL:
            return lambda scope: max(0.0, scope.rng.gauss(first_s, second_s))
        case Distribution.EXPONENTIAL:
            return lambda scope: scope.rng.expovariate(1 / first_s) if first_s else 0.0


def _first_step(operations: Sequence[Operation], entries: Sequence[int]) -> Step | None:
    reached = list(entries)
    for address in reached:
        operation = operations[address]
        if isinstance(operation, Send):
            return operation.step
        reached += [after for after in operation.successors() if after not in reached]
    return None


def _leads_to_request(operations: Sequence[Operation]) -> tuple[bool, ...]:
    leads = [isinstance(operation, Send) for operation in operations]
    has_changed = True
    # What follows stands before, but for repetitions: one or two rounds are enough.
    while has_changed:
        has_changed = False
        for address, operation in enumerate(operations):
            if not leads[address] and any(leads[after] for after in operation.successors()):
                leads[address] = has_changed = True
    return tuple(leads)
