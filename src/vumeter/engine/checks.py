"""Checks compiled to callables, and the judge that asks them of each answer."""

import operator
from collections.abc import Callable, Sequence

from vumeter.client.exchange import Exchange
from vumeter.engine.extraction import (
    MISSING,
    Answer,
    Part,
    cookie_part,
    extraction,
    header_part,
    json_part,
    pattern_of,
    text_of,
)
from vumeter.engine.recorder import Recorder
from vumeter.errors import UsageError
from vumeter.model.flow import Check, Relation, Request, Source
from vumeter.model.measure import ErrorKind

Passes = Callable[[Answer], bool]

_IN_BODY = frozenset({Source.BODY, Source.JSON, Source.SIZE_BYTES})
_IN_HEADERS = frozenset({Source.HEADER, Source.COOKIE})
_BOUNDS = {Relation.AT_MOST: operator.le, Relation.AT_LEAST: operator.ge}
_AMONG = frozenset({Relation.ONE_OF, Relation.EQUALS})
_US_PER_S = 1_000_000


class Judge:
    """Looks at every answer to one request: counts its checks, and takes out its variables."""

    __slots__ = (
        "_answer",
        "_checks",
        "_extracts",
        "_good_statuses",
        "_passed_all",
        "_words",
        "collects_body",
        "collects_headers",
    )

    def __init__(self, request: Request, recorder: Recorder) -> None:
        self._answer = Answer()
        self._checks = tuple(
            (passes_of(check), recorder.outcome(check.name), check.fails_request)
            for check in request.checks
        )
        self._extracts = tuple((part.variable, extraction(part)) for part in request.extract)
        sources = {check.source for check in request.checks}
        sources |= {part.source for part in request.extract}
        self.collects_body = bool(sources & _IN_BODY)
        self.collects_headers = bool(sources & _IN_HEADERS)
        simple = _simple(request)
        self._good_statuses, self._words = simple or (frozenset[int](), ())
        self._passed_all = recorder.together([outcome for _, outcome, _ in self._checks])

    def verdict(
        self, status: int, service_us: int, exchange: Exchange, variables: dict[str, str]
    ) -> ErrorKind | None:
        """
        Return what the answer that *exchange* holds has failed by, if by anything.

        Its values go to *variables*, all or none: half of what was needed is no use.
        """
        body = exchange.body
        # Not kept until the next answer: of 10,000 VUs that would be up to 10 GB.
        exchange.body = None
        # The good answer to a request with the usual checks, a status and words: 0.15 µs, and
        # 0.5 the other way.
        if status in self._good_statuses:
            for word in self._words:
                if body is None or word not in body:
                    break
            else:
                self._passed_all[0] += 1
                return None
        answer = self._answer
        answer.status = status
        answer.service_us = service_us
        answer.headers = exchange.headers
        answer.body = body
        answer.body_bytes = exchange.body_bytes
        kind = None
        for passes, outcome, is_fatal in self._checks:
            if passes(answer):
                outcome[0] += 1
            else:
                outcome[1] += 1
                if is_fatal:
                    kind = ErrorKind.CHECK
        if status >= 400:
            return ErrorKind.STATUS
        if self._extracts and not self._extract(variables):
            return ErrorKind.EXTRACT
        return kind

    def is_needed(self, kind: ErrorKind) -> bool:
        """Return whether what comes next lacks a value, after an answer that failed by *kind*."""
        return bool(self._extracts) and kind is not ErrorKind.CHECK

    def _extract(self, variables: dict[str, str]) -> bool:
        found = {}
        for variable, text in self._extracts:
            value = text(self._answer)
            if value is None:
                return False
            found[variable] = value
        variables.update(found)
        return True


def _simple(request: Request) -> tuple[frozenset[int], tuple[bytes, ...]] | None:
    """
    Return the good statuses with which an answer passes, and the words that it must have then.

    `None`: there is more to be looked at.
    """
    statuses = frozenset(range(100, 400))
    words = []
    for check in request.checks:
        match check.source:
            case Source.STATUS if check.relation in _AMONG:
                statuses &= _statuses(check)
            case Source.BODY if check.relation is Relation.CONTAINS:
                words.append(str(check.value).encode())
            case _:
                return None
    return None if request.extract else (statuses, tuple(words))


