"""A plan that is written out loads to an equal one."""

import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.cli.planning import Wishes
from vumeter.cli.planning import plan as planned
from vumeter.cli.profiled import variables_in
from vumeter.demo.plan import shop_plan
from vumeter.model.alert import Alert, AlertLevel
from vumeter.model.flow import (
    Check,
    Choice,
    Distribution,
    Extract,
    Group,
    Pick,
    Relation,
    Repeat,
    Request,
    Source,
    Step,
    Think,
    When,
)
from vumeter.model.plan import (
    Arrivals,
    Feeder,
    FeederOrder,
    HostOverride,
    HttpVersion,
    IpFamily,
    Limits,
    Load,
    Plan,
    Procedure,
    Scenario,
    Shape,
    Stage,
    Threshold,
    TlsVersion,
    Transport,
    ViewerLost,
)
from vumeter.profiles.loading import load
from vumeter.profiles.proxies import proxy_of
from vumeter.profiles.writing import exact_duration, exact_rate, written
from vumeter.units import parse_duration_s, parse_rate_per_s

WORDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
# What a person may write: anything but the two braces that open an expression.
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda text: "{{" not in text
)
DURATIONS_S = st.floats(0, 1e6, allow_nan=False).map(abs)
SOME_TIME_S = st.floats(1e-6, 1e6)
RATES_PER_S = st.floats(0, 1e5).map(abs)
COUNTS = st.integers(1, 1000)

CHECKS = st.one_of(
    st.builds(
        Check,
        name=TEXTS,
        source=st.just(Source.STATUS),
        relation=st.just(Relation.ONE_OF),
        value=st.lists(st.sampled_from(["200", "204", "300-399"]), min_size=1, max_size=3).map(
            tuple
        ),
        fails_request=st.booleans(),
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.just(Source.DURATION_S),
        relation=st.just(Relation.AT_MOST),
        value=SOME_TIME_S,
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.just(Source.SIZE_BYTES),
        relation=st.sampled_from([Relation.AT_MOST, Relation.AT_LEAST]),
        value=st.integers(0, 2**40).map(float),
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.sampled_from([Source.JSON, Source.HEADER, Source.COOKIE, Source.BODY]),
        selector=st.just(""),
        relation=st.sampled_from([Relation.EQUALS, Relation.CONTAINS]),
        value=TEXTS,
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.sampled_from([Source.JSON, Source.HEADER, Source.COOKIE]),
        selector=WORDS,
        relation=st.just(Relation.EXISTS),
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.just(Source.JSON),
        selector=WORDS,
        relation=st.sampled_from([Relation.AT_MOST, Relation.AT_LEAST]),
        value=st.floats(-1e9, 1e9),
    ),
    st.builds(
        Check,
        name=TEXTS,
        source=st.just(Source.JSON),
        selector=WORDS,
        relation=st.just(Relation.ONE_OF),
        value=st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    ),
)
EXTRACTS = st.one_of(
    st.builds(
        Extract,
        variable=st.sampled_from(["token", "item"]),
        source=st.sampled_from([Source.JSON, Source.HEADER, Source.COOKIE]),
        selector=WORDS,
    ),
    st.builds(
        Extract,
        variable=st.just("page"),
        source=st.just(Source.BODY),
        selector=st.just(r"(\d+)-(\d+)"),
        group=st.integers(0, 2),
    ),
)
PATHS = st.sampled_from(["/", "/a/b?x=1&y=%20", "/items/4711", "/{{vu}}", "/{{users.mail}}", ""])
REQUESTS = st.builds(
    Request,
    name=TEXTS,
    url=st.tuples(st.sampled_from(["http://127.0.0.1:8000", "https://shop"]), PATHS).map("".join),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["Accept", "X-One", "X-Two"]),
            st.text(string.ascii_letters + "$ {", max_size=9).map(str.strip),
        ),
        max_size=3,
    )
    .map(tuple)
    .filter(lambda headers: not any("{{" in value for _, value in headers)),
    body=st.one_of(st.just(b""), TEXTS.map(str.encode), st.just(b"\x00\xff")),
    timeout_s=SOME_TIME_S,
    extract=st.lists(EXTRACTS, max_size=2, unique_by=lambda each: each.variable).map(tuple),
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    redirects=st.integers(0, 20),
    tags=st.dictionaries(
        st.sampled_from(["team", "kind_of"]), st.text("abc é:1", min_size=1, max_size=4)
    ).map(lambda tags: tuple(tags.items())),
)
THINKS = st.one_of(
    st.builds(Think, first_s=DURATIONS_S),
    st.builds(Think, distribution=st.just(Distribution.EXPONENTIAL), first_s=SOME_TIME_S),
    st.builds(
        Think,
        distribution=st.just(Distribution.NORMAL),
        first_s=DURATIONS_S,
        second_s=DURATIONS_S,
    ),
    st.builds(
        Think,
        distribution=st.just(Distribution.UNIFORM),
        first_s=st.just(0.5),
        second_s=st.just(2.0),
    ),
)


