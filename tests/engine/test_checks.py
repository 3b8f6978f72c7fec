"""Checks and extractions: what passes, what is taken, and that a known head changes neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.exchange import Exchange
from vumeter.client.expectation import Expectation
from vumeter.client.origin import Origin
from vumeter.engine.checks import Judge, judge_of, passes_of
from vumeter.engine.extraction import Answer, extraction
from vumeter.engine.recorder import Recorder
from vumeter.errors import UsageError
from vumeter.model.flow import Check, Extract, Relation, Request, Source
from vumeter.model.measure import ErrorKind

BODY = b'{"items": [{"id": 7, "tags": ["a", "b"]}], "total": 1.0, "ok": true, "none": null}'
HEADERS = (
    (b"content-type", b"application/json"),
    (b"x-trace", b"abc"),
    (b"via", b"one"),
    (b"via", b"two"),
    (b"set-cookie", b"sid=s=1; Path=/"),
    (b"set-cookie", b"lang = de; Secure"),
)


def answer(status=200, service_us=1500, headers=HEADERS, body=BODY) -> Answer:
    given_answer = Answer()
    given_answer.status, given_answer.service_us = status, service_us
    given_answer.headers, given_answer.body = headers, body
    given_answer.body_bytes = len(body or b"")
    return given_answer


def passes(source, relation, value="", selector="", **kwargs) -> bool:
    check = Check(name="c", source=source, relation=relation, value=value, selector=selector)
    return passes_of(check)(answer(**kwargs))


@pytest.mark.parametrize(
    ("value", "status", "expected"),
    [
        (("200",), 200, True),
        (("200",), 201, False),
        (("200", "300-399"), 304, True),
        (("200", "300-399"), 299, False),
        (("200-200",), 200, True),
        (("500-99999",), 599, True),
    ],
)
def test_a_status_is_one_of_several_and_ranges(value, status, expected) -> None:
    assert passes(Source.STATUS, Relation.ONE_OF, value, status=status) is expected


def test_a_status_equals_a_number() -> None:
    assert passes(Source.STATUS, Relation.EQUALS, 200.0)
    assert not passes(Source.STATUS, Relation.EQUALS, "404")


@pytest.mark.parametrize(
    ("source", "relation", "value", "selector", "expected"),
    [
        (Source.BODY, Relation.CONTAINS, '"id": 7', "", True),
        (Source.BODY, Relation.CONTAINS, "absent", "", False),
        (Source.BODY, Relation.MATCHES, r'"id": \d+\b', "", True),
        (Source.BODY, Relation.MATCHES, "^x", "", False),
        (Source.BODY, Relation.EXISTS, "", "", True),
        (Source.BODY, Relation.EQUALS, BODY.decode(), "", True),
        (Source.JSON, Relation.EXISTS, "", "items.0.id", True),
        (Source.JSON, Relation.EXISTS, "", "items.1.id", False),
        (Source.JSON, Relation.EXISTS, "", "none", True),
        (Source.JSON, Relation.EQUALS, "7", "items.0.id", True),
        (Source.JSON, Relation.EQUALS, 7.0, "items.0.id", True),
        (Source.JSON, Relation.EQUALS, "1", "total", True),
        (Source.JSON, Relation.EQUALS, "true", "ok", True),
        (Source.JSON, Relation.EQUALS, "1", "ok", False),
        (Source.JSON, Relation.EQUALS, "null", "none", True),
        (Source.JSON, Relation.EQUALS, "x", "items.0.id", False),
        (Source.JSON, Relation.ONE_OF, ("6", "7"), "items.0.id", True),
        (Source.JSON, Relation.ONE_OF, ("6", "8"), "items.0.id", False),
        (Source.JSON, Relation.CONTAINS, "b", "items.0.tags", True),
        (Source.JSON, Relation.CONTAINS, "c", "items.0.tags", False),
        (Source.JSON, Relation.AT_LEAST, 7.0, "items.0.id", True),
        (Source.JSON, Relation.AT_LEAST, 8.0, "items.0.id", False),
        (Source.JSON, Relation.AT_MOST, 7.0, "items.0.tags", False),
        (Source.HEADER, Relation.EXISTS, "", "X-Trace", True),
        (Source.HEADER, Relation.EXISTS, "", "X-Other", False),
        (Source.HEADER, Relation.EQUALS, "application/json", "Content-Type", True),
        (Source.HEADER, Relation.CONTAINS, "json", "content-type", True),
        (Source.HEADER, Relation.EQUALS, "one, two", "Via", True),
        (Source.COOKIE, Relation.EQUALS, "s=1", "sid", True),
        (Source.COOKIE, Relation.EQUALS, "de", "lang", True),
        (Source.COOKIE, Relation.EXISTS, "", "SID", False),
        (Source.DURATION_S, Relation.AT_MOST, 0.0015, "", True),
        (Source.DURATION_S, Relation.AT_MOST, 0.0014, "", False),
        (Source.SIZE_BYTES, Relation.AT_LEAST, float(len(BODY)), "", True),
        (Source.SIZE_BYTES, Relation.AT_MOST, float(len(BODY) - 1), "", False),
    ],
)
def test_a_check_passes_or_fails(source, relation, value, selector, expected) -> None:
    assert passes(source, relation, value, selector) is expected


@pytest.mark.parametrize("body", [b"", b"\xff{", b"no json", None, b"[" * 100_000])
def test_a_body_that_is_no_json_has_no_path(body) -> None:
    assert not passes(Source.JSON, Relation.EXISTS, selector="a", body=body)
    assert not passes(Source.BODY, Relation.CONTAINS, "total", body=body)


@pytest.mark.parametrize(
    ("check", "complaint"),
    [
        (Check(name="c", source=Source.STATUS, relation=Relation.CONTAINS), "cannot be compared"),
        (Check(name="c", source=Source.SIZE_BYTES, relation=Relation.EXISTS), "cannot be compared"),
        (
            Check(name="c", source=Source.STATUS, relation=Relation.ONE_OF, value=("2xx",)),
            '"2xx" is not a status',
        ),
        (
            Check(name="c", source=Source.BODY, relation=Relation.MATCHES, value="("),
            "is not a regular expression",
        ),
        (
            Check(name="c", source=Source.DURATION_S, relation=Relation.AT_MOST, value="x"),
            "is not a number",
        ),
    ],
)
def test_a_check_that_cannot_be_is_refused_before_the_run(check, complaint) -> None:
    with pytest.raises(UsageError, match=complaint):
        passes_of(check)


@pytest.mark.parametrize(
    ("source", "selector", "group", "text"),
    [
        (Source.JSON, "items.0.id", 1, "7"),
        (Source.JSON, "items.0", 1, '{"id":7,"tags":["a","b"]}'),
        (Source.JSON, "ok", 1, "true"),
        (Source.JSON, "none", 1, None),
        (Source.JSON, "items.-1", 1, None),
        (Source.JSON, "total.x", 1, None),
        (Source.BODY, r'"id": (\d+)', 1, "7"),
        (Source.BODY, r'"id": (\d+)', 0, '"id": 7'),
        (Source.BODY, r"(absent)|total", 1, None),
        (Source.BODY, "absent()", 1, None),
        (Source.HEADER, "X-TRACE", 1, "abc"),
        (Source.HEADER, "absent", 1, None),
        (Source.COOKIE, "lang", 1, "de"),
        (Source.COOKIE, "absent", 1, None),
    ],
)
def test_a_value_is_taken_out_of_an_answer(source, selector, group, text) -> None:
    take = extraction(Extract(variable="v", source=source, selector=selector, group=group))
    assert take(answer()) == text


@pytest.mark.parametrize(
    ("source", "selector"), [(Source.BODY, "("), (Source.BODY, "nothing"), (Source.STATUS, "")]
)
def test_an_extraction_that_cannot_be_is_refused_before_the_run(source, selector) -> None:
    with pytest.raises(UsageError):
        extraction(Extract(variable="v", source=source, selector=selector))


class Line:
    """As much of a transport as an exchange uses."""

    def write(self, data: bytes) -> None:
        pass

    def abort(self) -> None:
        pass


class Verdicts:
    """A caller that asks a judge of every answer."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.exchange = Exchange(self, Origin("http", "h", 80))
        self.exchange.connection_made(Line())
        self.kinds: list[ErrorKind | None] = []
        self.variables: dict[str, str] = {}

    def take_cookies(self, lines) -> None:
        pass

    def answered_in_parts(self, **_) -> None:
        pass

    def answered(self, status, received_bytes, done_ns) -> None:
        self.kinds.append(self.judge.verdict(status, 10, self.exchange, self.variables))

    def failed(self, kind, received_bytes) -> None:
        raise AssertionError(kind)


