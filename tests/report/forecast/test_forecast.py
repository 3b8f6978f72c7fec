"""
Forecasts of stored searches and runs: every number, in every format, where it comes from.

Over 400 lines: each format says the same numbers, and each is held against its source.
"""

import doctest
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from tests.report.described import described, structures

from vumeter.errors import UsageError
from vumeter.link.folders import RUNS_VARIABLE, RunFolder
from vumeter.model.flow import Request
from vumeter.model.measure import Reading
from vumeter.model.pilot import Finding, LoadPoint, Outcome, StepVerdict
from vumeter.model.plan import Load, Plan, Scenario, Stage, Threshold
from vumeter.model.prices import InstancePrice, Prices
from vumeter.model.summary import Summary
from vumeter.model.throttle import Lever
from vumeter.report.forecast import words, worth
from vumeter.report.forecast.building import Intent, forecast
from vumeter.report.forecast.given import demand
from vumeter.report.forecast.given import given as given_capacity
from vumeter.report.forecast.schema import Capacity, Forecast, Hint, LoadUnit
from vumeter.report.forecast.shapes import levels_of_plan, levels_of_run
from vumeter.report.forecast.sources import measured
from vumeter.report.json_report import report
from vumeter.report.markdown import markdown as report_markdown
from vumeter.report.table_text import markdown, text
from vumeter.report.tables import Table, at
from vumeter.stats.histogram import histogram_of
from vumeter.store.reader import open_run
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.stored import plain_plan, store_run, summary_of

PAGE = Path(__file__).parents[3] / "docs" / "forecast.md"
PRICES = Prices(
    currency="USD",
    types=(
        InstancePrice(name="small", on_demand_per_h=0.096, reserved_per_h=0.06, spot_per_h=0.035),
        InstancePrice(name="large", on_demand_per_h=0.192, capacity_ratio=1.95),
    ),
)
DAY = [(20.0, 14 * 3600.0), (60.0, 6 * 3600.0), (100.0, 4 * 3600.0)]


@pytest.fixture
def capacity() -> Capacity:
    return Capacity(
        source="a search",
        unit=LoadUnit.PER_S,
        load=180.0,
        low=170.0,
        high=195.0,
        is_lower_bound=False,
    )


@pytest.fixture
def answer(capacity: Capacity) -> Forecast:
    intent = Intent(
        load=4000.0,
        users=20_000,
        rate_per_user_per_s=0.2,
        spare=1,
        growth_per_month_ratio=0.05,
        months=12,
        prices=PRICES,
        levels=DAY,
    )
    return forecast(capacity, intent, curve=[(90.0, 20.0), (180.0, 80.0)])


@pytest.mark.parametrize("module", [words])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted and not outcome.failed


def test_a_forecast_is_what_a_hand_works_out(answer: Forecast) -> None:
    # 4000 / (180 · 0.7) = 31.7; of 195: 29.3; of 170: 33.6; and a spare one.
    assert (answer.now.instances, answer.now.instances_least) == (33, 31)
    assert answer.now.instances_most == 35
    room = answer.room
    assert room is not None and room.instances == 33
    assert room.utilisation_ratio == pytest.approx(4000 / (33 * 180))
    assert room.utilisation_one_lost_ratio == pytest.approx(4000 / (32 * 180))
    # 121.2/s each: 1/p95 is a third of the way from 1/20 to 1/80.
    share = (4000 / 33 - 90) / 90
    assert room.p95_ms == pytest.approx(1 / (1 / 20 + share * (1 / 80 - 1 / 20)))
    # 33 · 180 · 0.7 = 4158, which 4000 · 1.05^m reaches after 0.79 months.
    assert room.months_left == pytest.approx(0.794, abs=0.001)
    assert answer.months[11].load == pytest.approx(4000 * 1.05**12)
    small, large = answer.costs
    assert small.on_demand_per_month == pytest.approx(33 * 0.096 * 730)
    assert small.months[12] == pytest.approx((answer.months[11].instances or 0) * 0.096 * 730)
    assert small.break_even_ratio == pytest.approx(0.625)
    assert small.per_million == pytest.approx(33 * 0.096 / 3600 / 4000 * 1e6)
    # 4000 / (351 · 0.7) = 16.3
    assert large.instances == 18 and large.reserved_per_month is None and large.mix is None
    # 7.3, 20 and 32.7 instances for 14, 6 and 4 h; those of 10 h in 24 and less are not reserved.
    assert small.mix is not None and small.mix.reserved == 8
    assert answer.advice is not None and answer.advice.hint is Hint.MIXED


