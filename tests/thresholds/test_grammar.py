"""What can be written, and what is said of what cannot."""

from collections.abc import Callable
from typing import Any

import pytest

from vumeter.errors import ExitCode, ProfileError
from vumeter.model.plan import Threshold
from vumeter.model.verdict import Unit
from vumeter.thresholds.grammar import parse, written
from vumeter.thresholds.metrics import METRICS, Metric, Selection
from vumeter.thresholds.rule import RELATIONS, Rule
from vumeter.thresholds.sums import AGGREGATES, Aggregate

Rules = Callable[..., Rule]


@pytest.mark.parametrize("sign", sorted(RELATIONS))
@pytest.mark.parametrize("form", ["rate{}0.5", "rate {} 0.5", " rate  {}0.5 "])
def test_every_relation_of_k6_is_understood_with_blanks_and_without(sign: str, form: str) -> None:
    rule = parse(Threshold(metric="checks", expression=form.format(sign)))
    assert (rule.relation, rule.limit) == (sign, 0.5)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_aggregate_of_every_metric_is_understood_and_has_a_unit(metric: Metric[Any]) -> None:
    for aggregate in AGGREGATES[metric.kind]:
        name = "p(99.9)" if aggregate is Aggregate.PERCENTILE else aggregate.value
        rule = parse(Threshold(metric=metric.name, expression=f"{name} < 1"))
        assert rule.aggregate is aggregate
        assert rule.unit in Unit


@pytest.mark.parametrize(
    ("text", "limit", "unit"),
    [
        ("http_req_duration: p(95) < 300", 300.0, Unit.MS),
        ("http_req_duration: p(95) < 300ms", 300.0, Unit.MS),
        ("http_req_duration: p(95) < 1.5 s", 1500.0, Unit.MS),
        ("http_req_duration: max < 1m30s", 90_000.0, Unit.MS),
        ("http_req_service: avg < 250us", 0.25, Unit.MS),
        ("http_req_failed: rate < 0.01", 0.01, Unit.RATIO),
        ("http_req_failed: rate < 1%", 0.01, Unit.RATIO),
        ("http_reqs: rate > 50/s", 50.0, Unit.PER_S),
        ("http_reqs: rate > 90/m", 1.5, Unit.PER_S),
        ("http_reqs: count >= 10k", 10_000.0, Unit.COUNT),
        ("data_received: count < 10MiB", 10_485_760.0, Unit.BYTES),
        ("data_received: rate < 2MB/s", 2_000_000.0, Unit.BYTES_PER_S),
        ("host.cpu: < 80%", 80.0, Unit.PERCENT),
        ("host.cpu < 80", 80.0, Unit.PERCENT),
        ("postgres.blocked == 0", 0.0, Unit.COUNT),
        ("postgres.tps: min > 100/s", 100.0, Unit.PER_S),
    ],
)
def test_a_value_has_the_unit_of_its_metric(
    rule: Rules, text: str, limit: float, unit: Unit
) -> None:
    understood = rule(text)
    assert (understood.limit, understood.unit) == (pytest.approx(limit), unit)


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("http_req_duration{name:POST /cart}: med<1", Selection(name="POST /cart")),
        ("http_req_duration{ name : 'POST /cart' }: med<1", Selection(name="POST /cart")),
        ("http_reqs{name:/,status:503}: count<1", Selection(name="/", status=503)),
        ('checks{check:"status: 200"}: rate>0', Selection(check="status: 200")),
        ("iterations{scenario:browse}: count>1", Selection(scenario="browse")),
        ("vus{scenario:browse}: value>1", Selection(scenario="browse")),
    ],
)
def test_a_filter_chooses_a_part(rule: Rules, text: str, selection: Selection) -> None:
    assert rule(text).selection == selection


@pytest.mark.parametrize(
    ("spans", "over_s", "for_s"),
    [
        ("", None, 0.0),
        (" over 30s", 30, 0.0),
        (" over 30s for 20s", 30, 20.0),
        (" for 1m  over 5m ", 300, 60.0),
    ],
)
def test_a_window_and_how_long_may_follow(
    rule: Rules, spans: str, over_s: int | None, for_s: float
) -> None:
    understood = rule(f"http_req_duration: p(95) < 300ms{spans}")
    assert (understood.over_s, understood.for_s) == (over_s, for_s)
    assert understood.is_lasting is (over_s is not None)


