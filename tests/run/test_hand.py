"""From a command to its outcome, its journal entry and its messages."""

from typing import Any

import pytest

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import EventLevel, StopCause
from vumeter.model.messages import Pause, Retarget, Stop
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.throttle import Command, CommandKind
from vumeter.run.control import Control, Viewer
from vumeter.run.hand import LONGEST_NOTE, Deed, Hand
from vumeter.run.life import Life
from vumeter.run.staff import Staff


class Run:
    """A hand on the levers of a run that has begun."""

    def __init__(self) -> None:
        request = Request(name="GET /", url="http://127.0.0.1/")
        scenario = Scenario(
            name="main", steps=(Pick(choices=(Choice(steps=(request,)),)),), load=Load(vus=10)
        )
        plan = Plan(name="test", scenarios=(scenario,), graceful_stop_s=30.0)
        self.life = Life(plan)
        self.life.begin()
        self.control = Control()
        self.hand = Hand(plan, control=self.control, life=self.life, staff=Staff(plan))

    def do(
        self, kind: CommandKind, *, at: float = 1.0, cause: StopCause | None = None, **fields: Any
    ) -> Deed:
        return self.hand.do(
            Command(**{"kind": kind, "author": "alice"} | fields),
            at_s=at,
            at_unix_ms=1000,
            workers=frozenset({0, 1}),
            cause=cause,
        )


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_turn_becomes_one_message_for_the_workers_and_one_line_for_the_log(run: Run) -> None:
    deed = run.do(CommandKind.SET, value=12)
    (message,) = deed.messages
    assert isinstance(message, Retarget)
    assert message.id == deed.outcome.id == 1
    assert (deed.text, deed.label, deed.level) == ("VU 10 → 12", "VU 12", EventLevel.ACTION)


def test_the_reason_is_told_with_the_action(run: Run) -> None:
    assert (
        run.do(CommandKind.SET, value=12, note="for the demo").text == "VU 10 → 12 (for the demo)"
    )


def test_what_was_refused_is_in_the_journal_and_nowhere_else(run: Run) -> None:
    deed = run.do(CommandKind.UNDO)
    assert (deed.outcome.accepted, deed.messages, deed.text) == (False, (), "")
    (entry,) = run.hand.journal
    assert (entry.accepted, entry.effect) == (False, "Nothing to undo")


def test_a_session_is_not_ended_where_no_database_is_watched_and_that_is_in_the_journal(
    run: Run,
) -> None:
    deed = run.do(CommandKind.END_BACKEND, pid=811)
    assert (deed.outcome.accepted, deed.messages) == (False, ())
    (entry,) = run.hand.journal
    assert (entry.command.pid, entry.effect) == (811, "No database is watched")


def test_what_changes_nothing_is_answered_and_not_told_to_anyone(run: Run) -> None:
    deed = run.do(CommandKind.SET, value=10)
    assert (deed.outcome.accepted, deed.messages, deed.text) == (True, (), "")


def test_a_note_is_cut_and_cannot_write_to_a_terminal(run: Run) -> None:
    note = run.do(CommandKind.MARK, note="\x1b" + "x" * 10_000).label
    assert note.startswith("\N{REPLACEMENT CHARACTER}x")
    assert len(note) == LONGEST_NOTE


def test_pause_stop_and_abort_are_told_to_the_workers(run: Run) -> None:
    assert run.do(CommandKind.PAUSE).messages == (Pause(id=1, paused=True),)
    assert run.do(CommandKind.STOP).messages == (Stop(id=2, graceful_s=30.0),)
    again = run.do(CommandKind.STOP)
    assert (again.outcome.message, again.messages) == ("Stopping already", ())
    assert run.do(CommandKind.ABORT).messages == (Stop(id=4, graceful_s=0.0),)
    assert run.life.cause is StopCause.ABORTED


def test_a_stop_that_no_operator_asked_for_keeps_its_cause(run: Run) -> None:
    run.do(CommandKind.STOP, author="SIGINT", cause=StopCause.SIGNAL)
    assert run.life.cause is StopCause.SIGNAL
    run.do(CommandKind.ABORT, author="SIGINT", cause=StopCause.SIGNAL)
    assert run.life.cause is StopCause.SIGNAL


def test_a_run_that_is_stopping_takes_marks_and_an_abort_and_nothing_else(run: Run) -> None:
    run.do(CommandKind.STOP)
    assert run.do(CommandKind.SET, value=5).outcome.message == "The run is stopping"
    assert run.do(CommandKind.PANIC).outcome.message == "The run is stopping"
    assert run.do(CommandKind.MARK, note="x").outcome.accepted
    assert run.do(CommandKind.ABORT).outcome.accepted


def test_a_run_that_has_ended_takes_nothing_that_would_act(run: Run) -> None:
    run.life.end(StopCause.SCHEDULE, at_s=9.0)
    for kind in (CommandKind.STOP, CommandKind.ABORT, CommandKind.PANIC):
        assert run.do(kind).outcome.message == "The run has ended"


def test_a_command_is_acknowledged_when_both_workers_have_or_are_gone(run: Run) -> None:
    serial = run.do(CommandKind.SET, value=12).outcome.id
    assert not run.hand.acknowledge(serial, 0, at_s=1.1)
    run.hand.forget(1, at_s=1.2)
    assert run.hand.journal[0].acknowledged_s == 1.2
    assert run.hand.throttles.states(2.0, {})[0].acknowledged == 12


def test_whoever_has_not_the_control_is_refused_by_name(run: Run) -> None:
    run.control.join(Viewer("bob", watches_only=False))
    assert "bob holds the control" in run.do(CommandKind.SET, value=5).outcome.message
    assert run.do(CommandKind.PANIC).outcome.accepted