def shown(text: str) -> float:
    """Read a figure as a person does."""
    match = re.fullmatch(r"[+−]?([\d,.]+(?:e[+-]\d+)?) ?(.*)", text)
    assert match, text
    factor = {"%": 0.01, "% a month": 0.01, "s": 1000.0}.get(match[2], 1.0)
    return float(match[1].replace(",", "")) * factor


def assert_shown(tables: tuple[Table, ...], written: Any) -> int:
    """Hold every number of *tables* to the one in JSON that it says it is."""
    seen = 0
    for table in tables:
        for row in table.rows:
            for cell in row:
                if not cell.path:
                    continue
                seen += 1
                real = at(written, cell.path)
                assert float(cell.value) == real, cell.path
                if not re.search(r"\d[hm]", cell.text):
                    # Three digits, or a tenth of a month.
                    near = pytest.approx(abs(real), rel=0.006, abs=0.05)
                    assert shown(cell.text) == near, cell.path
    return seen


def test_every_number_that_is_shown_is_the_one_in_json(answer: Forecast) -> None:
    written = json.loads(msgspec.json.encode(answer))
    tables = words.tables(answer)
    assert assert_shown(tables, written) > 120
    plain = text(words.title(answer), tables, answer.remarks, colour=False)
    paged = markdown(words.title(answer), tables, answer.remarks)
    for table in tables:
        for row in table.rows:
            assert row[-1].text.split()[0] in plain
            assert f"| {row[-1].text} |" in paged.replace("\\", "")


def test_the_page_describes_every_field_with_its_type_and_no_other() -> None:
    expected: dict[str, dict[str, str]] = {}
    for kind in (Forecast, worth.Roi, worth.Risk):
        expected |= structures(msgspec.json.schema(kind))
    assert described(PAGE.read_text()) == expected


@pytest.mark.parametrize("kind", ["forecast", "bare", "roi", "downtime", "errors"])
def test_json_obeys_its_schema_by_a_validator_of_others(
    kind: str, answer: Forecast, capacity: Capacity
) -> None:
    trade = worth.Trade(currency="EUR", rate_per_s=10, conversion_ratio=0.02, order_value=40)
    answers = {
        "forecast": answer,
        "bare": forecast(replace(capacity, low=None, high=None), Intent(load=1.0)),
        "roi": worth.roi(
            cost=1, running_per_month=None, gain_per_month=0, months=1, currency="EUR"
        ),
        "downtime": worth.risk_of_downtime(trade, 0.5, source="", is_monthly=False),
        "errors": worth.risk_of_errors(trade, 0.01, source="", seen=(10, 1000)),
    }
    it = answers[kind]
    schema = json.loads(json.dumps(msgspec.json.schema(type(it))))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(json.loads(msgspec.json.encode(it)))
    assert not validator.is_valid({"schema_version": "one"})


@given(st.floats(1, 1e4), st.floats(1, 1e3), st.floats(0.1, 1), st.integers(0, 3))
def test_more_load_never_costs_less(load: float, of_one: float, used: float, spare: int) -> None:
    own = Capacity(
        source="", unit=LoadUnit.PER_S, load=of_one, low=None, high=None, is_lower_bound=False
    )

    def cost(load: float) -> float:
        intent = Intent(load=load, utilisation_ratio=used, spare=spare, prices=PRICES)
        return forecast(own, intent).costs[0].on_demand_per_month or 0.0

    assert cost(load * 1.5) >= cost(load) > 0


def remarks(capacity: Capacity, **intent: Any) -> str:
    return "\n".join(forecast(capacity, Intent(**intent)).remarks)


