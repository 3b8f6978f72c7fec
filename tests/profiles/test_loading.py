"""What a profile says, as the plan that comes of it."""

from collections.abc import Callable

import pytest

from vumeter.model.flow import Distribution, Group, Pick, Repeat, Request, Think, When
from vumeter.model.plan import Arrivals, Executor, Plan, Shape, Stage

Loaded = Callable[..., Plan]
Complaint = Callable[..., str]

SIMPLE = """
target = "http://127.0.0.1:8000"
[scenarios.main]
vus = 2
duration = "30s"
"""


def steps_of(loaded: Loaded, steps: str) -> tuple[object, ...]:
    return loaded(f"{SIMPLE}steps = {steps}").scenarios[0].steps


def request_of(loaded: Loaded, step: str) -> Request:
    (request,) = steps_of(loaded, f"[{step}]")
    assert isinstance(request, Request)
    return request


def test_a_short_profile_is_a_whole_plan(loaded: Loaded) -> None:
    plan = loaded(SIMPLE + 'steps = ["/", "POST /login?x=1"]')
    (scenario,) = plan.scenarios
    assert (plan.name, plan.target, plan.workers) == ("p", "http://127.0.0.1:8000", 1)
    assert (scenario.load.executor, scenario.load.vus) == (Executor.CONSTANT_VUS, 2)
    assert [(each.method, each.url, each.name) for each in scenario.requests] == [
        ("GET", "http://127.0.0.1:8000/", "GET /"),
        ("POST", "http://127.0.0.1:8000/login?x=1", "POST /login"),
    ]


@pytest.mark.parametrize(
    ("keys", "executor"),
    [
        pytest.param("", Executor.CONSTANT_VUS, id="nothing"),
        pytest.param("vus = 3", Executor.CONSTANT_VUS, id="vus"),
        pytest.param("iterations = 3", Executor.SHARED_ITERATIONS, id="iterations"),
        pytest.param('rate = "3/s"', Executor.CONSTANT_ARRIVAL_RATE, id="rate"),
        pytest.param(
            'stages = [{ duration = "1s", target = 3 }]', Executor.RAMPING_VUS, id="stages"
        ),
        pytest.param(
            'stages = [{ duration = "1s", target = "3/s" }]',
            Executor.RAMPING_ARRIVAL_RATE,
            id="stages-of-a-rate",
        ),
    ],
)
def test_the_keys_tell_which_executor_is_meant(
    loaded: Loaded, keys: str, executor: Executor
) -> None:
    plan = loaded(f'target = "http://x"\n[scenarios.a]\n{keys}\nsteps = ["/"]')
    assert plan.scenarios[0].load.executor is executor


def test_defaults_of_executors_are_those_of_k6(loaded: Loaded) -> None:
    plan = loaded("""
target = "http://x"
[scenarios.shared]
executor = "shared-iterations"
steps = ["/"]
[scenarios.each]
executor = "per-vu-iterations"
max_duration = "none"
steps = ["/"]
[scenarios.vus]
stages = [{ duration = "1m", target = 10, shape = "sine" }]
steps = ["/"]
[scenarios.rate]
stages = [{ duration = "1m", target = "600/m" }]
arrivals = "poisson"
start_time = "1h30m"
steps = ["/"]
""")
    shared, each, vus, rate = (scenario.load for scenario in plan.scenarios)
    assert (shared.vus, shared.iterations, shared.per_vu, shared.duration_s) == (1, 1, False, 600)
    assert (each.vus, each.iterations, each.per_vu, each.duration_s) == (1, 1, True, None)
    assert (vus.vus, vus.graceful_ramp_down_s) == (1, 30)
    assert vus.stages == (Stage(duration_s=60, target=10, shape=Shape.SINE),)
    assert (rate.rate_per_s, rate.stages[0].target, rate.vus) == (0, 10, 10)
    assert (rate.arrivals, rate.start_s, rate.end_s) == (Arrivals.POISSON, 5400, 5460)