def judged(*checks: Check, extract: tuple[Extract, ...] = ()) -> tuple[Judge, Recorder]:
    recorder = Recorder()
    request = Request(name="r", url="http://h/", checks=checks, extract=extract)
    judge = judge_of(request, recorder)
    assert judge is not None
    return judge, recorder


def counted(recorder: Recorder) -> dict[str, tuple[int, int]]:
    """Return how many passed and failed each check."""
    tally = recorder.take()
    return {} if tally is None else tally.checks


HAS_A = Check(name="a", source=Source.BODY, relation=Relation.CONTAINS, value="a")
IS_JSON = Check(
    name="json",
    source=Source.JSON,
    selector="a",
    relation=Relation.EXISTS,
    fails_request=True,
)
TRACED = Check(name="traced", source=Source.HEADER, selector="x", relation=Relation.EXISTS)
SMALL = Check(name="small", source=Source.SIZE_BYTES, relation=Relation.AT_MOST, value=6.0)
TAKE_X = Extract(variable="x", source=Source.HEADER, selector="x")
BODIES = st.sampled_from([b'{"a":1}', b'{"b":1}', b"aaaaaaa", b"bbb", b"", b'{"a":2}'])
HEADS = st.sampled_from([b"", b"X: 1\r\n", b"X: 2\r\n"])