def test_what_must_be_known_is_said(capacity: Capacity) -> None:
    assert "lower bound" in remarks(replace(capacity, is_lower_bound=True), load=100.0)
    assert "N times as much is assumed" in remarks(capacity, load=4000.0)
    assert "plan a spare one" in remarks(capacity, load=200.0, utilisation_ratio=0.9)
    assert "3 instances are too few already" in remarks(capacity, load=4000.0, present=3)
    assert "counts as that of a whole month" in remarks(capacity, load=1.0, levels=[(1, 3600.0)])
    assert "more than 1,000,000 instances" in remarks(capacity, load=1e12)
    hindering = replace(capacity, sigma=0.1, kappa=0.01)
    assert "9 bear most, 642.9, and more hinder" in remarks(hindering, load=4000.0)
    assert "never bear more than 1800" in remarks(replace(capacity, sigma=0.1), load=4000.0)


def test_what_instances_cost_each_other_is_in_their_number_and_said(capacity: Capacity) -> None:
    it = forecast(replace(capacity, sigma=0.05), Intent(load=700.0, utilisation_ratio=1.0))
    # 180·N/(1 + 0.05·(N−1)) ≥ 700 from N = 5 on, where 5 do 4.17 times as much as one.
    assert it.now.instances == 5
    assert it.room is not None and it.room.efficiency_ratio == pytest.approx(1 / 1.2)
    assert "| efficiency | 83.3% |" in markdown("", words.tables(it), ())


def test_that_work_may_be_interrupted_has_to_be_said(capacity: Capacity) -> None:
    def hint(levels: list[tuple[float, float]], *, is_interruptible: bool = False) -> Hint:
        intent = Intent(load=1.0, levels=levels, is_interruptible=is_interruptible)
        advice = forecast(capacity, intent).advice
        assert advice is not None
        return advice.hint

    assert hint([(1.0, 60.0)]) is Hint.RESERVED
    assert hint(DAY) is Hint.MIXED
    assert hint([(0.0, 23.0), (1.0, 1.0)]) is Hint.ON_DEMAND
    assert hint(DAY, is_interruptible=True) is Hint.SPOT


# --- where capacities and shapes come from -------------------------------------------------


def reading(second: int, *, rate: int, took_ms: int) -> Reading:
    """A second with *rate* iterations, of one request each, that all took so long."""
    it = MadeUpRun(endpoints=1, requests=rate).reading(second)
    (name,) = it.tallies
    times = histogram_of([took_ms * 1000] * rate)
    tally = replace(it.tallies[name], answered=rate, errors={}, statuses={200: rate}, service=times)
    counts = replace(it.scenarios["main"], iterations_done=rate, iteration_duration=times)
    generator = replace(it.generator, limited=False)
    return replace(it, tallies={name: tally}, scenarios={"main": counts}, generator=generator)


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunFolder]:
    """Stores a run of so many iterations per second and ms in each half minute, and returns it."""
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path))

    def store(
        *steps: tuple[int, int], plan: Plan | None = None, summary: Summary | None = None
    ) -> RunFolder:
        folder = RunFolder(tmp_path / "shop-20261122-120000")
        folder.path.mkdir()
        folder.lock.touch()
        seconds = (
            reading(30 * part + second, rate=rate, took_ms=took_ms)
            for part, (rate, took_ms) in enumerate(steps)
            for second in range(30)
        )
        store_run(folder.store, seconds, plan=plan, summary=summary).close()
        return folder

    return store


def with_thresholds(*thresholds: tuple[str, str]) -> Plan:
    return replace(
        plain_plan(),
        thresholds=tuple(Threshold(metric=name, expression=rule) for name, rule in thresholds),
    )


P95 = ("http_req_duration", "p(95) < 100ms")


@pytest.mark.slow
def test_a_run_bears_what_it_did_while_its_thresholds_held(
    stored: Callable[..., RunFolder],
) -> None:
    folder = stored((10, 20), (40, 60), (80, 150), (60, 70), plan=with_thresholds(P95))
    found = measured(folder)
    assert found.capacity.load == 60
    assert found.capacity.is_lower_bound and found.capacity.high is None
    assert measured(folder, slos=[Threshold(metric=P95[0], expression="max < 65ms")]).capacity
    # Nothing above 20 ms: only the first half minute is left.
    strict = measured(folder, slos=[Threshold(metric=P95[0], expression="p(95) < 30ms")])
    assert strict.capacity.load == 10
    with pytest.raises(UsageError, match="never held for 30 s"):
        measured(folder, slos=[Threshold(metric=P95[0], expression="p(95) < 10ms")])


