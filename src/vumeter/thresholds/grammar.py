"""
The grammar of thresholds: k6's, with units, windows, and metrics of the probes.

    metric      name [ "{" filter ":" value { "," filter ":" value } "}" ]
    expression  [ aggregate ] relation value [ "over" time ] [ "for" time ]
    aggregate   count | rate | value | avg | min | max | med | p(0..100)
    relation    <  <=  >  >=  ==  ===  !=

Every complaint quotes what is wrong, says where it stands, and what could stand there.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from vumeter.errors import ProfileError, UsageError
from vumeter.model.metric import Kind, Unit
from vumeter.model.plan import Threshold
from vumeter.thresholds.amounts import EXAMPLES, parse_amount
from vumeter.thresholds.metrics import METRICS, Metric, Selection
from vumeter.thresholds.probed import probed_metric
from vumeter.thresholds.rule import RELATIONS, Rule
from vumeter.thresholds.sums import AGGREGATES, Aggregate
from vumeter.units import duration_text, parse_duration_s

LONGEST_WINDOW_S = 600
"""A window is kept second by second: some 20 MB of latencies at its longest."""

_METRIC = re.compile(r"\s*([^\s{}:<>=!]+)\s*(\{.*\})?\s*", re.DOTALL)
_AGGREGATE = re.compile(r"\s*([A-Za-z_]+)\s*(\(([^)]*)\))?\s*")
_RELATION = re.compile(r"\s*([<>=!]+)\s*")
_VALUE = re.compile(
    # People write a blank before a unit; what else follows is not the value's.
    r"\s*(\d[\d.]*\s+(?:%|[uµm]?s|m|h|/[smh]|[kKMG]?i?B(?:/s)?)(?=\s|$)|\S+)\s*"
)
_SPAN = re.compile(r"\s*(over|for)\s+(\S+)\s*")
_SCALED_SPAN = re.compile(r"\s+(over|for)\s+(\S+)")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_FLAG_METRIC = re.compile(r"\s*([^\s{}:<>=!]+\s*(?:\{[^}]*\}?)?)\s*:?\s*", re.DOTALL)
_FLAG_ENDING = re.compile(r"\s+(?:(abort_on_fail)|delay_abort_eval\s+(\S+))\s*$")

_EXAMPLE = 'Write for example "p(95) < 300ms" or "rate < 1% over 30s".'


def parse(threshold: Threshold, metrics: Mapping[str, Metric[Any]] = METRICS) -> Rule:
    """
    Return the rule that *threshold*, on one of *metrics*, stands for.

    Raises:
        ProfileError: It stands for none; the message says where and why.
    """
    metric, selection = _metric(threshold.metric, metrics)
    reader = _Reader(threshold.expression)
    aggregate, percent = _aggregate(reader, metric)
    relation = _relation(reader)
    limit = _limit(reader, metric.units[aggregate], metric.name)
    spans = _spans(reader)
    rule = Rule(
        threshold=threshold,
        metric=metric,
        selection=selection,
        aggregate=aggregate,
        percent=percent,
        relation=relation,
        limit=limit,
        over_s=None if "over" not in spans else round(spans["over"]),
        for_s=spans.get("for", 0.0),
    )
    _refuse_nonsense(rule, reader)
    return rule


def written(text: str) -> Threshold:
    """
    Return the threshold in *text*, as one writes it on the command line.

    >>> written("http_req_failed: rate < 1% abort_on_fail delay_abort_eval 10s")
    ... # doctest: +NORMALIZE_WHITESPACE
    Threshold(metric='http_req_failed', expression='rate < 1%', abort_on_fail=True,
              delay_abort_s=10.0)

    Raises:
        ProfileError: It does not begin with a metric, or a delay is no time.
    """
    aborts, delay_s, rest = False, 0.0, text
    while ending := _FLAG_ENDING.search(rest):
        rest = rest[: ending.start()]
        aborts = True
        if ending[2] is not None:
            delay_s = _time_s(ending[2], text, text.rindex(ending[2]))
    match = _FLAG_METRIC.match(rest)
    if match is None:
        raise ProfileError(
            f'"{text}" does not begin with a metric.',
            hint="Write metric, colon and rule: 'http_req_duration: p(95) < 300ms'.",
        )
    return Threshold(
        metric=match[1].strip(),
        expression=rest[match.end() :].strip(),
        abort_on_fail=aborts,
        delay_abort_s=delay_s,
    )


def scaled(threshold: Threshold, factor: float) -> Threshold:
    """
    Return *threshold* with each of its times multiplied by *factor*, as far as that can be.

    A window stays between 1 s, the grain of readings, and the longest that is kept.

    >>> scaled(Threshold(metric="checks", expression="rate > 0.9 over 50s for 20s"), 0.1).expression
    'rate > 0.9 over 5s for 2s'
    """

    def times(match: re.Match[str]) -> str:
        seconds = parse_duration_s(match[2]) * factor
        if match[1] == "over":
            seconds = min(max(1, round(seconds)), LONGEST_WINDOW_S)
        return f" {match[1]} {duration_text(round(seconds, 3))}"

    return replace(
        threshold,
        expression=_SCALED_SPAN.sub(times, threshold.expression),
        delay_abort_s=threshold.delay_abort_s * factor,
    )


class _Reader:
    """An expression, and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> "re.Match[str] | None":
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    @property
    def rest(self) -> str:
        return self.text[self.at :].strip()

    def error(self, message: str, *, at: int, hint: str = "") -> ProfileError:
        return _error(self.text, message, at=at, hint=hint)