@pytest.mark.slow
@given(
    st.lists(st.tuples(BODIES, HEADS, st.sampled_from([200, 404]), st.integers(0, 3)), max_size=12),
    st.sets(st.sampled_from([0, 1, 2, 3])),
    st.booleans(),
)
def test_a_known_head_changes_no_verdict(answers, chosen, takes) -> None:
    checks = tuple((HAS_A, IS_JSON, TRACED, SMALL)[i] for i in sorted(chosen)) or (HAS_A,)
    extract = (TAKE_X,) if takes else ()
    results = []
    for knows in (True, False):
        judge, recorder = judged(*checks, extract=extract)
        caller = Verdicts(judge)
        expected = _expectation(judge)
        for body, header, status, cut in answers:
            if not knows:
                expected = _expectation(judge)
            expected._learn_again_ns = 0
            head = b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n" % (status, header, len(body))
            data = head + body
            caller.exchange.send(b"x", expected)
            # In pieces at times, which is never a known one.
            pieces = [data] if cut else [data[:9], data[9:]]
            for piece in pieces:
                caller.exchange.data_received(piece)
        results.append((caller.kinds, caller.variables, counted(recorder)))
    assert results[0] == results[1]
    assert len(results[0][0]) == len(answers)


def _status_is(name: str, *values: str, fails: bool = False) -> Check:
    return Check(
        name=name,
        source=Source.STATUS,
        relation=Relation.ONE_OF,
        value=values,
        fails_request=fails,
    )


USUAL = (
    _status_is("200", "200"),
    _status_is("good", "200-299", "404", fails=True),
    HAS_A,
    Check(name="b", source=Source.BODY, relation=Relation.CONTAINS, value="b", fails_request=True),
)