@pytest.mark.slow
def test_a_run_that_nothing_was_asked_of_has_no_capacity(
    stored: Callable[..., RunFolder],
) -> None:
    with pytest.raises(UsageError, match="nobody says what it has to bear"):
        measured(stored((10, 20)))


@pytest.mark.slow
def test_a_stored_run_has_the_shape_of_what_was_done(stored: Callable[..., RunFolder]) -> None:
    with open_run(stored((10, 20), (40, 20), (10, 20)).store) as run:
        levels = levels_of_run(run)
    assert sum(length for _, length in levels) == 90
    assert sum(rate * length for rate, length in levels) == 10 * 30 + 40 * 30 + 10 * 30


def planned(*loads: Load) -> Plan:
    step = Request(name="GET /", url="http://127.0.0.1:1/")
    return Plan(
        name="p",
        scenarios=tuple(
            Scenario(name=f"s{number}", steps=(step,), load=load)
            for number, load in enumerate(loads)
        ),
    )


def test_a_profile_has_the_shape_of_its_plan() -> None:
    ramp = Load(vus=10, rate_per_s=0.0, stages=(Stage(duration_s=100, target=100),))
    later = Load(vus=10, rate_per_s=50.0, start_s=100, duration_s=100)
    levels = levels_of_plan(planned(ramp, later))
    assert sum(length for _, length in levels) == pytest.approx(200)
    # 100 s from 0 to 100, and as many at 50.
    assert sum(load * length for load, length in levels) == pytest.approx(10_000, rel=1e-3)
    with pytest.raises(UsageError, match="no end"):
        levels_of_plan(planned(Load(vus=10)))
    with pytest.raises(UsageError, match="do not add"):
        levels_of_plan(planned(ramp, Load(vus=10, duration_s=10)))


def search(lever: Lever, outcome: Outcome = Outcome.FOUND) -> Finding:
    def point(load: float, p95_ms: float | None, verdict: StepVerdict) -> LoadPoint:
        return LoadPoint(
            load=load,
            verdict=verdict,
            why="",
            is_steady=True,
            is_marginal=False,
            second=0,
            seconds=10,
            generator_limited_seconds=0,
            requests_per_s=load,
            in_flight=1.0,
            mean_ms=10.0,
            p50_ms=10.0,
            p95_ms=p95_ms,
            p99_ms=None,
            error_ratio=0.0,
        )

    return Finding(
        outcome=outcome,
        text="412 sustained",
        scenario="main",
        lever=lever,
        slos=(),
        author="ann",
        started_s=0.0,
        took_s=100.0,
        sustainable=412.0,
        limit=431.0,
        low=402.0,
        high=455.0 if outcome is Outcome.FOUND else None,
        is_confirmed=True,
        recovered_s=1.0,
        knee=None,
        saturated="",
        curve=(
            point(100, 30.0, StepVerdict.HELD),
            point(400, 200.0, StepVerdict.HELD),
            point(900, 10.0, StepVerdict.GENERATOR),
        ),
        usl=None,
        remarks=("the generator was the limit in 3 s",),
    )


@pytest.fixture
def searched(stored: Callable[..., RunFolder]) -> Callable[[Finding], RunFolder]:
    """Stores a run with a search's finding in its summary."""

    def store(found: Finding) -> RunFolder:
        return stored((10, 20), summary=replace(summary_of(), findings=(found,)))

    return store


@pytest.mark.slow
def test_a_search_gives_its_load_its_interval_and_its_curve(
    searched: Callable[[Finding], RunFolder],
) -> None:
    found = measured(searched(search(Lever.RATE)))
    own = found.capacity
    assert (own.load, own.low, own.high, own.unit) == (412, 402, 455, LoadUnit.PER_S)
    assert not own.is_lower_bound
    # What the generator had a part in says nothing of the target.
    assert found.curve == ((100, 30.0), (400, 200.0))
    answer = forecast(own, Intent(load=1.0), curve=found.curve, doubts=found.doubts)
    assert "the generator was the limit in 3 s" in answer.remarks