def _metric(text: str, metrics: Mapping[str, Metric[Any]]) -> tuple[Metric[Any], Selection]:
    match = _METRIC.fullmatch(text)
    if match is None:
        braces = "{" in text or "}" in text
        raise _error(
            text,
            "this is not a metric with its filter." if braces else "this is not a metric.",
            at=0,
            hint='Write for example "http_req_duration{name:checkout}".'
            if braces
            else _known(metrics),
        )
    metric = metrics.get(match[1]) or probed_metric(match[1])
    if metric is None:
        message = f'there is no metric "{match[1]}".'
        hint = near(match[1], metrics) or _known(metrics)
        raise _error(text, message, at=match.start(1), hint=hint)
    if match[2] is None:
        return metric, Selection()
    return metric, _selection(text, metric, match[2][1:-1], match.start(2) + 1)


def _selection(text: str, metric: Metric[Any], inside: str, at: int) -> Selection:
    chosen: dict[str, Any] = {}
    tags: list[tuple[str, str]] = []
    for part in inside.split(","):
        key, colon, value = (piece.strip() for piece in part.partition(":"))
        # Quotes may stand around a value, as in k6.
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] in "\"'" else value
        if not colon or not value:
            hint = 'Write name and value: "{name:checkout}".'
            raise _error(text, f'"{part.strip()}" is not a filter.', at=at, hint=hint)
        if key not in metric.filters:
            raise _error(
                text, f'{metric.name} has no filter "{key}".', at=at, hint=_filters(metric, key)
            )
        if key == "status" and not (value.isdecimal() and 100 <= int(value) <= 999):
            hint = 'Write its number: "{status:503}".'
            raise _error(text, f'"{value}" is not a status.', at=at, hint=hint)
        if key in Selection._fields:
            chosen[key] = int(value) if key == "status" else value
        else:
            tags.append((key, value))
        at += len(part) + 1
    return Selection(**chosen, tags=tuple(tags))


def _filters(metric: Metric[Any], key: str) -> str:
    if not metric.filters:
        return "It has none."
    return near(key, metric.filters) or f"It has: {', '.join(metric.filters)}."


def _aggregate(reader: _Reader, metric: Metric[Any]) -> tuple[Aggregate, float]:
    start = reader.at
    match = reader.take(_AGGREGATE)
    allowed = AGGREGATES[metric.kind]
    if match is None:
        # Where there is nothing to choose, nothing has to be written: "host.cpu: < 80%".
        if metric.kind in (Kind.GAUGE, Kind.RATE) and _RELATION.match(reader.text, start):
            return allowed[0], 0.0
        message = f'"{reader.rest}" has no aggregate.' if reader.rest else "there is no rule."
        raise reader.error(message, at=start, hint=_aggregates(metric))
    name = match[1]
    if name not in allowed or (match[2] is not None and name != "p"):
        # "p" alone is near to everything, and what has a bracket too many is spelt well.
        others = [each.value for each in allowed if each.value not in ("p", name)]
        raise reader.error(
            f'{metric.name} has no aggregate "{match[0].strip()}".',
            at=match.start(1),
            hint=("" if name in allowed else near(name, others)) or _aggregates(metric),
        )
    if name != "p":
        return Aggregate(name), 0.0
    percent = (match[3] or "").strip()
    if not _NUMBER.fullmatch(percent) or not 0 <= float(percent) <= 100:
        raise reader.error(
            f'"{match[0].strip()}" is not a percentile.',
            at=match.start(1),
            hint='Write "p(95)", with a number from 0 to 100.',
        )
    return Aggregate.PERCENTILE, float(percent)


