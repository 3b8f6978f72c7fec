"""Scripts on the command line: run, shared out, and refused with file and line."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.cli.planning import Wishes
from vumeter.cli.scripted import script_plan
from vumeter.errors import ProfileError, TargetError, UsageError
from vumeter.run.guard import check_targets
from vumeter.testing.server_process import ServerProcess

Vumeter = Callable[..., Any]

ROOT = Path(__file__).parents[2]
HEAD = "from vumeter.script import Vu, scenario\n"
TWO = f"""{HEAD}
TARGET = "http://127.0.0.1:9/api"

@scenario(weight=3)
async def browse(vu: Vu) -> None:
    await vu.get("/a")

@scenario(rate="90/m", vus=7, duration=30)
async def trade(vu: Vu) -> None:
    await vu.get("/b")
    raise LookupError("no shares")
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "shop.py"
        path.write_text(text)
        return path

    return write


def plan_of(path: Path, *, given: frozenset[str] = frozenset(), **wishes: Any):
    return script_plan(path, Wishes(url=str(path), **wishes), url=None, given=given)


def test_a_scenario_has_its_share_and_what_it_says_of_itself(script) -> None:
    browse, trade = plan_of(script(TWO), vus=None).scenarios
    assert (browse.load.vus, browse.load.rate_per_s) == (8, None)
    assert (trade.load.vus, trade.load.rate_per_s, trade.load.duration_s) == (7, 1.5, 30.0)
    assert browse.script.target == "http://127.0.0.1:9/api"


def test_the_command_line_goes_before_the_script(script) -> None:
    plan = plan_of(script(TWO), vus="40", rate="100", duration="1m", timeout="3s")
    browse, trade = plan.scenarios
    assert (browse.load.vus, browse.load.rate_per_s) == (30, 75.0)
    assert (trade.load.vus, trade.load.rate_per_s, trade.load.duration_s) == (10, 25.0, 60.0)
    assert browse.script.timeout_s == 3.0
    assert plan.target == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("x = (\n", r"shop\.py:1: SyntaxError: ", id="syntax"),
        pytest.param("\nimport nothing_here\n", r"shop\.py:2: ModuleNotFoundError", id="import"),
        pytest.param("import sys\nsys.exit(3)\n", r"shop\.py:2: SystemExit: 3", id="exit"),
        pytest.param(HEAD, r"there is no scenario", id="none"),
        pytest.param(
            f"{HEAD}@scenario(vus=0)\nasync def act(vu): ...\n",
            r"shop\.py:2: ValueError: vus=0 is not",
            id="number",
        ),
        pytest.param(
            f'{HEAD}@scenario(rate="often")\nasync def act(vu): ...\n',
            r"shop\.py:2: ValueError: rate='often'",
            id="unit",
        ),
        pytest.param(
            f"{HEAD}@scenario()\ndef act(vu): ...\n",
            r'shop\.py:2: TypeError: "act" is not a coroutine',
            id="not a coroutine",
        ),
        pytest.param(
            f"{HEAD}@scenario()\nasync def act(): ...\n",
            r"shop\.py:2: TypeError: .* one parameter",
            id="no parameter",
        ),
        pytest.param(
            f"{HEAD}@scenario()\nasync def act(vu): ...\n", r"there is no target", id="no target"
        ),
    ],
)
def test_a_script_that_is_wrong_is_refused_with_file_and_line(script, text, words) -> None:
    with pytest.raises(ProfileError, match=words):
        plan_of(script(text))


def test_a_flag_that_each_request_says_for_itself_is_refused(script) -> None:
    with pytest.raises(UsageError, match="--method: each request of a script"):
        plan_of(script(TWO), given=frozenset({"method"}), method="PUT")


