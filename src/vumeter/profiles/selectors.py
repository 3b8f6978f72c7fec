"""
What is to be taken from a page of metrics, as people write it: a part of PromQL.

    node_load1
    http_requests_total{job="shop", status=~"5.."}
    rate(http_requests_total{job="shop"})
    max(rate(node_cpu_seconds_total{mode!="idle"}))

A name, label matchers (`=`, `!=`, `=~`, `!~`), `rate(…)` for counters, and around that how
several samples become one number: `sum` (which need not be written), `max`, `min`, `avg`,
`count`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vumeter.errors import UsageError

MOST_CHARACTERS = 500
COMBINERS = ("sum", "max", "min", "avg", "count")

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)
_SELECTOR = re.compile(rf"({_NAME})\s*(?:\{{(.*)\}})?", re.DOTALL)
_MATCHER = re.compile(
    r"""\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:,|$)"""
)
_HINT = 'Write for example "node_load1" or \'rate(http_requests_total{status=~"5.."})\'.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What one label has to be, or must not be; a label that is not there is empty."""

    label: str
    pattern: re.Pattern[str]
    """Matches the whole value."""
    is_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which samples, and how they become one number."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    is_rate: bool = False
    """By how much each grows in a second, and not what it is."""
    combine: str = "sum"
    """One of `COMBINERS`."""

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Return whether a sample of that metric with these *labels* is one of them."""
        return all(
            (each.pattern.fullmatch(labels.get(each.label, "")) is not None) is each.is_wanted
            for each in self.matchers
        )


def selector_of(text: str) -> Selector:
    """
    Return the selector that *text* describes.

    Raises:
        UsageError: It is none.

    >>> selector_of('rate(requests_total{job="x"})').is_rate
    True
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"it is longer than {MOST_CHARACTERS} characters.", hint=_HINT)
    combine, inner = _called(text.strip(), COMBINERS)
    rate, inner = _called(inner, ("rate",))
    match = _SELECTOR.fullmatch(inner)
    if match is None:
        raise UsageError(f'"{text}" is no selector.', hint=_HINT)
    return Selector(
        metric=match[1],
        matchers=_matchers(match[2] or "", text),
        is_rate=bool(rate),
        combine=combine or "sum",
    )


def _called(text: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Return which of *names* is called on the rest; empty: none."""
    match = _CALL.fullmatch(text)
    return (match[1], match[2].strip()) if match and match[1] in names else ("", text)


def _matchers(text: str, whole: str) -> tuple[Matcher, ...]:
    found = []
    at = 0
    while text[at:].strip():
        match = _MATCHER.match(text, at)
        if match is None:
            raise UsageError(
                f'"{whole}": "{text[at:].strip()}" is no matcher of a label.',
                hint='Write for example {job="shop", status=~"5.."}.',
            )
        label, operator, quoted = match.groups()
        found.append(_matcher(label, operator, _unquoted(quoted), whole))
        at = match.end()
    return tuple(found)


def _matcher(label: str, operator: str, value: str, whole: str) -> Matcher:
    is_pattern = operator.endswith("~")
    try:
        pattern = re.compile(value if is_pattern else re.escape(value), re.DOTALL)
    except re.error as error:
        raise UsageError(
            f'"{whole}": "{value}" is no regular expression: {error}.', hint=_HINT
        ) from None
    return Matcher(label=label, pattern=pattern, is_wanted=not operator.startswith("!"))


def _unquoted(quoted: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), quoted[1:-1])