def _aggregates(metric: Metric[Any]) -> str:
    names = ["p(95)" if each == "p" else each.value for each in AGGREGATES[metric.kind]]
    return f"{metric.name} is a {metric.kind.value}: {', '.join(names)}."


def _relation(reader: _Reader) -> str:
    start = reader.at
    match = reader.take(_RELATION)
    if match is None or match[1] not in RELATIONS:
        found = match[1] if match else reader.rest or "nothing"
        raise reader.error(
            f'"{found}" does not compare.', at=start, hint="Write one of: < <= > >= == !="
        )
    return match[1]


def _limit(reader: _Reader, unit: Unit, metric: str) -> float:
    start = reader.at
    match = reader.take(_VALUE)
    if match is None:
        raise reader.error("there is no value to compare with.", at=start, hint=_EXAMPLE)
    value = parse_amount("".join(match[1].split()), unit)
    if value is None:
        raise reader.error(
            f'"{match[1]}" cannot be compared with {metric}.',
            at=match.start(1),
            hint=f"It takes {EXAMPLES[unit]}.",
        )
    return value


def _spans(reader: _Reader) -> dict[str, float]:
    spans: dict[str, float] = {}
    while reader.rest:
        start = reader.at
        match = reader.take(_SPAN)
        if match is None or match[1] in spans:
            raise reader.error(
                f'"{reader.text[start:].strip()}" is not understood.',
                at=start,
                hint='After the value may stand "over 30s", then "for 20s".',
            )
        spans[match[1]] = _time_s(match[2], reader.text, match.start(2))
    return spans


def _time_s(text: str, whole: str, at: int) -> float:
    try:
        seconds = parse_duration_s(text)
    except UsageError as error:
        raise _error(whole, error.message, at=at, hint=error.hint) from error
    return seconds


def _refuse_nonsense(rule: Rule, reader: _Reader) -> None:
    """Refuse what reads well and cannot be meant."""
    over_at = max(0, reader.text.find("over"))
    if rule.over_s is not None and not 1 <= rule.over_s <= LONGEST_WINDOW_S:
        raise reader.error(
            "a window is between 1s and " + duration_text(LONGEST_WINDOW_S) + ".",
            at=over_at,
            hint="Without one, everything since the start is judged.",
        )
    if rule.aggregate is Aggregate.VALUE and rule.over_s is not None:
        raise reader.error(
            "a value is of one moment and has no window.",
            at=over_at,
            hint='Write "avg", "min" or "max" with it, or "for" in place of "over".',
        )
    needs_window = rule.aggregate is not Aggregate.VALUE and rule.over_s is None
    if rule.for_s > 0 and needs_window:
        raise reader.error(
            '"for" needs a window: what is counted since the start hardly changes.',
            at=max(0, reader.text.find("for")),
            hint='Write for example "over 10s for 30s".',
        )


def _error(text: str, message: str, *, at: int, hint: str = "") -> ProfileError:
    blanks = len(text[at:]) - len(text[at:].lstrip())
    return ProfileError(f'"{text}", character {at + blanks + 1}: {message}', hint=hint)


def near(wrong: str, known: Iterable[str]) -> str:
    """Return "Did you mean …?" with the nearest of *known*; nothing where none is near."""
    by_small_letters = {each.lower(): each for each in known}
    nearest = get_close_matches(wrong.lower(), list(by_small_letters), n=1)
    return f'Did you mean "{by_small_letters[nearest[0]]}"?' if nearest else ""


def _known(metrics: Iterable[str]) -> str:
    return f"Known: {', '.join(metrics)}."