@pytest.mark.slow
def test_a_script_runs_in_two_workers_and_reports(
    vumeter: Vumeter, server: ServerProcess, script, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    path = script(TWO.replace('rate="90/m", vus=7, duration=30', ""))
    ended = vumeter(
        *("run", str(path), f"{server.url}api", "-c", "4", "-n", "40", "--workers", "2"),
        *("-o", str(report), "--threshold", "http_req_failed: rate == 0"),
        *("--threshold", "script_errors{scenario:trade}: count == 0"),
    )
    assert ended.returncode == 99, ended.stderr
    assert server.truth()["paths"] == {"/api/a": 30, "/api/b": 10}
    written = json.loads(report.read_text())
    totals = {it["name"]: it["totals"] for it in written["endpoints"]}
    assert totals["GET /api/a"]["requests"] == 30
    assert totals["GET /api/b"]["requests"] == 10
    # An exception is no request that failed, and shown all the same.
    assert set(totals) == {"GET /api/a", "GET /api/b"}
    assert (written["totals"]["errors"], written["totals"]["script_errors"]) == (0, 10)
    assert [rule["verdict"] for rule in written["thresholds"]] == ["passed", "failed"]
    assert "script_errors" in ended.stdout.split("EXECUTION")[1]
    assert ended.stderr.count("shop.py:12: LookupError: no shares") >= 1


@pytest.mark.slow
def test_a_run_of_a_script_is_no_profile(vumeter: Vumeter, server: ServerProcess, script) -> None:
    path = script(TWO)
    ended = vumeter("run", str(path), server.url, "-n", "2", "--name", "py")
    assert ended.returncode == 0, ended.stderr
    for refused in (
        vumeter("export-profile", "py"),
        vumeter("check", str(path), "-e", "A=b"),
        vumeter("run", str(path), "--save-profile", "x.toml"),
        vumeter("run", server.url, server.url),
    ):
        assert refused.returncode == 2, refused.stderr
        assert "script" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.slow
def test_a_broken_script_sends_nothing_and_exits_with_104(
    vumeter: Vumeter, server: ServerProcess, script
) -> None:
    ended = vumeter("run", str(script("1 / 0\n")), server.url)
    assert ended.returncode == 104
    assert "shop.py:1: ZeroDivisionError: division by zero" in ended.stderr
    assert server.truth()["requests"] == 0


async def test_a_script_sends_nothing_to_strangers(script) -> None:
    path = script(TWO.replace("127.0.0.1:9", "8.8.8.8"))
    with pytest.raises(TargetError, match="neither this machine nor in a private network"):
        await check_targets(plan_of(path))
    await check_targets(plan_of(path, allow_hosts=("8.8.8.8",)))


@pytest.mark.slow
def test_thresholds_hold_for_what_a_script_checks(vumeter: Vumeter, server, script) -> None:
    text = f"{HEAD}@scenario()\nasync def act(vu):\n    vu.check('x', (await vu.get('/')).status)\n"
    rule = ["--threshold", "checks{check:x}: rate == 100%"]
    ended = vumeter("run", str(script(text)), server.url, "-n", "5", *rule)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ended = vumeter(
        "run", str(script(text.replace(".status", ".error"))), server.url, "-n", "5", *rule
    )
    assert ended.returncode == 99


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs/scripts.md").read_text(), re.S)


@pytest.mark.slow
def test_the_example_of_the_page_runs(vumeter: Vumeter, server: ServerProcess, script) -> None:
    example = examples()[0]
    # The server that is loaded here has no tokens to give.
    path = script(example.replace('page.json()["token"]', '"t"').replace("0.5, 1.5", "0, 0.01"))
    ended = vumeter("run", str(path), server.url, "-c", "5", "-n", "20")
    assert ended.returncode == 0, ended.stderr
    paths = server.truth()["paths"]
    assert paths == {"/quotes/ENE03": 16, "/portfolio": 4, "/login": 1}


@pytest.mark.slow
def test_the_pages_example_of_metrics_measures_all_four(
    vumeter: Vumeter, server: ServerProcess, script, tmp_path: Path
) -> None:
    [measuring] = [each for each in examples() if "Gauge(" in each]
    # Nor does it know how many are waiting.
    path = script(measuring.replace('page.json()["waiting"]', "7"))
    report = tmp_path / "r.json"
    ended = vumeter("run", str(path), server.url, "-c", "2", "-n", "9", "-o", str(report))
    assert ended.returncode == 0, ended.stderr
    metrics = {it["name"]: it["values"] for it in json.loads(report.read_text())["metrics"]}
    assert metrics["checkout_total"]["count"] == 9
    assert metrics["orders"]["count"] == 9
    assert metrics["in_time"]["passes"] + metrics["in_time"]["fails"] == 9
    assert metrics["queue_length"]["value"] == 7


MEASURED = f"""{HEAD}
from vumeter.script import Counter, Gauge, Rate, Trend
took = Trend("took", unit="s")
orders = Counter("orders")
fast = Rate("fast")
depth = Gauge("depth")

@scenario()
async def buy(vu: Vu) -> None:
    page = await vu.get("/buy")
    took.add(page.duration)
    orders.add(2)
    fast.add(vu.iteration % 2)
    depth.add(vu.iteration)

@scenario()
async def look(vu: Vu) -> None:
    await vu.get("/look")
    orders.add(1)
"""


@pytest.mark.slow
def test_metrics_of_a_script_are_judged_summed_up_and_reported(
    vumeter: Vumeter, server: ServerProcess, script, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    rules = ("took: p(95) < 10s", "orders: count == 60", "fast: rate > 0.6", "depth: max < 20")
    ended = vumeter(
        *("run", str(script(MEASURED)), server.url, "-c", "4", "-n", "40", "--workers", "2"),
        *("-o", str(report)),
        *(part for rule in rules for part in ("--threshold", rule)),
    )
    assert ended.returncode == 99, ended.stderr
    written = json.loads(report.read_text())
    assert [rule["verdict"] for rule in written["thresholds"]] == [
        *("passed", "passed", "failed", "passed")
    ]
    took, orders, fast, depth = written["metrics"]
    assert (took["kind"], took["unit"], took["values"]["count"]) == ("trend", "ms", 20)
    by_name = {each["name"]: each for each in written["endpoints"]}
    assert took["values"]["p(99)"] == by_name["GET /buy"]["latency_ms"]["p99"]
    assert orders["values"]["count"] == 60
    assert fast["values"]["passes"] + fast["values"]["fails"] == 20
    assert depth["values"]["min"] == 0
    section = ended.stdout.split("CUSTOM")[1].split("HTTP")[0]
    assert re.findall(r"^    (\w+)", section, re.MULTILINE) == ["took", "orders", "fast", "depth"]


def test_two_metrics_of_one_name_and_too_many_are_refused(script) -> None:
    act = "@scenario()\nasync def act(vu): ...\n"
    twice = f'{HEAD}from vumeter.script import Counter\na, b = Counter("xy"), Counter("xy")\n{act}'
    with pytest.raises(ProfileError, match='two metrics called "xy"'):
        plan_of(script(twice))
    many = f"{HEAD}from vumeter.script import Counter\n"
    many += "".join(f'c{n} = Counter("c{n}_total")\n' for n in range(101))
    with pytest.raises(ProfileError, match="there are 101 metrics, and 100 is the most"):
        plan_of(script(many + act))
    with pytest.raises(ProfileError, match=r'shop\.py:2: ValueError: "vus" is a metric of vumeter'):
        plan_of(script(f'from vumeter.script import Gauge\nx = Gauge("vus")\n{HEAD}{act}'))


@pytest.mark.slow
def test_a_check_shows_what_a_script_would_do_and_what_it_measures(
    vumeter: Vumeter, script
) -> None:
    path = script('TARGET = "http://127.0.0.1:9"\n' + MEASURED)
    ended = vumeter("check", str(path))
    assert ended.returncode == 0, ended.stderr
    assert (
        "\n".join(
            ("metrics", "  took: trend, ms", "  orders: counter, count", "  fast: rate, ratio")
        )
        in ended.stdout
    )
    assert f"  buy() of {path}" in ended.stdout
    nowhere = vumeter("check", str(script(MEASURED)))
    assert (nowhere.returncode, "there is no target" in nowhere.stderr) == (104, True)


@pytest.mark.slow
def test_setup_and_what_scripts_print_reach_the_terminal(
    vumeter: Vumeter, server: ServerProcess, script, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    path = script(
        "from vumeter.script import Vu, scenario, setup, teardown\n"
        "@setup()\n"
        "async def prepare(vu: Vu):\n"
        "    print('prep\\x1b[31m', flush=True)\n"
        "    return {'path': (await vu.get('/first')).status}\n"
        "@scenario()\n"
        "async def act(vu: Vu):\n"
        "    await vu.get(f'/load/{vu.data[\"path\"]}', name='load')\n"
        "@teardown()\n"
        "async def clear(vu: Vu):\n"
        "    await vu.get('/last')\n"
        "    raise OSError('cannot clear')\n"
    )
    ended = vumeter(
        *("run", str(path), server.url, "-n", "30", "--workers", "2", "-o", str(report)),
    )
    assert ended.returncode == 107, ended.stderr
    assert "shop.py:4: prep\ufffd[31m" in ended.stderr
    assert "teardown failed after" in ended.stderr
    assert "shop.py:12: OSError: cannot clear" in ended.stderr
    assert server.truth()["paths"] == {"/first": 1, "/load/200": 30, "/last": 1}
    written = json.loads(report.read_text())
    assert written["totals"]["requests"] == 30
    assert (written["setup"]["outcome"], written["setup"]["totals"]["requests"]) == ("done", 1)
    assert written["teardown"]["outcome"] == "failed"
    assert written["teardown"]["problem"].endswith("shop.py:12: OSError: cannot clear")


@pytest.mark.slow
def test_setup_of_a_detached_run_works_where_it_was_started(
    vumeter: Vumeter, server: ServerProcess, script, monkeypatch, tmp_path: Path
) -> None:
    path = script(
        "from pathlib import Path\n"
        "from vumeter.script import Vu, scenario, setup\n"
        "@setup()\n"
        "async def prepare(vu: Vu):\n"
        "    return Path('names.txt').read_text()\n"
        "@scenario()\n"
        "async def act(vu: Vu):\n"
        "    await vu.get('/' + vu.data)\n"
    )
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("ada")
    begun = vumeter("run", str(path), server.url, "-n", "3", "--detach", "--name", "away")
    assert begun.returncode == 0, begun.stderr
    server.wait_for_requests(3)
    assert server.truth()["paths"] == {"/ada": 3}