def _composed(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    weights = st.one_of(st.just(1.0), st.floats(1e-3, 1e3))
    choices = st.lists(
        st.builds(Choice, steps=several, weight=weights), min_size=1, max_size=3
    ).map(tuple)
    return st.one_of(
        st.builds(Pick, choices=choices),
        st.builds(Group, name=TEXTS, steps=several),
        st.builds(Repeat, times=COUNTS, steps=several),
        st.builds(
            When,
            variable=st.just("users.mail"),
            equals=st.one_of(st.none(), TEXTS),
            steps=several,
        ),
    )


STEPS = st.recursive(st.one_of(REQUESTS, THINKS), _composed, max_leaves=4)
# A scenario that sends nothing is none.
FLOWS = st.tuples(REQUESTS, st.lists(STEPS, max_size=2)).map(lambda flow: (flow[0], *flow[1]))
MAYBE_S = st.one_of(st.none(), SOME_TIME_S)
SHAPES = st.sampled_from(Shape)


def _stages(targets: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[Stage, ...]]:
    stage = st.builds(Stage, duration_s=DURATIONS_S, target=targets, shape=SHAPES)
    return st.lists(stage, min_size=1, max_size=3).map(tuple)


VU_STAGES = _stages(st.integers(0, 1000).map(float))
RATE_STAGES = _stages(RATES_PER_S)
COMMON = {"start_s": DURATIONS_S, "graceful_ramp_down_s": DURATIONS_S}
CLOSED = COMMON | {"vus": COUNTS, "pacing_s": DURATIONS_S}
OPEN = COMMON | {
    "vus": COUNTS,
    "arrivals": st.sampled_from(Arrivals),
    "iterations": st.one_of(st.none(), COUNTS),
    "duration_s": MAYBE_S,
}
LOADS = st.one_of(
    st.builds(Load, duration_s=MAYBE_S, **CLOSED),
    st.builds(Load, duration_s=MAYBE_S, stages=VU_STAGES, **CLOSED),
    st.builds(Load, duration_s=MAYBE_S, iterations=COUNTS, per_vu=st.booleans(), **CLOSED),
    st.builds(Load, rate_per_s=st.floats(1e-3, 1e5), **OPEN),
    st.builds(Load, rate_per_s=RATES_PER_S, stages=RATE_STAGES, **OPEN),
)
USERS = Feeder(
    name="users",
    columns=("mail",),
    rows=(("ada@x",), ("${bob}",)),
    order=FeederOrder.UNIQUE,
)
PROCEDURES = st.none() | st.builds(
    Procedure, script=st.none(), steps=FLOWS, timeout_s=SOME_TIME_S, places=st.just(())
)
PLANS = st.builds(
    Plan,
    name=st.from_regex(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,39}", fullmatch=True),
    scenarios=st.lists(
        st.builds(
            Scenario,
            name=st.from_regex(r"[0-9A-Za-z_-]{1,10}", fullmatch=True),
            steps=FLOWS,
            load=LOADS,
            on_start=st.lists(REQUESTS, max_size=1).map(tuple),
            on_stop=st.lists(REQUESTS, max_size=1).map(tuple),
        ),
        min_size=1,
        max_size=2,
        unique_by=lambda scenario: scenario.name,
    ).map(tuple),
    limits=st.builds(
        Limits,
        max_vus=st.integers(1000, 5000),
        max_rate_per_s=st.floats(1e5, 1e6),
        floor_vus=st.integers(0, 1000),
        floor_rate_per_s=st.floats(0, 1e5).map(abs),
        allow_hosts=st.lists(WORDS, max_size=2).map(tuple),
        end_backends=st.booleans(),
    ),
    thresholds=st.lists(
        st.builds(
            Threshold,
            metric=st.just("http_req_failed"),
            expression=st.just("rate < 1%"),
            abort_on_fail=st.booleans(),
            delay_abort_s=DURATIONS_S,
        ),
        max_size=2,
    ).map(tuple),
    alerts=st.lists(
        st.builds(
            Alert,
            name=TEXTS.filter(bool).map(lambda text: text[:40]),
            metric=st.just("http_req_failed"),
            expression=st.just("rate > 1% over 10s"),
            level=st.sampled_from(AlertLevel),
            until=st.none(),
            margin_ratio=st.integers(0, 99).map(lambda percent: percent / 100),
            clear_after_s=DURATIONS_S,
            bell=st.booleans(),
            command=st.sampled_from([(), ("true", "${x}", "")]),
            webhook=st.sampled_from([None, "https://u:p${x}@hooks.example/T0/B0?x=1"]),
        ),
        max_size=2,
        unique_by=lambda alert: alert.name,
    ).map(tuple),
    feeders=st.just((USERS,)),
    setup=PROCEDURES,
    teardown=PROCEDURES,
    workers=st.integers(1, 64),
    pins_workers=st.booleans(),
    keep_alive=st.booleans(),
    verify_tls=st.booleans(),
    cookies=st.booleans(),
    transport=st.builds(
        Transport,
        server_name=st.one_of(st.none(), WORDS),
        tls_minimum=st.sampled_from(TlsVersion),
        overrides=st.just((HostOverride(host="::1", port=80, address="shop", address_port=8080),)),
        ip_family=st.sampled_from(IpFamily),
        local_addresses=st.sampled_from([(), ("127.0.0.1", "::1")]),
        http_version=st.sampled_from(HttpVersion),
        proxy=st.none()
        | st.builds(
            proxy_of,
            st.sampled_from(["http://127.0.0.1:1", "socks5h://a%40:p%3A${x}@[::1]:1080"]),
            st.sampled_from([(), ("shop", ".lab")]),
        ),
    ),
    graceful_stop_s=DURATIONS_S,
    dead_man_s=SOME_TIME_S,
    on_viewer_lost=st.sampled_from(ViewerLost),
    postgres_more=st.sampled_from(((), (("billing", "postgresql://u:p@127.0.0.1/y"),))),
    postgres_dsn=st.one_of(st.none(), st.just("postgresql://u:p${x}@127.0.0.1/x")),
    secrets=st.lists(WORDS, max_size=2).map(tuple),
)


def read_back(plan: Plan) -> Plan:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.toml"
        path.write_text(written(plan), "utf-8")
        plan = load(path, variables={}, environment={}, variables_in=variables_in)
    # Where the steps stand in the file is told in complaints, and is nothing that is done.
    return replace(plan, setup=placeless(plan.setup), teardown=placeless(plan.teardown))


def placeless(procedure: Procedure | None) -> Procedure | None:
    return procedure and replace(procedure, places=())


@pytest.mark.slow
@given(PLANS)
def test_any_plan_that_is_written_loads_to_an_equal_one(plan: Plan) -> None:
    assert read_back(plan) == plan


@pytest.mark.parametrize(
    "wishes",
    [
        pytest.param(Wishes(url="http://127.0.0.1:8000/"), id="bare"),
        pytest.param(Wishes(url="http://127.0.0.1:8000"), id="without-a-path"),
        pytest.param(Wishes(url="http://127.0.0.1/x?a=${b}", vus="3", duration="90s"), id="vus"),
        pytest.param(Wishes(url="http://u:p@127.0.0.1/", iterations="10k"), id="iterations"),
        pytest.param(Wishes(url="http://127.0.0.1/", iterations="5", duration="1s"), id="both"),
        pytest.param(
            Wishes(url="http://127.0.0.1/", rate="90/m", iterations="5", max_rate="2"), id="rate"
        ),
        pytest.param(
            Wishes(
                url="https://localhost/cart",
                method="put",
                headers=("X-A: 1", "X-B: 2", "X-A: 3"),
                body='{"a": "${b}"}',
                content_type="application/json",
                auth="u:p",
                timeout="250ms",
                insecure=True,
                disable_keepalive=True,
                workers=2,
                max_vus="2k",
                allow_hosts=("localhost",),
                postgres="postgresql://127.0.0.1/x",
                name="night",
                graceful_stop="0",
                dead_man="1h",
                on_viewer_lost=ViewerLost.PAUSE,
            ),
            id="everything",
        ),
    ],
)
def test_any_command_line_becomes_a_profile_of_the_same_plan(wishes: Wishes) -> None:
    plan = planned(wishes)
    assert read_back(plan) == plan


def test_the_shop_of_the_demo_can_be_written_and_read_back() -> None:
    plan = shop_plan("http://127.0.0.1:8000", dsn="postgresql://127.0.0.1/shop")
    assert read_back(plan) == plan


def test_a_plan_of_several_hosts_names_those_that_are_not_the_first() -> None:
    plan = planned(Wishes(url="http://127.0.0.1:8000/"))
    other = Request(name="GET /x", url="http://127.0.0.1:80001/x".replace("80001", "8001"))
    scenario = replace(plan.scenarios[0], steps=(*plan.scenarios[0].steps, other))
    assert 'url = "http://127.0.0.1:8001/x"' in written(replace(plan, scenarios=(scenario,)))


@given(st.floats(0, 1e9).map(abs))
def test_a_duration_is_written_to_the_last_bit(seconds: float) -> None:
    assert parse_duration_s(exact_duration(seconds)) == seconds


@given(st.floats(0, 1e9).map(abs))
def test_a_rate_is_written_to_the_last_bit(rate_per_s: float) -> None:
    assert parse_rate_per_s(exact_rate(rate_per_s)) == rate_per_s