def test_every_kind_of_step_has_its_place(loaded: Loaded) -> None:
    pick, group, repeat, when, *thinks = steps_of(
        loaded,
        """[
  { pick = [{ weight = 3, path = "/a" }, "/b", { weight = 0.5, steps = ["/c", "/d"] }] },
  { group = "g", steps = [{ path = "/", extract = { t = { json = "t" } } }] },
  { repeat = 3, steps = ["/"] },
  { when = "t", equals = 5, steps = ["/"] },
  { think = "1s" },
  { think = { uniform = ["1s", "3s"] } },
  { think = { normal = ["2s", "500ms"] } },
  { think = { exponential = "2s" } },
]""",
    )
    assert isinstance(pick, Pick)
    assert [(each.weight, len(each.steps)) for each in pick.choices] == [(3, 1), (1, 1), (0.5, 2)]
    assert isinstance(group, Group)
    assert group.name == "g"
    assert isinstance(repeat, Repeat)
    assert repeat.times == 3
    assert isinstance(when, When)
    assert (when.variable, when.equals) == ("t", "5")
    assert thinks == [
        Think(first_s=1.0),
        Think(distribution=Distribution.UNIFORM, first_s=1, second_s=3),
        Think(distribution=Distribution.NORMAL, first_s=2, second_s=0.5),
        Think(distribution=Distribution.EXPONENTIAL, first_s=2),
    ]


@pytest.mark.parametrize(
    ("step", "method", "body", "kind"),
    [
        pytest.param('{ path = "/", json = { a = [1, true] } }', "POST", b'{"a":[1,true]}',
                     "application/json", id="json"),
        pytest.param('{ path = "/", form = { a = "x y", b = ["1", "{{vu}}"] } }', "POST",
                     b"a=x+y&b=1&b={{vu}}", "application/x-www-form-urlencoded", id="form"),
        pytest.param('{ path = "/", body = "x" }', "POST", b"x", None, id="text"),
        pytest.param('{ path = "/", method = "put", body_base64 = "AP8=" }', "PUT", b"\0\xff",
                     None, id="bytes"),
        pytest.param('{ path = "/", json = 1, headers = { content-type = "x/y" } }', "POST", b"1",
                     "x/y", id="own-type"),
    ],
)  # fmt: skip
def test_a_body_is_made_of_what_it_is_written_as(
    loaded: Loaded, step: str, method: str, body: bytes, kind: str | None
) -> None:
    request = request_of(loaded, step)
    assert (request.method, request.body) == (method, body)
    kinds = [value for name, value in request.headers if name.lower() == "content-type"]
    assert kinds == ([kind] if kind else [])


def test_defaults_stand_behind_what_a_request_says_itself(loaded: Loaded) -> None:
    plan = loaded("""
target = "http://x/api/"
[defaults]
timeout = "3s"
headers = { Accept = "a", X-One = "1" }
checks = [{ status = 200 }]
[scenarios.main]
steps = [
  { path = "/a/17", query = { q = "x&y", v = "{{vu}}" }, headers = ["accept: b", "X-Two: 2"] },
  { url = "https://y:8443/z#top", timeout = "1s", checks = [{ contains = "ok" }] },
]
""")
    first, second = plan.scenarios[0].requests
    assert first.url == "http://x/api/a/17?q=x%26y&v={{vu}}"
    assert first.name == "GET /api/a/{id}"
    assert first.headers == (("accept", "b"), ("X-Two", "2"), ("X-One", "1"))
    assert (first.timeout_s, second.timeout_s) == (3, 1)
    assert second.url == "https://y:8443/z"
    assert [check.name for check in second.checks] == ["status is 200", "body contains ok"]


