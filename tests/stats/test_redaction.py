"""Secrets stay with the run that was given them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.flow import Check, Choice, Extract, Pick, Relation, Request, Source
from vumeter.model.plan import Feeder, Load, Plan, Scenario, Transport
from vumeter.model.watched import AgentMonitor, PrometheusMonitor, RedisMonitor
from vumeter.profiles.proxies import proxy_of
from vumeter.stats.redaction import REDACTED, Redactor, without_secrets

CANARY = "c4n4ry-Passw0rd"


def plan_of(*requests: Request, postgres_dsn: str | None = None) -> Plan:
    return Plan(
        name="shop",
        scenarios=(
            Scenario(
                name="main",
                steps=(Pick(choices=tuple(Choice(steps=(request,)) for request in requests)),),
                load=Load(vus=1),
            ),
        ),
        postgres_dsn=postgres_dsn,
    )


HOME = Request(name="GET /", url="http://127.0.0.1/")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(
            plan_of(HOME, postgres_dsn=f"postgresql://shop:{CANARY}@db/shop"), id="DSN as a URL"
        ),
        pytest.param(
            plan_of(HOME, postgres_dsn=f"host=db password='{CANARY}' user=shop"), id="DSN as words"
        ),
        pytest.param(
            plan_of(Request(name="GET /", url=f"http://alice:{CANARY}@127.0.0.1/")),
            id="URL's user",
        ),
        pytest.param(
            replace(
                plan_of(HOME),
                transport=Transport(proxy=proxy_of(f"http://alice:{CANARY}@127.0.0.1:3128")),
            ),
            id="the proxy's password",
        ),
        pytest.param(
            replace(
                plan_of(HOME),
                monitors=(
                    RedisMonitor(name="cache", url=f"redis://ann:{CANARY}@127.0.0.1:6379/0"),
                    RedisMonitor(name="c", url=f"unix:///run/redis.sock?password={CANARY}"),
                    AgentMonitor(name="a", url="https://127.0.0.1:1", token=CANARY),
                    PrometheusMonitor(
                        name="node",
                        url=f"http://ann:{CANARY}@127.0.0.1/metrics?key={CANARY}",
                        series=(("up", "up"),),
                        token=CANARY,
                    ),
                ),
            ),
            id="monitors",
        ),
        pytest.param(
            plan_of(Request(name="GET /", url=f"http://127.0.0.1/?a={CANARY}&b={CANARY}#{CANARY}")),
            id="URL's query and fragment",
        ),
        pytest.param(
            plan_of(
                Request(
                    name="GET /",
                    url="http://127.0.0.1/",
                    headers=(
                        ("Authorization", f"Bearer {CANARY}"),
                        ("Cookie", f"session={CANARY}; theme=dark"),
                        ("X-Whatever-They-Call-It", CANARY),
                    ),
                )
            ),
            id="headers",
        ),
        pytest.param(
            plan_of(
                Request(
                    name="POST /login",
                    url="http://127.0.0.1/login",
                    method="POST",
                    body=f'{{"user": "alice", "password": "{CANARY}"}}'.encode(),
                )
            ),
            id="body",
        ),
    ],
)
def test_no_secret_is_left_in_a_plan(plan: Plan) -> None:
    assert CANARY.encode() in msgspec.msgpack.encode(plan)
    assert CANARY.encode() not in msgspec.msgpack.encode(without_secrets(plan))


def test_requests_of_the_start_are_treated_like_the_others() -> None:
    login = Request(name="POST /login", url="http://127.0.0.1/login", body=CANARY.encode())
    scenario = Scenario(
        name="main",
        steps=(Pick(choices=(Choice(steps=(HOME,)),)),),
        load=Load(vus=1),
        on_start=(login,),
    )
    shown = without_secrets(Plan(name="shop", scenarios=(scenario,)))

    assert shown.scenarios[0].on_start[0].body == b""


def test_what_is_harmless_stays() -> None:
    request = Request(
        name="GET /search",
        url="https://127.0.0.1:8443/search?q=shoes&sale",
        headers=(("Accept", "text/html"), ("X-Trace", "1")),
        extract=(Extract(variable="token", source=Source.JSON, selector="auth.token"),),
    )
    (shown,) = without_secrets(plan_of(request)).scenarios[0].requests

    assert shown.url == f"https://127.0.0.1:8443/search?q={REDACTED}&sale"
    assert shown.headers == (("Accept", "text/html"), ("X-Trace", REDACTED))
    assert shown.extract == (Extract(variable="token", source=Source.JSON, selector="auth.token"),)


def test_a_plan_without_a_database_does_not_look_as_if_it_had_one() -> None:
    assert without_secrets(plan_of(HOME)).postgres_dsn is None
    assert without_secrets(plan_of(HOME, postgres_dsn="postgresql:///shop")).postgres_dsn


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "cannot reach postgresql://shop:hunter2@db/shop",
            "cannot reach postgresql://shop:***@db/shop",
        ),
        ("conninfo host=db password=hunter2 user=shop", "conninfo host=db password=*** user=shop"),
        ("GET /quotes?api_key=abc&page=2", "GET /quotes?api_key=***&page=2"),
        ("sent Authorization: Basic YWxpY2U6aHVudGVyMg==", "sent Authorization: ***"),
        ("refused bearer abcdef.ghijkl", "refused bearer ***"),
        ('body {"password": "hunter2", "user": "a"}', 'body {"password": "***", "user": "a"}'),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_text(text: str, shown: str) -> None:
    assert Redactor(plan_of(HOME)).text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "VU 10 → 12 over 30s",
        "password authentication failed for user shop",
        "sessions: 93 of 100, raise max_connections=100",
        "author=alice",
        "POST /auth/login answers 401",
        "http://127.0.0.1:8000/ closed 3 connections",
    ],
)
def test_innocent_text_stays_as_it_is(text: str) -> None:
    assert Redactor(plan_of(HOME)).text(text) == text


def test_the_plans_own_secrets_are_found_in_any_words() -> None:
    plan = plan_of(
        Request(name="GET /", url="http://127.0.0.1/", headers=(("X-Key", "Zx81-spectrum"),)),
        postgres_dsn="postgresql://shop:hunter%2F22@db/shop",
    )
    redactor = Redactor(plan)

    assert redactor.text("the note says hunter/22, or hunter%2F22") == "the note says ***, or ***"
    assert redactor.text("Zx81-spectrum was refused") == "*** was refused"


def test_a_header_that_says_true_does_not_take_truth_out_of_texts() -> None:
    plan = plan_of(Request(name="GET /", url="http://127.0.0.1/", headers=(("X-Debug", "true"),)))

    assert Redactor(plan).text("that is true") == "that is true"


@given(
    password=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20)
)
def test_whatever_the_header_it_is_not_quoted(password: str) -> None:
    request = Request(name="GET /", url="http://127.0.0.1/", headers=(("X-Secret", password),))

    assert password not in Redactor(plan_of(request)).text(f"the target said ({password}) to it")


def test_a_dsn_that_is_no_url_at_all_is_no_reason_to_fail() -> None:
    assert Redactor(plan_of(HOME, postgres_dsn="postgresql://[oops")).plan.postgres_dsn == REDACTED


def test_what_a_profile_calls_secret_is_shown_nowhere_however_short() -> None:
    secret = "abc"
    request = Request(
        name=f"GET /{secret}",
        url=f"http://127.0.0.1/{secret}/x",
        checks=(Check(name=f"is {secret}", source=Source.BODY, relation=Relation.EQUALS),),
    )
    plan = msgspec.structs.replace(plan_of(request), secrets=(secret,))
    assert secret.encode() not in msgspec.msgpack.encode(without_secrets(plan))
    assert Redactor(plan).text(f"it said {secret} to me") == f"it said {REDACTED} to me"


def test_the_rows_of_a_feeder_stay_with_the_run_and_its_columns_are_shown() -> None:
    feeder = Feeder(name="users", columns=("mail",), rows=((CANARY,),))
    shown = without_secrets(msgspec.structs.replace(plan_of(HOME), feeders=(feeder,)))
    assert shown.feeders == (Feeder(name="users", columns=("mail",), rows=()),)
