"""What is said to be the reason, for troubles whose reason is known."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from vumeter.model.explanation import Confidence, Explanation, Finding, Question
from vumeter.stats.explaining import LEAST_POINTS, explanation
from vumeter.stats.subjects import subject_of

Shape = Callable[[int], float]


@dataclass
class Trouble:
    """Two minutes of a run whose p95 follows *strength*, and what is watched with it."""

    seconds: int = 120
    seed: int = 1
    strength: Shape = lambda at: 1.0 if 50 <= at < 80 else 0.0
    causes: dict[str, Shape] = field(default_factory=dict)

    def rows(self) -> list[dict[str, float]]:
        chance = random.Random(self.seed)
        rows = []
        for at in range(self.seconds):
            slow = self.strength(at)
            p95_ms = 100 * (1 + 5 * slow) * chance.uniform(0.9, 1.1)
            rows.append(
                {
                    "latency.p95_ms": p95_ms,
                    "error_percent": 0.0,
                    # What follows from it in the closed model, and what only trembles.
                    "requests_per_s": 10_000 / p95_ms,
                    "vus_busy": 20.0,
                    "host.cpu_percent": 40 + chance.uniform(-8, 8),
                    "host.memory_used_bytes": 6e9 + 1e5 * at + 1e6 * slow,
                    "host.tcp_in_use": 90 + chance.randrange(4),
                    "postgres.active_sessions": 2.0,
                    **{name: shape(at) for name, shape in self.causes.items()},
                }
            )
        return rows

    def why(self, question: Question = Question.LATENCY) -> Explanation:
        return explanation(self.rows(), question, from_second=1_000)


def first(found: Explanation) -> Finding:
    assert found.findings, found.problem
    return found.findings[0]


@pytest.mark.parametrize("lead_s", [0, 1, 4, 9])
def test_what_rises_before_p95_is_named_with_its_lead(lead_s: int) -> None:
    trouble = Trouble()
    trouble.causes["postgres.blocked_sessions"] = lambda at: 12 * trouble.strength(at + lead_s)
    found = first(trouble.why())
    assert (found.series, found.lag_s) == ("postgres.blocked_sessions", lead_s)
    when = f"{lead_s} s before" if lead_s else "with"
    assert found.sentence == f"lock waits rise {when} p95 (ρ {found.rho:.2f})"
    assert (found.typical, found.worst) == (0.0, 12.0)


def test_what_falls_is_a_reason_only_where_less_is_worse() -> None:
    trouble = Trouble()
    trouble.causes["postgres.cache_hit_ratio"] = lambda at: 0.99 - 0.2 * trouble.strength(at)
    trouble.causes["postgres.blocked_sessions"] = lambda at: 9 - 8 * trouble.strength(at)
    found = trouble.why()
    assert [each.series for each in found.findings] == ["postgres.cache_hit_ratio"]
    assert "cache hits fall with p95" in first(found).sentence


def test_effects_of_slow_answers_are_no_reasons() -> None:
    found = Trouble().why()
    assert found.findings == ()
    assert found.problem == "nothing that is watched changes with p95"
    assert found.compared == 4
    assert found.worst_second is not None and 1_050 <= found.worst_second < 1_080


def test_several_series_of_one_trouble_are_one_finding() -> None:
    trouble = Trouble()
    for name, most in (("blocked_sessions", 12), ("active_by_wait.Lock", 11.5)):
        trouble.causes[f"postgres.{name}"] = lambda at, most=most: most * trouble.strength(at)
    trouble.causes["host.busiest_core_percent"] = lambda at: 50 + 30 * trouble.strength(at - 3)
    locks, cpu = trouble.why().findings
    assert {locks.series, *locks.also} == {
        "postgres.blocked_sessions",
        "postgres.active_by_wait.Lock",
    }
    assert cpu.lag_s == -3
    assert "3 s after p95" in cpu.sentence


def test_a_wait_that_nobody_had_is_zero_and_a_database_that_was_away_is_a_gap() -> None:
    trouble = Trouble()
    rows = trouble.rows()
    for at, row in enumerate(rows):
        if trouble.strength(at):
            row["postgres.active_by_wait.Lock"] = 10.0
        if at < 10:
            del row["postgres.active_sessions"]
    found = first(explanation(rows, Question.LATENCY, from_second=0))
    assert found.series == "postgres.active_by_wait.Lock"
    assert found.points == 110, "without the seconds in which the database was not seen"


def test_what_is_counted_since_the_start_is_a_reason_while_it_grows() -> None:
    trouble = Trouble()
    grown = [0.0]
    for at in range(120):
        grown.append(grown[-1] + 2 * trouble.strength(at))
    trouble.causes["postgres.deadlocks"] = lambda at: grown[at + 1]
    found = first(trouble.why())
    assert found.sentence.startswith("deadlocks rise with p95")
    assert (found.typical, found.worst) == (0.0, 2.0)


def test_a_change_that_does_not_matter_is_not_told_however_well_it_fits() -> None:
    trouble = Trouble()
    trouble.causes["host.iowait_percent"] = lambda at: 1 + 2 * trouble.strength(at)
    trouble.causes["host.tcp_time_wait"] = lambda at: 5_000 + 20 * trouble.strength(at)
    assert trouble.why().findings == ()


def test_what_is_nothing_in_the_middle_of_both_halves_is_no_reason() -> None:
    # Reads in two seconds of five, only when it is slow: 0 before, and mostly 0 then.
    trouble = Trouble()
    trouble.causes["host.disk_read_bytes_per_s"] = lambda at: (
        4e6 * trouble.strength(at) * (at % 5 < 2)
    )
    assert trouble.why().findings == ()


def test_of_few_seconds_or_of_calm_ones_nothing_is_said() -> None:
    short = Trouble(seconds=LEAST_POINTS - 1).why()
    assert short.problem == f"only {LEAST_POINTS - 1} values of p95"
    calm = Trouble(strength=lambda at: 0.0)
    calm.causes["host.cpu_percent"] = float
    assert calm.why().problem == "p95 hardly changed"
    assert calm.why(Question.ERRORS).problem == "errors hardly changed"


def test_errors_are_explained_like_latency() -> None:
    trouble = Trouble()
    trouble.causes["error_percent"] = lambda at: 30 * trouble.strength(at)
    trouble.causes["postgres.connections_percent"] = lambda at: 50 + 50 * trouble.strength(at + 2)
    found = first(trouble.why(Question.ERRORS))
    assert found.sentence.startswith("database connections in use rise 2 s before errors")


def test_many_ups_and_downs_say_more_than_a_single_step() -> None:
    """A step resembles any other step; thirty seconds of it are one observation, not thirty."""
    step = Trouble(strength=lambda at: float(at >= 60))
    step.causes["host.cpu_percent"] = lambda at: 30 + 60 * step.strength(at)
    chance = random.Random(7)
    strengths = [chance.random() for _ in range(400)]
    many = Trouble(seconds=240, strength=lambda at: strengths[at])
    many.causes["host.cpu_percent"] = lambda at: 30 + 60 * strengths[at]
    assert first(step.why()).confidence is not Confidence.HIGH
    assert first(many.why()).confidence is Confidence.HIGH
    assert first(step.why()).independent_points < 20 < first(many.why()).independent_points


def test_noise_has_no_reason_that_is_sure() -> None:
    """Of a hundred series that only tremble, none may be called the reason with confidence."""
    for seed in range(5):
        chance = random.Random(seed)
        trouble = Trouble(seed=seed)
        for number in range(100):
            values = [chance.uniform(0, 100) for _ in range(120)]
            trouble.causes[f"watched.thing{number}.load"] = values.__getitem__
        assert not [it for it in trouble.why().findings if it.confidence is not Confidence.LOW]


def test_every_subject_that_can_be_a_reason_has_words() -> None:
    for series in (
        "vus",
        "postgres.active_by_wait.IPC",
        "host.steal_percent",
        "watched.api.threads",
    ):
        subject = subject_of(series)
        assert subject is not None and "\\" not in subject.words
    assert subject_of("postgres.active_by_wait.IPC") is not None
    assert subject_of("latency.p99_ms") is subject_of("vus_busy") is None


def test_of_two_that_fit_as_well_what_came_from_nothing_is_named_first() -> None:
    trouble = Trouble()
    trouble.causes["postgres.wal_bytes_per_s"] = lambda at: 1e6 + 5e5 * trouble.strength(at)
    trouble.causes["postgres.blocked_sessions"] = lambda at: 4 * trouble.strength(at)
    trouble.causes["postgres.cache_hit_ratio"] = lambda at: 0.99 - 0.2 * trouble.strength(at)
    names = [each.series for each in trouble.why().findings]
    assert names == [
        "postgres.blocked_sessions",
        "postgres.cache_hit_ratio",
        "postgres.wal_bytes_per_s",
    ]


def test_what_changes_at_the_same_time_comes_before_what_has_to_be_shifted() -> None:
    trouble = Trouble()
    trouble.causes["postgres.temporary_bytes_per_s"] = lambda at: 9e6 * trouble.strength(at + 8)
    trouble.causes["postgres.blocked_sessions"] = lambda at: (
        4 * trouble.strength(at) if at % 9 else 0.0
    )
    found = trouble.why().findings
    assert [each.lag_s for each in found] == [0, 8]
    assert found[0].rho < found[1].rho


def test_what_is_counted_a_second_late_is_not_taken_for_an_effect() -> None:
    trouble = Trouble()
    grown = [0.0]
    for at in range(120):
        grown.append(grown[-1] + 2 * trouble.strength(at - 1))
    trouble.causes["postgres.deadlocks"] = lambda at: grown[at + 1]
    trouble.causes["host.busiest_core_percent"] = lambda at: 20 + 70 * trouble.strength(at - 2)
    late, effect = trouble.why().findings
    assert (late.lag_s, effect.lag_s) == (-1, -2)
    assert late.sentence.startswith("deadlocks rise 1 s after p95")


def test_deadlocks_are_counted_late_and_named_all_the_same() -> None:
    trouble = Trouble()
    grown = [0.0]
    for at in range(120):
        grown.append(grown[-1] + 2 * trouble.strength(at - 5))
    trouble.causes["postgres.deadlocks"] = lambda at: grown[at + 1]
    trouble.causes["host.busiest_core_percent"] = lambda at: 5 + 90 * trouble.strength(at - 1)
    late = first(trouble.why())
    assert (late.series, late.lag_s) == ("postgres.deadlocks", -5)


def test_a_statement_that_is_a_little_older_is_no_reason() -> None:
    trouble = Trouble()
    trouble.causes["postgres.longest_idle_in_transaction_s"] = lambda at: (
        0.02 * trouble.strength(at)
    )
    assert trouble.why().findings == ()
    trouble.causes["postgres.longest_idle_in_transaction_s"] = lambda at: 0.4 * trouble.strength(at)
    assert first(trouble.why()).sentence.startswith("transactions left open rise with p95")


def test_a_reason_says_when_it_was_worst_wherever_p95_had_its_peak() -> None:
    trouble = Trouble()
    trouble.causes["postgres.blocked_sessions"] = lambda at: (
        9.0 if at == 66 else 6.0 * trouble.strength(at) + 20.0 * (at == 10)
    )
    rows = trouble.rows()
    rows[3]["latency.p95_ms"], rows[66]["latency.p95_ms"] = 5_000.0, 660.0
    found = explanation(rows, Question.LATENCY, from_second=1_000)
    assert found.worst_second == 1_003
    assert first(found).worst_second == 1_066
