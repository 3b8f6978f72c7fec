"""Commands that wait: the newest wins, and a held-down key is one move."""

from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.tui.outbox import CAPACITY, Outbox


def step(value: float, lever: Lever = Lever.VUS) -> Command:
    return Command(kind=CommandKind.STEP, author="ann", scenario="shop", lever=lever, value=value)


def target(value: float, ramp_s: float = 0.0) -> Command:
    return Command(
        kind=CommandKind.SET,
        author="ann",
        scenario="shop",
        lever=Lever.VUS,
        value=value,
        ramp_s=ramp_s,
    )


def filled(*commands: Command) -> list[Command]:
    outbox = Outbox()
    for command in commands:
        outbox.put(command)
    taken = []
    while (command := outbox.take()) is not None:
        taken.append(command)
    return taken


def test_thirty_steps_that_wait_are_one_step_of_thirty() -> None:
    assert filled(*[step(1.0)] * 30) == [step(30.0)]


def test_steps_up_and_down_cancel() -> None:
    assert filled(step(10.0), step(-1.0), step(-1.0)) == [step(8.0)]


def test_a_new_value_replaces_the_moves_that_wait() -> None:
    assert filled(step(5.0), target(40.0), target(50.0)) == [target(50.0)]


def test_a_step_after_a_waiting_value_moves_that_value() -> None:
    assert filled(target(40.0), step(-50.0)) == [target(0.0)]


def test_a_step_after_a_ramp_is_a_command_of_its_own() -> None:
    assert filled(target(40.0, 30.0), step(1.0)) == [target(40.0, 30.0), step(1.0)]


def test_levers_are_kept_apart() -> None:
    assert filled(step(1.0), step(20.0, Lever.RATE)) == [step(1.0), step(20.0, Lever.RATE)]


def test_a_mark_between_two_steps_keeps_its_place() -> None:
    mark = Command(kind=CommandKind.MARK, author="ann", note="here")
    assert filled(step(1.0), mark, step(1.0)) == [step(1.0), mark, step(1.0)]


def test_when_full_the_oldest_goes() -> None:
    marks = [
        Command(kind=CommandKind.MARK, author="ann", note=str(number))
        for number in range(CAPACITY + 3)
    ]
    assert filled(*marks) == marks[3:]


def test_what_was_cleared_is_not_sent() -> None:
    outbox = Outbox()
    outbox.put(step(1.0))
    outbox.clear()
    assert outbox.take() is None
