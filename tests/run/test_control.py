"""Who may command a run."""

import pytest

from vumeter.model.throttle import CommandKind
from vumeter.run.control import Control, Viewer

SET = CommandKind.SET


def joined(control: Control, name: str, *, watches_only: bool = False) -> int:
    return control.join(Viewer(name, watches_only=watches_only))


def test_the_first_viewer_who_came_to_command_has_the_control() -> None:
    control = Control()
    joined(control, "watcher", watches_only=True)
    assert control.holder == ""
    joined(control, "alice")
    joined(control, "bob")
    assert control.holder == "alice"
    assert control.viewers == 3


def test_a_refused_command_says_who_holds_the_control() -> None:
    control = Control()
    joined(control, "alice")
    joined(control, "bob")
    assert control.permit("alice", SET) == ""
    assert "alice holds the control" in control.permit("bob", SET)
    assert "alice holds the control" in control.permit("script", SET)


def test_the_control_can_be_taken_over_and_back() -> None:
    control = Control()
    joined(control, "alice")
    joined(control, "bob")
    assert control.take("bob") == ""
    assert control.holder == "bob"
    assert control.permit("alice", SET) != ""
    assert control.take("alice") == ""
    assert control.permit("alice", SET) == ""


def test_it_passes_on_to_whoever_has_waited_longest() -> None:
    control = Control()
    alice, bob = joined(control, "alice"), joined(control, "bob")
    joined(control, "carol")
    control.leave(alice)
    assert control.holder == "bob"
    control.leave(bob)
    assert control.holder == "carol"


def test_two_streams_of_one_name_are_one_person() -> None:
    control = Control()
    first, second = joined(control, "alice"), joined(control, "alice")
    control.leave(first)
    assert control.holder == "alice"
    control.leave(second)
    assert control.holder == ""


def test_whoever_only_watches_never_commands() -> None:
    control = Control()
    joined(control, "watcher", watches_only=True)
    assert "only watches" in control.permit("watcher", SET)
    assert "only watches" in control.permit("watcher", CommandKind.STOP)
    assert "only watches" in control.take("watcher")
    assert control.holder == ""


def test_a_script_commands_while_nobody_holds_the_control() -> None:
    control = Control()
    assert control.permit("script", SET) == ""


def test_a_script_that_took_the_control_keeps_it_until_an_attached_viewer_commands() -> None:
    control = Control()
    joined(control, "alice")
    assert control.take("script") == ""
    assert control.permit("script", SET) == ""
    assert control.permit("script", SET) == ""
    assert control.permit("alice", SET) == ""
    assert control.holder == "alice"
    assert control.permit("script", SET) != ""


@pytest.mark.parametrize(
    "kind",
    [
        CommandKind.PANIC,
        CommandKind.STOP,
        CommandKind.ABORT,
        CommandKind.MARK,
        CommandKind.ACKNOWLEDGE,
    ],
)
def test_anyone_may_end_a_fire_or_leave_a_note(kind: CommandKind) -> None:
    control = Control()
    joined(control, "alice")
    joined(control, "bob")
    assert control.permit("bob", kind) == ""
    assert control.permit("script", kind) == ""
