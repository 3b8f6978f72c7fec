"""The journal and its acknowledgements."""

from vumeter.model.throttle import Command, CommandKind
from vumeter.run.journal import Journal


def written(journal: Journal, *, second: float = 1.0) -> int:
    command = Command(kind=CommandKind.SET, author="alice", value=12)
    entry = journal.write(
        command, accepted=True, effect="VU 10 → 12", second=second, at_unix_ms=1000
    )
    return entry.id


def test_commands_are_numbered_from_one_in_the_order_in_which_they_came() -> None:
    journal = Journal()
    assert journal.next_id == 1
    assert [written(journal), written(journal), journal.next_id] == [1, 2, 3]
    assert [entry.id for entry in journal.entries] == [1, 2]


def test_a_command_is_acknowledged_when_the_last_worker_has_said_so() -> None:
    journal = Journal()
    serial = written(journal)
    journal.await_workers(serial, frozenset({0, 1}), messages=1)
    assert not journal.acknowledge(serial, 1, second=1.1)
    assert journal.entries[0].acknowledged_s is None
    assert journal.acknowledge(serial, 0, second=1.3)
    assert journal.entries[0].acknowledged_s == 1.3


def test_a_command_of_two_messages_needs_both_from_each_worker() -> None:
    journal = Journal()
    serial = written(journal)
    journal.await_workers(serial, frozenset({0, 1}), messages=2)
    said = [journal.acknowledge(serial, worker, second=2.0) for worker in (0, 0, 1, 1)]
    assert said == [False, False, False, True]


def test_a_worker_that_is_gone_is_not_waited_for() -> None:
    journal = Journal()
    first, second = written(journal), written(journal)
    journal.await_workers(first, frozenset({0, 1}), messages=1)
    journal.await_workers(second, frozenset({0, 1}), messages=1)
    journal.acknowledge(first, 0, second=1.0)
    assert journal.forget(1, second=4.0) == [first]
    assert journal.acknowledge(second, 0, second=5.0)
    assert [entry.acknowledged_s for entry in journal.entries] == [4.0, 5.0]


def test_what_no_worker_has_to_take_up_is_never_acknowledged() -> None:
    journal = Journal()
    serial = written(journal)
    journal.await_workers(serial, frozenset({0}), messages=0)
    assert not journal.acknowledge(serial, 0, second=1.0)
    assert journal.entries[0].acknowledged_s is None


def test_an_acknowledgement_of_something_unknown_is_passed_over() -> None:
    assert not Journal().acknowledge(7, 0, second=1.0)
