"""
What a search or a cruise control goes by, as people write it: "p95 < 300ms", "errors < 1%".

    slo      short relation value  |  a threshold, see `thresholds.grammar`
    short    ( p95 | p(95) | p99.9 | avg | med | max | errors ) [ "{" filter "}" ]
"""

import math
import re
from collections.abc import Iterable

from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.metric import Kind
from vumeter.model.plan import Plan, Threshold
from vumeter.thresholds.grammar import written
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.rules import rules_of
from vumeter.thresholds.sums import Aggregate

MOST_SLOS = 8

_SHORT = re.compile(
    r"\s*(?P<what>p\s*\(?\s*(?P<percent>\d+(\.\d+)?)\s*\)?|avg|med|max|errors?|err)"
    r"\s*(?P<filter>\{[^}]*\})?\s*(?P<rest>(?:[<>=!].*)?)",
    re.DOTALL,
)
_SET_POINT = re.compile(r"\s*(?P<what>[^<>=!]*[^<>=!\s])\s+(?P<value>\d[\d.]*\s*[^\s\d]*)\s*")
_EXAMPLES = 'Write for example "p95 < 300ms" or "errors < 1%".'
_UPPER = ("<", "<=")
_LOWER = (">", ">=")
_FARTHEST = 5.0
"""A figure is never said to be farther from its limit than e⁵, 150 times."""


def slo(text: str) -> Threshold:
    """
    Return the threshold that *text* stands for.

    >>> slo("p95 < 300ms")
    Threshold(metric='http_req_duration', expression='p(95) < 300ms', ...)
    >>> slo("errors{name:pay} < 1%").metric
    'http_req_failed{name:pay}'

    Raises:
        ProfileError: It stands for none.
    """
    match = _SHORT.fullmatch(text)
    if match is None:
        return written(text)
    rest, selection = match["rest"].strip(), match["filter"] or ""
    if match["what"].startswith("err"):
        return Threshold(metric=f"http_req_failed{selection}", expression=f"rate {rest}")
    aggregate = f"p({match['percent']})" if match["percent"] else match["what"]
    return Threshold(metric=f"http_req_duration{selection}", expression=f"{aggregate} {rest}")


def set_point(text: str) -> Threshold:
    """
    Return the threshold whose limit *text* wants kept: "p95 250ms", "host.cpu 70%".

    >>> set_point("p95 250ms").expression
    'p(95) < 250ms'

    Raises:
        ProfileError: It is none.
    """
    match = _SET_POINT.fullmatch(text)
    if match is None:
        raise ProfileError(
            f'"{text}" is no set point.', hint='Write for example "p95 250ms" or "host.cpu 70%".'
        )
    return slo(f"{match['what']} < {match['value']}")


def slo_rules(thresholds: Iterable[Threshold], plan: Plan) -> tuple[Rule, ...]:
    """
    Return the rules to judge steps by, each held against what *plan* can answer.

    Raises:
        ProfileError: One cannot be judged on a few seconds at one load, or there is none.
    """
    rules = rules_of(replace(plan, thresholds=tuple(thresholds)))
    if not rules:
        raise ProfileError("Nothing to hold: there is no SLO.", hint=_EXAMPLES)
    if len(rules) > MOST_SLOS:
        raise ProfileError(f"{len(rules)} SLOs are too many: at most {MOST_SLOS}.")
    for rule in rules:
        _refuse_unfit(rule)
    return rules


def slos_of(plan: Plan) -> tuple[Threshold, ...]:
    """Return the thresholds of *plan* that a search can go by, without windows and abortions."""
    return tuple(
        Threshold(metric=each.metric, expression=_without_spans(each.expression))
        for each in plan.thresholds
        if each.metric.startswith(("http_req_duration", "http_req_failed", "http_req_service"))
    )


def severity(rule: Rule, figure: float) -> float:
    """
    Return how far *figure* is beyond the limit of *rule*: its logarithm, below 0 while it holds.

    Logarithms, since times are spread like products: half and double are equally far.
    """
    if rule.relation not in (*_UPPER, *_LOWER):
        return -_FARTHEST if rule.holds(figure) else _FARTHEST
    if rule.limit <= 0 or figure <= 0:
        is_well = rule.holds(figure)
        return -_FARTHEST if is_well else _FARTHEST
    ratio = math.log(figure / rule.limit)
    ratio = ratio if rule.relation in _UPPER else -ratio
    return min(_FARTHEST, max(-_FARTHEST, ratio))


def is_time(rule: Rule) -> bool:
    """Return whether *rule* sets an upper limit to times."""
    return rule.metric.kind is Kind.TREND and rule.relation in _UPPER


def samples_needed(rule: Rule) -> int:
    """
    Return from how many samples on a figure of *rule* means something.

    Of a percentile, five should lie beyond it.
    """
    if rule.aggregate is Aggregate.PERCENTILE:
        return min(5000, math.ceil(5 / max(1e-3, 1 - rule.percent / 100)))
    return 20


def _refuse_unfit(rule: Rule) -> None:
    text = f"{rule.threshold.metric}: {rule.threshold.expression}"
    if rule.over_s is not None or rule.for_s > 0:
        raise ProfileError(
            f'"{text}": a step has a window of its own.', hint='Leave "over" and "for" away.'
        )
    if rule.metric.kind is Kind.COUNTER:
        raise ProfileError(
            f'"{text}": a count grows with the load, whatever the target does.', hint=_EXAMPLES
        )


def _without_spans(expression: str) -> str:
    return re.split(r"\s+(?:over|for)\s+", expression)[0]
