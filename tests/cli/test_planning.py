"""From what was typed to a plan."""

import base64
import inspect
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from vumeter.cli.app import app_for
from vumeter.cli.planning import Wishes, plan
from vumeter.cli.probe import probe
from vumeter.cli.processes import with_processes
from vumeter.cli.run import run
from vumeter.errors import ProbeError, UsageError
from vumeter.model.flow import Request
from vumeter.model.plan import Executor, Plan
from vumeter.model.retention import Retention
from vumeter.model.watched import ProcessMonitor
from vumeter.units import duration_text

URL = "http://127.0.0.1:8000/"


def request_of(**wishes: Any) -> Request:
    return next(plan(Wishes(**{"url": URL} | wishes)).scenarios[0].requests)


def test_without_flags_it_is_ten_vus_without_an_end() -> None:
    made = plan(Wishes(url=URL))
    (scenario,) = made.scenarios
    assert (scenario.load.vus, scenario.load.executor) == (10, Executor.CONSTANT_VUS)
    assert made.duration_s is None
    assert not made.has_end
    assert (made.workers, made.verify_tls, made.keep_alive) == (1, True, True)
    assert made.name == "127.0.0.1-8000"
    assert next(scenario.requests).name == "GET /"


def test_a_default_is_the_same_in_the_flags_the_wishes_and_the_plan() -> None:
    made, bare = plan(Wishes(url=URL)), Plan(name="bare", scenarios=())
    assert (made.graceful_stop_s, made.dead_man_s) == (bare.graceful_stop_s, bare.dead_man_s)
    assert request_of().timeout_s == Request(name="x", url=URL).timeout_s
    wished = Wishes(url=URL)
    for command in (run, probe):
        flags = inspect.signature(command).parameters
        for name in Wishes.__struct_fields__:
            if name in flags and flags[name].default not in (inspect.Parameter.empty, None):
                # Some are read on the way, "1" as 1.
                wish = getattr(wished, name)
                assert str(flags[name].default) == str(wish), (command.__name__, name)


def test_what_help_says_that_is_kept_is_what_is_kept() -> None:
    kept = Retention()
    helps = {it.name: it.help for it in get_command(app_for([])).commands["run"].params if it.name}
    assert f"[{duration_text(kept.seconds_s)}]" in helps["keep_seconds"]
    assert f"[{duration_text(kept.tens_s)}]" in helps["keep_tens"]
    assert f"[{kept.most_bytes // 1_000_000}MB]" in helps["max_store"]


def test_every_flag_has_its_place_in_the_plan() -> None:
    made = plan(
        Wishes(
            url="https://localhost/cart?id=7",
            vus="1k",
            duration="1h30m",
            iterations="10k",
            rate="90/m",
            timeout="250ms",
            insecure=True,
            disable_keepalive=True,
            workers=2,
            max_vus="2k",
            max_rate="500",
            allow_hosts=("localhost",),
            postgres="postgresql://127.0.0.1/x",
            name="night",
            graceful_stop="5s",
            dead_man="1h",
        )
    )
    load = made.scenarios[0].load
    assert (load.vus, load.duration_s, load.iterations, load.rate_per_s) == (
        1000,
        5400,
        10_000,
        1.5,
    )
    assert next(made.scenarios[0].requests).timeout_s == 0.25
    assert (made.verify_tls, made.keep_alive, made.workers) == (False, False, 2)
    assert (made.limits.max_vus, made.limits.max_rate_per_s) == (2000, 500)
    assert made.limits.allow_hosts == ("localhost",)
    assert made.postgres_dsn == "postgresql://127.0.0.1/x"
    assert (made.name, made.graceful_stop_s, made.dead_man_s) == ("night", 5.0, 3600.0)
    assert next(made.scenarios[0].requests).name == "GET /cart"


@pytest.mark.parametrize(
    ("rate", "pool"), [("5", 10), ("500", 500), ("50k", 1000)], ids=["slow", "fast", "limited"]
)
def test_a_rate_brings_a_pool_for_answers_of_one_second(rate: str, pool: int) -> None:
    assert plan(Wishes(url=URL, rate=rate)).scenarios[0].load.vus == pool


def test_more_vus_than_the_usual_limit_raise_it_unless_a_limit_was_given() -> None:
    assert plan(Wishes(url=URL, vus="5000")).limits.max_vus == 5000
    with pytest.raises(UsageError, match="--vus 5000 is above --max-vus 100"):
        plan(Wishes(url=URL, vus="5000", max_vus="100"))
    with pytest.raises(UsageError, match="--rate 50 is above --max-rate 10"):
        plan(Wishes(url=URL, rate="50", max_rate="10"))


def test_few_vus_at_most_are_few_from_the_start() -> None:
    assert plan(Wishes(url=URL, max_vus="3")).scenarios[0].load.vus == 3


def test_a_body_makes_a_post_unless_a_method_is_named(tmp_path: Path) -> None:
    assert request_of(body="x").method == "POST"
    assert request_of(body="x", method="put").method == "PUT"
    file = tmp_path / "body.bin"
    file.write_bytes(b"\x00\xff")
    assert request_of(body_file=file).body == b"\x00\xff"


def test_headers_keep_their_order_and_shorthands_come_after_them() -> None:
    made = request_of(
        headers=("X-One: 1", "X-Two:a: b "), content_type="text/x", accept="*/*", auth="u:p:q"
    )
    token = base64.b64encode(b"u:p:q").decode()
    assert made.headers == (
        ("X-One", "1"),
        ("X-Two", "a: b"),
        ("Authorization", f"Basic {token}"),
        ("Content-Type", "text/x"),
        ("Accept", "*/*"),
    )