def test_what_ends_the_run_is_written_behind_the_rule() -> None:
    assert written("http_reqs: rate > 5/s over 10s delay_abort_eval 1m abort_on_fail") == (
        Threshold(
            metric="http_reqs",
            expression="rate > 5/s over 10s",
            abort_on_fail=True,
            delay_abort_s=60.0,
        )
    )


@pytest.mark.parametrize(
    ("text", "character", "quoted", "hint"),
    [
        ("http_req_duraton: p(95)<3", 1, "http_req_duraton", '"http_req_duration"'),
        ("latency: p(95)<3", 1, "latency", "Known: http_reqs, http_req_duration,"),
        ("http_req_duration: p(195)<3", 1, "p(195)", "p(95)"),
        ("http_req_duration: p95 < 3", 1, "p95", "p(95)"),
        ("http_req_duration:  count<3", 1, "count", "avg, min, med, max, p(95)"),
        ("http_req_duration: mx < 3", 1, "mx", 'Did you mean "max"?'),
        ("http_req_duration: med(5) < 3", 1, "med(5)", "avg, min, med, max, p(95)"),
        ("http_req_duration: < 3", 1, "< 3", "avg, min, med, max, p(95)"),
        ("http_req_duration", 1, "no rule", "avg, min, med, max, p(95)"),
        ("http_req_duration: p(95) =< 3", 7, "=<", "<="),
        ("http_req_duration: p(95)", 6, "nothing", "<="),
        ("http_req_duration: p(95) <", 8, "no value", "p(95) < 300ms"),
        ("http_req_duration: p(95) < -3", 9, "-3", "a time"),
        ("http_req_duration: p(95) < 3%", 9, "3%", "a time"),
        ("http_req_duration: p(95) < 300mz over 30s", 9, "300mz", "a time"),
        ("http_req_duration: p(95) < 300 ovr 30s", 13, "ovr 30s", "over 30s"),
        ("http_req_duration: p(95) < 300 over 30q", 18, "30q", "10s"),
        ("http_req_duration: p(95) < 3 over 30s over 3s", 20, "over 3s", "for 20s"),
        ("http_req_duration: p(95) < 3 over 1h", 11, "between 1s and 10m", "since the start"),
        ("http_req_duration: p(95) < 3 over 0s", 11, "between 1s and 10m", "since the start"),
        ("http_req_duration{zone:x}: med<3", 19, "zone", "It has: name, scenario."),
        ("http_req_duration{nam:x}: med<3", 19, "nam", 'Did you mean "name"?'),
        ("http_req_duration{name:}: med<3", 19, "name:", "{name:checkout}"),
        ("http_req_duration{name: p(95) < 3", 1, "is not a metric with", "{name:checkout}"),
        ("http_reqs{name:/,status:2xx}: count<1", 18, "2xx", "{status:503}"),
        ("host.cpu{name:/}: value<1", 10, "name", "none"),
        ("http_req_failed: rate < 5", 8, "5", "1%"),
        ("http_req_failed: rate < 101%", 8, "101%", "1%"),
        ("http_reqs: rate < 5ms", 8, "5ms", "50/s"),
        ("host.cpu: value < 80% over 5s", 13, "one moment", '"for"'),
        ("http_reqs: count > 10 for 5s", 12, "needs a window", "over 10s for 30s"),
    ],
)
def test_what_is_wrong_is_quoted_with_its_place_and_what_could_stand_there(
    text: str, character: int, quoted: str, hint: str
) -> None:
    with pytest.raises(ProfileError) as error:
        parse(written(text))
    assert f"character {character}:" in error.value.message
    assert quoted in error.value.message
    assert hint in error.value.hint
    assert error.value.exit_code == ExitCode.PROFILE == 104


@pytest.mark.parametrize("text", ["", ":", "< 5", "{name:x}: rate<1"])
def test_a_flag_without_a_metric_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ProfileError, match="does not begin with a metric") as error:
        written(text)
    assert "http_req_duration: p(95) < 300ms" in error.value.hint
