"""Pilots at the operator's word: their moves are commands, and any hand takes them over."""

from msgspec.structs import replace
from tests.pilot.plans import plan
from tests.pilot.queues import Queue, exponential

from vumeter.model.pilot import Outcome, PilotPhase
from vumeter.model.throttle import Command, CommandKind, Lever
from vumeter.run.autopilot import Autopilot
from vumeter.run.journal import Journal
from vumeter.run.throttles import Throttles
from vumeter.stats.redaction import Redactor

PLAN = plan()


def asked(kind: CommandKind, *aims: str, author: str = "alice") -> Command:
    return Command(kind=kind, author=author, aims=aims)


class Flight:
    """An autopilot on the throttles of a run."""

    def __init__(self) -> None:
        self.throttles = Throttles(PLAN)
        self.pilot = Autopilot(PLAN, Redactor(PLAN))
        self.commands: list[Command] = []

    def ask(self, command: Command, at_s: float = 1.0) -> tuple[bool, str]:
        answer = self.pilot.engage(command, self.throttles.states(at_s, {}), at_s)
        self.obey(at_s)
        return answer

    def obey(self, at_s: float) -> None:
        while (command := self.pilot.take_command()) is not None:
            self.commands.append(command)
            self.throttles.apply(command, serial=len(self.commands), at_s=at_s)


def test_a_search_first_sees_that_no_rate_fails_for_want_of_vus() -> None:
    flight = Flight()
    done, words = flight.ask(asked(CommandKind.PROBE, "p95 < 100ms"))

    assert done
    assert words == "finder: looks for the most that holds p95<100ms, from 20"
    assert [(each.lever, each.value) for each in flight.commands] == [
        (Lever.VUS, 1000.0),
        (Lever.RATE, 20.0),
    ]
    assert {each.author for each in flight.commands} == {"finder"}
    assert all(each.note for each in flight.commands)


def test_whoever_moves_the_throttle_has_it_and_a_mark_leaves_it() -> None:
    flight = Flight()
    flight.ask(asked(CommandKind.PROBE, "p95 < 100ms"))
    flight.pilot.heed(asked(CommandKind.MARK), 2.0)
    assert flight.pilot.is_driving
    flight.pilot.heed(asked(CommandKind.PANIC, author="bob"), 3.0)

    assert not flight.pilot.is_driving
    assert flight.pilot.is_taken
    assert flight.pilot.take_command() is None
    (found,) = flight.pilot.findings
    assert found.outcome is Outcome.INTERRUPTED
    assert "bob: panic" in found.text
    state = flight.pilot.state(4.0)
    assert state is not None
    assert state.phase is PilotPhase.OVER


def test_one_pilot_at_a_time_and_manual_ends_it() -> None:
    flight = Flight()
    assert flight.ask(asked(CommandKind.MANUAL)) == (
        False,
        "Nobody drives but you: no finder, no cruise control is at work",
    )
    flight.ask(asked(CommandKind.CRUISE, "p95 100ms"))
    done, words = flight.ask(asked(CommandKind.PROBE, "p95 < 100ms"))
    assert (done, words) == (False, "The cruise is at work already; manual ends it")
    # Another set point is no other pilot.
    assert flight.ask(asked(CommandKind.CRUISE, "p95 200ms"))[0]
    assert flight.ask(asked(CommandKind.MANUAL))[0]
    assert not flight.pilot.is_driving


def test_a_search_without_anything_to_hold_is_refused() -> None:
    done, words = Flight().ask(asked(CommandKind.PROBE))
    assert not done
    assert "there is no SLO" in words


def test_a_cruise_moves_the_rate_and_its_moves_of_a_minute_are_one_entry() -> None:
    flight, journal = Flight(), Journal()
    flight.ask(asked(CommandKind.CRUISE, "p95 100ms"), at_s=0.3)
    queue = Queue(exponential(1 / 200))
    queue.set(20.0)
    while len(flight.commands) < 3:
        flight.pilot.hear([queue.read()], queue.second + 0.3)
        before = len(flight.commands)
        flight.obey(queue.second + 0.3)
        for command in flight.commands[before:]:
            queue.set(command.value or 0.0)
            merged = journal.merging(command, second=float(queue.second))
            if merged is None:
                second = float(queue.second)
                journal.write(command, accepted=True, effect="", second=second, at_unix_ms=0)
            else:
                journal.merge(merged, command, effect="RPS up")
    values = [each.value or 0.0 for each in flight.commands]
    assert values == sorted(values)
    (entry,) = journal.entries
    assert entry.effect == "RPS up (3 moves)"
    assert entry.command.value == values[-1]
    # A hand in between, or a minute later: an entry of its own.
    assert journal.merging(flight.commands[-1], second=entry.second + 61) is None
    by_hand = replace(flight.commands[-1], author="alice")
    journal.write(by_hand, accepted=True, effect="", second=entry.second + 1, at_unix_ms=0)
    assert journal.merging(flight.commands[-1], second=entry.second + 2) is None


def test_what_a_search_has_come_to_is_known_step_by_step() -> None:
    flight = Flight()
    flight.ask(asked(CommandKind.PROBE, "p95 < 100ms"), at_s=0.3)
    assert flight.pilot.so_far == ()
    queue = Queue(exponential(1 / 200))
    queue.set(20.0)
    while not flight.pilot.so_far:
        flight.pilot.hear([queue.read()], queue.second + 0.3)
    (found,) = flight.pilot.so_far

    assert flight.pilot.findings == ()
    assert found.outcome is Outcome.INTERRUPTED
    assert found.text == "at least 20/s, interrupted: the run ended before the search did"
    assert len(found.curve) == 1