@given(
    st.lists(st.sampled_from((*USUAL, SMALL)), min_size=1, max_size=4, unique=True),
    st.lists(
        st.tuples(st.sampled_from([200, 201, 302, 404]), st.sampled_from([b"ab", b"a", b"", None])),
        max_size=12,
    ),
)
def test_answers_with_the_usual_checks_are_judged_and_counted_as_all_others(
    checks, answers
) -> None:
    judge, recorder = judged(*checks)
    exchange = Exchange(Verdicts(judge), Origin("http", "h", 80))
    expected = {check.name: [0, 0] for check in checks}
    for status, body in answers:
        exchange.body, exchange.body_bytes = body, len(body or b"")
        verdict = judge.verdict(status, 10, exchange, {})
        failed = [c for c in checks if not passes_of(c)(answer(status=status, body=body))]
        for check in checks:
            expected[check.name][check in failed] += 1
        is_check = any(check.fails_request for check in failed)
        wanted = ErrorKind.CHECK if is_check else None
        assert verdict is (ErrorKind.STATUS if status >= 400 else wanted)
        assert exchange.body is None
    seen = {name: tuple(outcome) for name, outcome in expected.items() if any(outcome)}
    assert counted(recorder) == seen
    assert counted(recorder) == {}


def _expectation(judge: Judge) -> Expectation:
    return Expectation(collects_body=judge.collects_body, collects_headers=judge.collects_headers)


def test_a_known_head_is_not_parsed_again() -> None:
    judge, recorder = judged(HAS_A)
    expected = _expectation(judge)
    parsed = []
    for body in (b"a", b"b", b"a"):
        caller = Verdicts(judge)
        caller.exchange.send(b"x", expected)
        caller.exchange.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
        # What an exchange begins to parse, it notes there.
        parsed.append(caller.exchange._reading is expected)
    assert parsed == [True, False, False]
    assert counted(recorder) == {"a": (2, 1)}


def test_bodies_and_headers_are_collected_only_where_something_looks_at_them() -> None:
    duration = Check(name="d", source=Source.DURATION_S, relation=Relation.AT_MOST, value=1.0)
    for checks, wanted in (
        ((duration,), (False, False)),
        ((duration, HAS_A), (True, False)),
        ((TRACED,), (False, True)),
        ((IS_JSON, TRACED), (True, True)),
    ):
        judge, _ = judged(*checks)
        assert (judge.collects_body, judge.collects_headers) == wanted
    assert judge_of(Request(name="r", url="http://h/"), Recorder()) is None


def test_a_body_is_let_go_of_once_it_was_judged() -> None:
    judge, _ = judged(HAS_A)
    caller = Verdicts(judge)
    caller.exchange.send(b"x", _expectation(judge))
    caller.exchange.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    assert caller.kinds == [None]
    assert caller.exchange.body is None


def test_a_bad_status_comes_before_a_check_and_all_checks_are_counted() -> None:
    judge, recorder = judged(IS_JSON, HAS_A, extract=(TAKE_X,))
    caller = Verdicts(judge)
    for status, header, body in (
        (404, b"", b"a"),
        (200, b"", b'{"a":1}'),
        (200, b"X: 1\r\n", b"a"),
    ):
        caller.exchange.send(b"x", _expectation(judge))
        caller.exchange.data_received(
            b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n" % (status, header, len(body)) + body
        )
    assert caller.kinds == [ErrorKind.STATUS, ErrorKind.EXTRACT, ErrorKind.CHECK]
    assert counted(recorder) == {"json": (1, 2), "a": (3, 0)}
    assert caller.variables == {"x": "1"}


def test_half_of_what_is_needed_is_nothing() -> None:
    other = Extract(variable="y", source=Source.JSON, selector="a")
    judge, _ = judged(extract=(TAKE_X, other))
    caller = Verdicts(judge)
    caller.exchange.send(b"x", _expectation(judge))
    caller.exchange.data_received(b"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\n\r\n{}")
    assert caller.kinds == [ErrorKind.EXTRACT]
    assert caller.variables == {}