def judge_of(request: Request, recorder: Recorder) -> Judge | None:
    """Return who looks at the answers to *request*; `None` where nothing of them is asked."""
    return Judge(request, recorder) if request.checks or request.extract else None


def passes_of(check: Check) -> Passes:
    """
    Return whether an answer passes *check*, as a callable.

    Raises:
        UsageError: Its relation cannot hold of what it looks at.
    """
    match check.source:
        case Source.STATUS if check.relation in _AMONG:
            statuses = _statuses(check)
            return lambda answer: answer.status in statuses
        case Source.DURATION_S if check.relation in _BOUNDS:
            bound_us, compare = _number(check) * _US_PER_S, _BOUNDS[check.relation]
            return lambda answer: compare(answer.service_us, bound_us)
        case Source.SIZE_BYTES if check.relation in _BOUNDS:
            bound_bytes, compare = _number(check), _BOUNDS[check.relation]
            return lambda answer: compare(answer.body_bytes, bound_bytes)
        case Source.BODY if check.relation is Relation.CONTAINS:
            wanted = str(check.value).encode()
            return lambda answer: answer.body is not None and wanted in answer.body
        case Source.BODY | Source.JSON | Source.HEADER | Source.COOKIE:
            return _related(_part(check), _holds(check))
    raise UsageError(
        f'Check "{check.name}": a {check.source} cannot be compared by "{check.relation}".'
    )


def _part(check: Check) -> Part:
    match check.source:
        case Source.JSON:
            return json_part(check.selector)
        case Source.HEADER:
            return header_part(check.selector)
        case Source.COOKIE:
            return cookie_part(check.selector)
        case _:
            # An empty body is none; one that was too long to be kept has no text either.
            return lambda answer: answer.text or MISSING


def _related(part: Part, holds: Callable[[object], bool]) -> Passes:
    def passes(answer: Answer) -> bool:
        value = part(answer)
        return value is not MISSING and holds(value)

    return passes


def _holds(check: Check) -> Callable[[object], bool]:
    match check.relation:
        case Relation.EXISTS:
            return lambda value: True
        case Relation.EQUALS:
            wanted = check.value
            return lambda value: _equals(value, wanted)
        case Relation.ONE_OF:
            several = check.value if isinstance(check.value, tuple) else (str(check.value),)
            return lambda value: any(_equals(value, each) for each in several)
        case Relation.CONTAINS:
            text = str(check.value)
            return lambda value: _contains(value, text)
        case Relation.MATCHES:
            pattern = pattern_of(str(check.value))
            return lambda value: pattern.search(text_of(value) or "") is not None
        case Relation.AT_MOST | Relation.AT_LEAST:
            bound, compare = _number(check), _BOUNDS[check.relation]
            return lambda value: (
                (number := _as_number(value)) is not None and compare(number, bound)
            )


def _equals(value: object, wanted: str | float | Sequence[str]) -> bool:
    """Compare as numbers where the answer has a number, else as text: JSON's 1.0 is "1"."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return value == float(wanted)  # type: ignore[arg-type]  # a sequence raises
        except (TypeError, ValueError):
            return False
    text = "null" if value is None else text_of(value)
    return text == (f"{wanted:g}" if isinstance(wanted, float) else wanted)


def _contains(value: object, text: str) -> bool:
    if isinstance(value, list):
        return any(_equals(each, text) for each in value)
    return text in (text_of(value) or "")


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _number(check: Check) -> float:
    number = _as_number(check.value)
    if number is None:
        raise UsageError(f'Check "{check.name}": "{check.value}" is not a number.')
    return number


def _statuses(check: Check) -> frozenset[int]:
    """
    Return the statuses that pass: single ones, and ranges with both ends.

    >>> check = Check(name="", source=Source.STATUS, relation=Relation.ONE_OF, value=("200-202",))
    >>> sorted(_statuses(check))
    [200, 201, 202]
    """
    several = check.value if isinstance(check.value, tuple) else (f"{check.value}",)
    found: set[int] = set()
    for each in several:
        first, _, last = each.removesuffix(".0").partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise UsageError(f'Check "{check.name}": "{each}" is not a status.')
        found.update(range(int(first), min(999, int(last or first)) + 1))
    return frozenset(found)
