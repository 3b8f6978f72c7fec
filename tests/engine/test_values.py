"""Expressions: what they give, that they can be repeated, and what is refused."""

import random
import re
import uuid
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.clock import unix_ms
from vumeter.engine.values import Expressions
from vumeter.errors import UsageError
from vumeter.model.plan import Feeder

USERS = Feeder(name="users", columns=("email", "first name"), rows=(("a@h", "Ada"),))


class Scope:
    def __init__(self, seed: int = 1) -> None:
        self.variables = {"token": "t"}
        self.rows = {"users": USERS.rows[0]}
        self.number, self.iteration = 7, 3
        self.rng = random.Random(seed)


def value(text: str, scope: Scope | None = None) -> str:
    return Expressions({"users": USERS}).compiled(text)(scope or Scope())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("token", "t"),
        (" token ", "t"),
        ("unset", ""),
        ("vu", "7"),
        ("iteration", "3"),
        ("users.email", "a@h"),
        ("users.first name", "Ada"),
        ("choice(x)", "x"),
        ("choice( two words )", "two words"),
        ('choice("a, b")', "a, b"),
        ("choice('it says \"x\"')", 'it says "x"'),
        ('choice("")', ""),
        ("randint(5, 5)", "5"),
        ("randint(-3,-3)", "-3"),
    ],
)
def test_an_expression_gives(text, expected) -> None:
    assert value(text) == expected


def test_a_uuid_is_one_of_version_4_and_each_is_another() -> None:
    scope = Scope()
    several = [value("uuid()", scope) for _ in range(100)]
    assert len(set(several)) == 100
    for each in several:
        parsed = uuid.UUID(each)
        assert (parsed.version, parsed.variant, str(parsed)) == (4, uuid.RFC_4122, each)


def test_every_number_of_a_range_is_drawn_its_ends_included() -> None:
    scope = Scope()
    counts = Counter(value("randint(1, 4)", scope) for _ in range(4000))
    assert set(counts) == {"1", "2", "3", "4"}
    # 1000 ± 27 each: five standard deviations.
    assert all(863 < count < 1137 for count in counts.values())


def test_every_choice_is_drawn() -> None:
    scope = Scope()
    assert {value("choice(a, b, c)", scope) for _ in range(200)} == {"a", "b", "c"}


def test_a_name_looks_like_one() -> None:
    scope = Scope()
    names = {value("name()", scope) for _ in range(200)}
    assert len(names) > 50
    assert all(re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", name) for name in names)


def test_a_timestamp_is_the_wall_clock() -> None:
    before = unix_ms()
    assert before <= int(value("timestamp_ms()")) <= unix_ms()


def test_a_traceparent_is_w3c_s_and_never_comes_twice_not_even_for_the_same_vu() -> None:
    several = {value("traceparent()", Scope(seed=1)) for _ in range(100)}
    assert len(several) == 100
    for each in several:
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", each)


@pytest.mark.parametrize("text", ["uuid()", "randint(1, 1000000)", "name()", "choice(a,b,c,d)"])
def test_the_same_seed_gives_the_same_values(text) -> None:
    once, again, other = Scope(5), Scope(5), Scope(6)
    first = [value(text, once) for _ in range(20)]
    assert first == [value(text, again) for _ in range(20)]
    assert first != [value(text, other) for _ in range(20)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not an expression"),
        ("1", "is not an expression"),
        ("a b", "is not an expression"),
        ("a + b", "is not an expression"),
        ("__import__('os').system('x')", "no function"),
        ("rand(1)", 'no function "rand"'),
        ("randin(1, 2)", 'Did you mean "randint"'),
        ("randint()", "two whole numbers"),
        ("randint(1)", "two whole numbers"),
        ("randint(1, b)", "two whole numbers"),
        ("randint(2, 1)", "cannot be drawn"),
        ("randint(0, 99999999999999999999)", "cannot be drawn"),
        ("choice()", "what to choose from"),
        ('choice("a)', "are no arguments"),
        ("choice(f(x))", "are no arguments"),
        ("uuid(4)", "takes no arguments"),
        ("name(x)", "takes no arguments"),
        ("user.email", 'no feeder "user".*\n.*Did you mean "users"'),
        ("users.mail", 'no column "mail".*\n.*Did you mean "email"'),
    ],
)
def test_what_is_no_expression_is_refused_when_it_is_compiled(text, complaint) -> None:
    with pytest.raises(UsageError, match=complaint):
        value(text)


def test_it_is_known_what_expressions_look_at() -> None:
    expressions = Expressions({"users": USERS})
    for text in ("token", "users.email", "vu", "uuid()"):
        expressions.compiled(text)
    assert expressions.variables == {"token"}
    assert expressions.feeders == {"users"}
    assert not expressions.counts_iterations
    expressions.compiled("iteration")
    assert expressions.counts_iterations


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_value_or_refused(text) -> None:
    try:
        given_value = value(text)
    except UsageError:
        return
    assert isinstance(given_value, str)