def test_credentials_in_the_url_become_a_header_and_leave_the_url() -> None:
    made = request_of(url="http://us%40er:pa%3Ass@127.0.0.1:8000/x?y=1#z")
    assert made.url == "http://127.0.0.1:8000/x?y=1"
    token = base64.b64encode(b"us@er:pa:ss").decode()
    assert made.headers == (("Authorization", f"Basic {token}"),)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        pytest.param({"url": "localhost:8000/x"}, "has no scheme", id="no-scheme"),
        pytest.param({"url": "ftp://localhost/"}, "ftp cannot be spoken", id="scheme"),
        pytest.param({"url": "http:///x"}, "names no host", id="no-host"),
        pytest.param({"url": "http://localhost:99999/"}, "not a URL", id="port"),
        pytest.param({"url": "http://localhost:0/"}, "no port", id="port-zero"),
        pytest.param({"url": "http://[::1/"}, "not a URL", id="bracket"),
        pytest.param({"url": "http://local host/"}, "space", id="space"),
        pytest.param({"url": "http://localhost/\x1b"}, "space", id="control"),
        pytest.param({"url": URL + "{{token}}"}, "variable", id="variable-in-url"),
        pytest.param({"headers": ("X: {{token}}",)}, "variable", id="variable-in-header"),
        pytest.param({"headers": ("Accept",)}, "not a header", id="header-without-colon"),
        pytest.param({"headers": (": x",)}, "not a header", id="header-without-name"),
        pytest.param({"headers": ("X y: z",)}, "cannot be sent", id="header-name"),
        pytest.param(
            {"headers": ("X: a\r\nY: b",)}, "control character U+000D", id="header-injection"
        ),
        pytest.param({"headers": ("X: a\nb",)}, "control character U+000A", id="header-newline"),
        pytest.param(
            {"content_type": "a\r\nB: c"}, "control character U+000D", id="type-injection"
        ),
        pytest.param({"accept": "a\r\nB: c"}, "control character U+000D", id="accept-injection"),
        pytest.param({"headers": ("X: a\x01",)}, "control character U+0001", id="header-control"),
        pytest.param(
            {"content_type": "a/b", "headers": ("content-type: c/d",)},
            "both give Content-Type",
            id="two-types",
        ),
        pytest.param(
            {"auth": "u:p", "headers": ("Authorization: x",)}, "both give Authorization", id="auths"
        ),
        pytest.param(
            {"accept": "a/b", "headers": ("ACCEPT: c",)}, "both give Accept", id="accepts"
        ),
        pytest.param({"vus": "2000000"}, "--vus 2000000: at most 1000000", id="many-vus"),
        pytest.param({"max_vus": "2m"}, "--max-vus 2m: at most 1000000", id="many-max-vus"),
        pytest.param({"method": "GE T"}, "not an HTTP method", id="method"),
        pytest.param({"method": "GET\r\nX: y"}, "not an HTTP method", id="method-injection"),
        pytest.param({"auth": "user"}, "no colon", id="auth"),
        pytest.param({"body": "x", "body_file": Path("y")}, "one body", id="two-bodies"),
        pytest.param({"body_file": Path("/no/such")}, "cannot be read", id="no-body-file"),
        pytest.param({"vus": "0"}, "--vus 0: at least 1", id="no-vus"),
        pytest.param({"vus": "ten"}, '--vus: "ten" is not a whole number', id="words"),
        pytest.param({"iterations": "0"}, "--iterations 0: at least 1", id="no-iterations"),
        pytest.param({"iterations": "-5"}, "--iterations", id="negative-iterations"),
        pytest.param({"rate": "0"}, "--rate 0: above 0", id="no-rate"),
        pytest.param({"rate": "fast"}, '--rate: "fast" is not a rate', id="rate"),
        pytest.param({"duration": "10x"}, '--duration: "10x" is not a duration', id="duration"),
        pytest.param({"duration": "0"}, "--duration 0: above 0", id="no-duration"),
        pytest.param({"timeout": "0s"}, "--timeout 0s: above 0", id="no-timeout"),
        pytest.param({"dead_man": "soon"}, "--dead-man", id="dead-man"),
        pytest.param({"graceful_stop": "-1s"}, "--graceful-stop", id="graceful"),
        pytest.param({"workers": 0}, "--workers 0: from 1", id="no-workers"),
        pytest.param({"workers": 1000}, "--workers 1000: from 1 to", id="workers"),
        pytest.param({"name": "a b"}, "--name", id="name"),
        pytest.param({"name": "../x"}, "--name", id="name-that-climbs"),
        pytest.param({"name": "x" * 41}, "--name", id="long-name"),
        pytest.param({"name": ""}, "--name", id="empty-name"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_message(wishes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        plan(Wishes(**{"url": URL} | wishes))
    assert words in refused.value.message
    assert refused.value.exit_code == 2


def test_a_url_without_a_scheme_is_answered_with_one_that_has() -> None:
    with pytest.raises(UsageError) as refused:
        plan(Wishes(url="localhost:8000/x"))
    assert "http://localhost:8000/x" in refused.value.hint


def test_a_dsn_that_is_none_is_found_out_here() -> None:
    with pytest.raises(ProbeError):
        plan(Wishes(url=URL, postgres="mysql://127.0.0.1/x"))


def test_processes_that_are_named_by_a_flag_are_watched_beside_the_profiles() -> None:
    made = with_processes(plan(Wishes(url="http://127.0.0.1/")), ["api=port:8000"])
    assert made.monitors == (ProcessMonitor(name="api", port=8000),)
    with pytest.raises(UsageError, match='there is another monitor "api"'):
        with_processes(made, ["api=pid:1"])