def test_variables_come_from_the_command_line_then_the_profile_then_the_environment(
    loaded: Loaded,
) -> None:
    text = """
target = "http://x"
[variables]
A = "profile"
B = "${C}/${D:-default}"
[scenarios.main]
vus = "${VUS:-3}"
steps = ["/${A}/${B}/${E}/$${F}"]
"""
    plan = loaded(
        text,
        variables={"A": "given", "C": "c"},
        environment={"A": "environment", "E": "environment", "C": "environment"},
    )
    (request,) = plan.scenarios[0].requests
    assert request.url == "http://x/given/c/default/environment/${F}"
    assert plan.scenarios[0].load.vus == 3
    assert loaded(text, variables={"C": "c", "VUS": "1k", "E": "e"}).scenarios[0].load.vus == 1000


def test_what_is_done_once_has_its_steps_and_says_where_they_are_written(loaded: Loaded) -> None:
    plan = loaded(
        """target = "http://127.0.0.1"
[setup]
timeout = "5s"
steps = [
  "/a",
  { group = "in", steps = [{ path = "/b", extract = { token = { json = "t" } } }] },
]
[teardown]
steps = ["/c?as={{token}}"]
[scenarios.main]
steps = ["/load/{{token}}"]
"""
    )
    assert plan.setup is not None
    assert plan.teardown is not None
    assert (plan.setup.timeout_s, plan.teardown.timeout_s) == (5.0, 60.0)
    assert [place.rpartition("/")[2] for place in plan.setup.places] == ["p.toml:5", "p.toml:6"]
    assert plan.setup.variables == {"token"}


def test_the_time_scale_is_for_the_schedule_and_leaves_the_load(loaded: Loaded) -> None:
    plan = loaded(
        """
target = "http://x"
[scenarios.main]
stages = [{ duration = "1m", target = "50/s" }]
duration = "2m"
start_time = "10s"
steps = ["/", { think = "1s" }]
[thresholds]
http_req_failed = { threshold = "rate < 1%", delay_abort_eval = "1m" }
http_req_duration = ["p(95) < 500ms over 5m for 20s", "max < 30s over 30s"]
"host.cpu" = "value < 90% for 20s"
""",
        time_scale=0.01,
    )
    load = plan.scenarios[0].load
    assert (load.stages[0].duration_s, load.stages[0].target) == (0.6, 50)
    assert (load.duration_s, load.start_s) == (1.2, 0.1)
    assert plan.scenarios[0].steps[1] == Think(first_s=1.0)
    assert plan.thresholds[0].delay_abort_s == 0.6
    # No window is shorter than a second; what is compared is no time of the schedule.
    assert [threshold.expression for threshold in plan.thresholds[1:]] == [
        "p(95) < 500ms over 3s for 200ms",
        "max < 30s over 1s",
        "value < 90% for 200ms",
    ]


def test_limits_that_were_not_written_leave_room_for_what_is_asked(loaded: Loaded) -> None:
    plan = loaded('target = "http://x"\n[scenarios.a]\nvus = 5000\nsteps = ["/"]')
    assert plan.limits.max_vus == 5000


def test_personas_amount_to_arrival_rates(loaded: Loaded) -> None:
    plan = loaded("""
target = "http://x"
[personas]
users = 1000
stages = [{ duration = "1m", target = "2k" }]
[personas.types.regular]
share = "80%"
rate = "0.17/s"
steps = ["/"]
[personas.types.active]
share = "20%"
think_time = "4s"
max_vus = 7
steps = ["/"]
""")
    regular, active = (scenario.load for scenario in plan.scenarios)
    assert regular.rate_per_s == pytest.approx(136)
    assert regular.stages[0].target == pytest.approx(272)
    assert (regular.vus, regular.arrivals) == (272, Arrivals.POISSON)
    assert active.rate_per_s == pytest.approx(50)
    assert active.vus == 7


def test_the_values_of_secrets_go_into_the_plan_as_secrets(loaded: Loaded) -> None:
    plan = loaded(
        'secrets = ["KEY"]\n' + SIMPLE + 'steps = ["/${KEY}"]', variables={"KEY": "hunter2"}
    )
    assert plan.secrets == ("hunter2",)
