"""
What is said of a profile that is wrong: all of it at once, each with its line.

Over 400 lines: one table of what can be wrong, with what is said of it.
"""

from collections.abc import Callable
from itertools import pairwise

import pytest

from vumeter.model.plan import Plan

Loaded = Callable[..., Plan]
Complaint = Callable[..., str]

SIMPLE = """
target = "http://127.0.0.1:8000"
[scenarios.main]
vus = 2
duration = "30s"
"""


GOLDENS = {
    "wrong-units": (
        """target = "http://x"
[scenarios.checkout]
rate = 40
duration = 30
start_time = "5 parsecs"
steps = [{ path = "/", checks = [{ max_size = 10 }] }]
""",
        """p.toml has 4 problems; nothing was sent.
p.toml:3: scenarios.checkout.rate: 40 has no unit.
  Write "40/s" for each second, or "40/m" for each minute.
p.toml:4: scenarios.checkout.duration: 30 has no unit.
  Write "30s", "5m" or "1h30m".
p.toml:5: scenarios.checkout.start_time: "5 parsecs" is not a duration.
  Write a number and a unit, for example "250ms", "10s", "5m" or "1h30m".
p.toml:6: scenarios.checkout.steps[0].checks[0].max_size: 10 is not a size.
  Write for example "512B", "10kB" or "1MiB".""",
    ),
    "unknown-keys": (
        """targt = "http://x"
[scenarios.main]
gracefulRampDown = "5s"
preAllocatedVUs = 5
steps = [
  { path = "/", chekcs = [], sleep = 1 },
  { think = { unifrom = ["1s", "2s"] } },
]
[threshold]
""",
        """p.toml has 7 problems; nothing was sent.
p.toml:1: targt: unknown key.
  Did you mean "target"?
p.toml:3: scenarios.main.gracefulRampDown: unknown key.
  Did you mean "graceful_ramp_down"?
p.toml:4: scenarios.main.preAllocatedVUs: unknown key.
  VUs cost nothing to make here: max_vus says how many may be busy at once.
p.toml:6: scenarios.main.steps[0].chekcs: unknown key.
  Did you mean "checks"?
p.toml:6: scenarios.main.steps[0].sleep: unknown key.
  Did you mean "think"?
p.toml:7: scenarios.main.steps[1].think.unifrom: unknown key.
  Did you mean "uniform"?
p.toml:9: threshold: unknown key.
  Did you mean "thresholds"?""",
    ),
    "bad-executors": (
        """target = "http://x"
[scenarios.a]
executor = "constnat-vus"
steps = ["/"]
[scenarios.b]
executor = "ramping-vus"
vus = 5
steps = ["/"]
[scenarios.c]
executor = "constant-arrival-rate"
vus = 5
steps = ["/"]
[scenarios.d]
stages = [{ duration = "1m", target = "5/s" }, { duration = "1m", target = 5 }]
steps = ["/"]
""",
        """p.toml has 6 problems; nothing was sent.
p.toml:3: scenarios.a.executor: "constnat-vus" is none of: shared-iterations, per-vu-iterations,\
 constant-vus, ramping-vus, constant-arrival-rate, ramping-arrival-rate.
  Did you mean "constant-vus"?
p.toml:5: scenarios.b: ramping-vus needs stages.
  Write stages = [{ duration = "1m", target = 50 }].
p.toml:7: scenarios.b.vus: not a key of ramping-vus.
  VUs that ramp begin at start_vus, and go where the stages say.
p.toml:9: scenarios.c: constant-arrival-rate needs a rate above 0.
  Write rate = "50/s".
p.toml:11: scenarios.c.vus: not a key of constant-arrival-rate.
  With a rate, max_vus says how many VUs may be busy at once.
p.toml:14: scenarios.d.stages[1].target: "5" has no unit.
  Write "40/s" for each second, or "40/m" for each minute.""",
    ),
    "missing-variables": (
        """target = "${SHOP}"
[variables]
USER = "ada"
[scenarios.main]
vus = "${VUSS}"
steps = ["/${USR}", "/${}"]
""",
        """p.toml has 4 problems; nothing was sent.
p.toml:1: target: ${SHOP} is not set.
  Give it by -e SHOP=…, under [variables], in the environment, or with a default: ${SHOP:-…}.
p.toml:5: scenarios.main.vus: ${VUSS} is not set.
  Give it by -e VUSS=…, under [variables], in the environment, or with a default: ${VUSS:-…}.
p.toml:6: scenarios.main.steps[0]: ${USR} is not set.
  Did you mean "USER"? Give it by -e USR=…, under [variables], in the environment, or with a\
 default: ${USR:-…}.
p.toml:6: scenarios.main.steps[1]: "${}" is not a reference.
  Write ${NAME} or ${NAME:-default}, and $${ for the two characters themselves.""",
    ),
    "circular-variables": (
        """target = "http://x"
[variables]
A = "${B}"
B = "${C}"
C = "${A}"
[scenarios.main]
steps = ["/${A}"]
""",
        """p.toml has 3 problems; nothing was sent.
p.toml:3: variables.A: circular: ${A} → ${B} → ${C} → ${A}.
  One of these has to be a value. What comes from the environment needs another name here.
p.toml:4: variables.B: circular: ${B} → ${C} → ${A} → ${B}.
  One of these has to be a value. What comes from the environment needs another name here.
p.toml:5: variables.C: circular: ${C} → ${A} → ${B} → ${C}.
  One of these has to be a value. What comes from the environment needs another name here.""",
    ),
    "templates": (
        """target = "http://x"
[scenarios.main]
on_start = [{ path = "/login", extract = { token = { json = "token" } } }]
steps = [
  { path = "/{{tokn}}", headers = { A = "{{users.mial}}" } },
  { path = "/", json = { a = "{{randint(1)}}" } },
  "/{{token",
]
[feeders.users]
columns = ["mail"]
rows = [["ada@x"]]
""",
        """p.toml has 4 problems; nothing was sent.
p.toml:5: scenarios.main.steps[0].path: {{tokn}} is nothing that its requests, or\
 those of setup, extract.
  Did you mean "token"?
p.toml:5: scenarios.main.steps[0].headers.A: {{users.mial}}: Feeder "users" has no column "mial".
  Did you mean "mail"?
p.toml:6: scenarios.main.steps[1].json: {{randint(1)}}: randint takes two whole numbers.
  Write for example "randint(1, 100)".
p.toml:7: scenarios.main.steps[2].path: "{{" has no "}}" after it.
  Quotes go in pairs, too.""",
    ),
    "requests": (
        """target = "http://x"
[scenarios.main]
steps = [
  { path = "/", url = "http://y/" },
  { path = "market" },
  { url = "ftp://y/" },
  { path = "/", body = "x", json = 1, method = "GE T" },
  { path = "/", headers = { "X y" = "1" } },
  { path = "/a b", name = "" },
  { weight = 2, path = "/" },
  { pick = [{ weight = 0, path = "/" }] },
]
""",
        """p.toml has 9 problems; nothing was sent.
p.toml:4: scenarios.main.steps[0]: has a path and a url.
  Write path = "/…", which stands after the target, or url = "http://…".
p.toml:5: scenarios.main.steps[1].path: "market" does not begin with "/".
  Write "/market", or the whole address as url = "http://…".
p.toml:6: scenarios.main.steps[2].url: "ftp://y/": ftp cannot be spoken.
  Load is sent by http or https.
p.toml:7: scenarios.main.steps[3]: json and body: one request has one body.
  Keep one.
p.toml:7: scenarios.main.steps[3].method: "GE T" is not an HTTP method.
  Write for example GET, POST, PUT or DELETE.
p.toml:8: scenarios.main.steps[4].headers."X y": cannot be sent as a header.
  A name has no spaces or colons, and a value no control characters.
p.toml:9: scenarios.main.steps[5].name: is empty.
  Groups it in tables and reports. Default: method and path, with numbers and UUIDs in the path\
 as `{id}`.
p.toml:10: scenarios.main.steps[6].weight: is for the choices of a pick.
  Write pick = [ … ] around the steps of which one is drawn.
p.toml:11: scenarios.main.steps[7].pick[0].weight: 0: input should be greater than 0.
  Within `pick`: how often, relative to the weights beside it. Default 1.""",
    ),
    "answers": (
        """target = "http://x"
[scenarios.main]
[[scenarios.main.steps]]
path = "/"
checks = [
  { status = 20 },
  {},
  { status = 200, contains = "x" },
  { matches = "(" },
  { json = "a", header = "b" },
  { equals = "{{token}}" },
]
[scenarios.main.steps.extract]
a = { regex = "x" }
b = { json = "b", cookie = "c" }
"c d" = { json = "c" }
""",
        """p.toml has 9 problems; nothing was sent.
p.toml:6: scenarios.main.steps[0].checks[0].status: "20" is not a status.
  Write 200, "200-299" or a list of these.
p.toml:7: scenarios.main.steps[0].checks[1]: asserts nothing.
  Write for example { status = 200 }, { contains = "Welcome" } or { json = "items.0.id" }.
p.toml:8: scenarios.main.steps[0].checks[2].contains: status says by itself what has to be.
  Leave contains away, or write a check of its own for it.
p.toml:9: scenarios.main.steps[0].checks[3].matches: "(" is not a regular expression: missing ),\
 unterminated subpattern at position 0.
  In TOML, write it in 'single quotes', where a backslash is a backslash.
p.toml:10: scenarios.main.steps[0].checks[4]: json and header do not go into one check.
  Write two checks: [{ status = 200 }, { contains = "ok" }].
p.toml:11: scenarios.main.steps[0].checks[5]: {{…}} is not filled in within checks.
  Write what is the same for every VU: { json = "symbol", matches = "^[A-Z]+" }.
p.toml:14: scenarios.main.steps[0].extract.a.regex: "x" has no group 1.
  Put (parentheses) around what is wanted, or write group = 0 for all of it.
p.toml:15: scenarios.main.steps[0].extract.b: says twice where the value comes from.
  One of json, regex, header, cookie: { json = "token" }.
p.toml:16: scenarios.main.steps[0].extract."c d": "c d" cannot be a variable.
  Letters, digits and "_", not beginning with a digit.""",
    ),
    "setup": (
        """target = "http://x"
[setup]
steps = [{ think = "1s" }]
[teardown]
timout = "3s"
steps = ["/{{tokn}}"]
[scenarios.main]
steps = ["/"]
""",
        """p.toml has 2 problems; nothing was sent.
p.toml:3: setup.steps: sends no request.
  Write one: "/", or { path = "/orders" }.
p.toml:5: teardown.timout: unknown key.
  Did you mean "timeout"?""",
    ),
    "setup-variables": (
        """target = "http://x"
[setup]
steps = [{ path = "/", extract = { token = { json = "t" } } }]
[teardown]
steps = ["/{{tokn}}"]
[scenarios.main]
steps = ["/{{token}}"]
""",
        """p.toml has one problem; nothing was sent.
p.toml:5: teardown.steps[0].path: {{tokn}} is nothing that its requests, or those of setup,\
 extract.
  Did you mean "token"?""",
    ),
    "too-many-vus": (
        """target = "http://x"
[scenarios.main]
vus = "2m"
steps = ["/"]
""",
        """p.toml has one problem; nothing was sent.
p.toml:2: scenarios.main: it asks for 2000000 VUs, and a run has 1000000 at most.""",
    ),
    "thresholds-and-limits": (
        """target = "http://x"
[scenarios.main]
vus = 50
steps = ["/"]
[thresholds]
http_req_duration = ["p(95) < 300ms", "p(95) <> 300ms"]
http_req_faild = "rate < 1%"
[limits]
max_vus = 20
""",
        """p.toml has 3 problems; nothing was sent.
p.toml:2: scenarios.main: it asks for 50 VUs, and limits.max_vus is 20.
  Raise the limit, or ask for less.
p.toml:6: thresholds.http_req_duration[1]: "p(95) <> 300ms", character 7: "<>" does not\
 compare.
  Write one of: < <= > >= == !=
p.toml:7: thresholds.http_req_faild: "http_req_faild", character 1: there is no metric\
 "http_req_faild".
  Did you mean "http_req_failed"?""",
    ),
    "personas": (
        """target = "http://x"
[personas]
users = 100
[personas.types.a]
share = "80%"
steps = ["/"]
[personas.types.b]
share = "30%"
rate = "1/s"
think_time = "1s"
steps = ["/"]
[personas.types.c]
share = 5
rate = "1/s"
steps = ["/"]
""",
        """p.toml has 3 problems; nothing was sent.
p.toml:4: personas.types.a: has neither rate and think_time.
  How often does one such user act? Write rate = "0.5/s", or think_time = "2s".
p.toml:7: personas.types.b: has both rate and think_time.
  How often does one such user act? Write rate = "0.5/s", or think_time = "2s".
p.toml:13: personas.types.c.share: 5 is not a share.
  Write for example "15%".""",
    ),
    "not-the-right-kinds": (
        """target = 5
workers = "many"
scenarios = []
[defaults]
headers = 3
timeout = "0s"
[http]
keep_alive = "perhaps"
[limits]
allow_hosts = "x"
""",
        """p.toml has 7 problems; nothing was sent.
p.toml:1: target: 5 is not text.
  Scheme and host, and what every path begins with. For example: target = "http://127.0.0.1:8000"
p.toml:2: workers: "many" is not a whole number.
  Processes that make the load; `"auto"`: one, and more while one is the limit.
p.toml:3: scenarios: a list is not a table.
  Each under its name: [scenarios.NAME]. They run at the same time.
p.toml:5: defaults.headers: 3 cannot be headers.
  Write { Accept = "text/html" }, or a list: ["Accept: text/html"].
p.toml:6: defaults.timeout: 0 is too little.
  It has to be above 0.
p.toml:8: http.keep_alive: "perhaps" is not true or false.
  false: a new connection for each request.
p.toml:10: limits.allow_hosts: "x" is not a list.
  Hosts beyond this machine and private networks that load may go to.""",
    ),
    "files": (
        """target = "http://x"
[scenarios.main]
steps = [{ path = "/", body_file = "no.bin" }]
[feeders.users]
file = "no.csv"
""",
        """p.toml has 2 problems; nothing was sent.
p.toml:3: scenarios.main.steps[0].body_file: "no.bin" cannot be read: No such file or directory.
  It is looked for at no.bin.
p.toml:5: feeders.users.file: "no.csv" cannot be read: No such file or directory.
  It is looked for at no.csv.""",
    ),
    "proxies": (
        """target = "http://x"
[http]
proxy = "socks4://ada:secret@127.0.0.1:1080"
[scenarios.main]
steps = ["/"]
""",
        """p.toml has one problem; nothing was sent.
p.toml:3: http.proxy: a proxy is not spoken with in "socks4", but in "http", "socks5", "socks5h".
  Write for example "http://user:password@127.0.0.1:3128" or "socks5h://127.0.0.1:1080".""",
    ),
    "no-proxy": (
        """target = "http://x"
[http]
no_proxy = ["127.0.0.1"]
[scenarios.main]
steps = ["/"]
""",
        """p.toml has one problem; nothing was sent.
p.toml:3: http.no_proxy: there is no proxy that these go without.""",
    ),
    "multipart": (
        """target = "http://x"
[scenarios.a]
steps = [
  { path = "/", multipart = { a = { file = "no.x" }, b = { value = "1", file = "2" } } },
  { path = "/", multipart = { a = ["x", { filename = "y" }], "{{b}}" = "" } },
  { path = "/", multipart = { a = "{{tokn}}" }, body = "b" },
  { path = "/", multipart = {} },
  { path = "/", multipart = { a = { valu = "1" } } },
  { path = "/", multipart = { a = "1" }, headers = { Content-Type = "x/y" } },
  { path = "/", multipart = { a = { value_base64 = "%" } } },
  { path = "/", multipart = { a = { value = "", content_type = "png" } } },
]
""",
        """p.toml has 10 problems; nothing was sent.
p.toml:4: scenarios.a.steps[0].multipart.a.file: "no.x" cannot be read: No such file or directory.
  It is looked for at no.x.
p.toml:4: scenarios.a.steps[0].multipart.b: has one of value, value_base64 and file.
  Write { file = "photo.png" }, or "text".
p.toml:5: scenarios.a.steps[1].multipart.a[1]: has one of value, value_base64 and file.
  Write { file = "photo.png" }, or "text".
p.toml:5: scenarios.a.steps[1].multipart."{{b}}": {{…}} is filled in within values alone.
  Names and types of parts are as they are written.
p.toml:6: scenarios.a.steps[2]: multipart and body: one request has one body.
  Keep one.
p.toml:7: scenarios.a.steps[3].multipart: is empty.
  Write { name = "value" }.
p.toml:8: scenarios.a.steps[4].multipart.a.valu: unknown key.
  Did you mean "value"?
p.toml:9: scenarios.a.steps[5].multipart: has a Content-Type of its own.
  It says where parts end: leave away the header, here and in [defaults].
p.toml:10: scenarios.a.steps[6].multipart.a.value_base64: is not base64: Only base64 data is\
 allowed.
p.toml:11: scenarios.a.steps[7].multipart.a.content_type: "png" is not a type.
  Write for example "image/png".""",
    ),
    "nothing-to-do": (
        'target = "http://x"\n',
        """p.toml has one problem; nothing was sent.
p.toml: there is nothing to do in it.
  Write a scenario: [scenarios.main] with steps = ["/"].""",
    ),
    "no-target": (
        '[scenarios.main]\nsteps = ["/", "/a"]\n',
        """p.toml has one problem; nothing was sent.
p.toml: target: is missing, and paths stand after it.
  At the top of the profile, write target = "http://localhost:8000".""",
    ),
    "steps-missing": (
        'target = "http://x"\n\n[scenarios.main]\nvus = 3\n[scenarios.other]\nsteps = []\n',
        """p.toml has 2 problems; nothing was sent.
p.toml:3: scenarios.main.steps: is missing.
  One iteration. For example: steps = ["/"]
p.toml:6: scenarios.other.steps: is empty.
  One iteration. For example: steps = ["/"]""",
    ),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_everything_that_is_wrong_is_said_at_once_with_its_line(
    complaint: Complaint, name: str
) -> None:
    text, said = GOLDENS[name]
    assert complaint(text) == said


def test_the_values_of_secrets_are_not_quoted_in_complaints(complaint: Complaint) -> None:
    said = complaint(
        'secrets = ["KEY"]\n' + SIMPLE + 'steps = ["${KEY}"]', variables={"KEY": "hunter2"}
    )
    assert "hunter2" not in said
    assert '"***" does not begin with "/".' in said


def test_a_secret_that_is_no_variable_is_a_problem(complaint: Complaint) -> None:
    said = complaint('secrets = ["PASWORD"]\n[variables]\nPASSWORD = "x"\n')
    assert 'p.toml:1: secrets[0]: "PASWORD" is not a variable that has a value.' in said
    assert 'Did you mean "PASSWORD"?' in said


def test_references_that_double_at_each_level_are_stopped(complaint: Complaint) -> None:
    names = [f"V{number}" for number in range(40)]
    lines = [f'{name} = "${{{inner}}}${{{inner}}}"' for name, inner in pairwise(names)]
    text = "[variables]\n" + "\n".join([*lines, f'{names[-1]} = "xx"']) + "\n" + SIMPLE
    assert "longer than 1 MiB" in complaint(text + 'steps = ["/"]')


def test_hostile_text_in_a_profile_cannot_steer_the_terminal(complaint: Complaint) -> None:
    said = complaint('target = "http://x"\n[scenarios.main]\nsteps = ["\\u001b[31m\\u202e"]\n')
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_more_problems_than_a_screen_holds_are_counted(complaint: Complaint) -> None:
    said = complaint("".join(f"k{number} = 1\n" for number in range(30)))
    assert said.endswith("… and 10 more.")


@pytest.mark.parametrize("braces", ["${a", "{{a", "${a:-$", "{{a'"])
def test_braces_that_nobody_closes_cost_no_time(complaint: Complaint, braces: str) -> None:
    # Quadratic, this would take minutes: the timeout of the tests is the check.
    complaint(SIMPLE + f'steps = ["/{braces * 100_000}"]')


def test_a_file_in_which_everything_is_wrong_is_given_up_on(complaint: Complaint) -> None:
    said = complaint("".join(f"k{number} = 1\n" for number in range(5000)))
    assert said.startswith("p.toml has at least 1000 problems; nothing was sent.")
    assert said.endswith("… and at least 980 more.")