@pytest.mark.slow
def test_a_search_that_the_generator_ended_gives_a_lower_bound(
    searched: Callable[[Finding], RunFolder],
) -> None:
    found = measured(searched(search(Lever.VUS, Outcome.GENERATOR)))
    assert found.capacity.is_lower_bound and found.capacity.unit is LoadUnit.USERS


def test_capacities_can_be_said() -> None:
    assert given_capacity(["180/s"]).load == 180
    between = given_capacity(["170/s..190/s"])
    assert (between.low, between.load, between.high) == (170, 180, 190)
    users = given_capacity(["1.5k users"])
    assert (users.load, users.unit) == (1500, LoadUnit.USERS)
    law = given_capacity([f"{n}={100 * n / (1 + 0.05 * (n - 1))!r}/s" for n in (1, 2, 4, 8)])
    assert law.load == pytest.approx(100) and law.sigma == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["much"], "is not a rate"),
        (["0/s"], "bears nothing"),
        (["1/s", "2/s"], "several of one instance"),
        (["1=1/s", "2/s"], "not each says"),
        (["1=1/s", "2=2/s"], "says nothing"),
        (["1=1/s", "2=2 users"], "some are in users"),
        (["1/s..2/s..3/s"], "is no load"),
        (["1/s..2 users"], "is no load"),
    ],
)
def test_capacities_that_cannot_be_meant_are_refused(texts: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        given_capacity(texts)


def test_a_load_is_said_in_the_capacitys_unit() -> None:
    def said(unit: LoadUnit, **flags: str) -> float:
        known = {"users": None, "rate_per_user": None, "rate": None} | flags
        return demand(unit, **known).load

    assert said(LoadUnit.PER_S, rate="4k/s") == 4000
    assert said(LoadUnit.PER_S, users="20k", rate_per_user="12/m") == pytest.approx(4000)
    assert said(LoadUnit.USERS, users="500") == 500
    with pytest.raises(UsageError, match="What load"):
        said(LoadUnit.PER_S, users="500")
    with pytest.raises(UsageError, match="give --users alone"):
        said(LoadUnit.USERS, rate="5/s")
    with pytest.raises(UsageError, match="instead of"):
        said(LoadUnit.PER_S, rate="5/s", users="5")
    with pytest.raises(UsageError, match="above 0"):
        said(LoadUnit.PER_S, rate="0/s")


def test_returns_and_risks_show_the_numbers_of_their_json() -> None:
    trade = worth.Trade(currency="EUR", rate_per_s=10, conversion_ratio=0.02, order_value=40)
    back = worth.roi(
        cost=12_000, running_per_month=100, gain_per_month=1500, months=24, currency="EUR"
    )
    assert back.roi_ratio == pytest.approx((36_000 - 14_400) / 14_400)
    assert back.payback_months == pytest.approx(12_000 / 1_400)
    assert assert_shown(worth.roi_tables(back), json.loads(msgspec.json.encode(back))) == 8
    risk = worth.risk_of_errors(trade, 0.01, source="", seen=(10, 1000))
    assert risk.revenue_at_risk == pytest.approx(0.01 * 10 * 3600 * 730 * 0.02 * 40)
    assert assert_shown(worth.risk_tables(risk), json.loads(msgspec.json.encode(risk))) == 10
    outage = worth.risk_of_downtime(trade, 0.5, source="", is_monthly=False)
    assert outage.revenue_at_risk == pytest.approx(18_000 * 0.02 * 40)


def test_prices_of_a_profile_are_in_its_reports(full_summary: Summary) -> None:
    plan = replace(full_summary.plan, prices=PRICES)
    summary = replace(full_summary, plan=plan, findings=(search(Lever.RATE),))
    small, large = report(summary).prices
    # 0.096 USD for 412 · 3600 iterations.
    assert small.per_million == pytest.approx(0.096 / (412 * 3600) * 1e6)
    assert large.per_million == pytest.approx(0.192 / (412 * 1.95 * 3600) * 1e6)
    assert "| small | 100% | 0.096 USD | 0.06 USD | 0.035 USD | 0.0647 USD | 62.5% |" in (
        report_markdown(report(summary))
    )
