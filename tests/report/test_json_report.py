"""The run as a program reads it, and the page that describes it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from tests.report.described import described, structures

from vumeter.model.measure import ErrorKind
from vumeter.model.summary import Summary
from vumeter.report.forecast.schema import Forecast
from vumeter.report.json_report import json_schema, report, report_bytes
from vumeter.report.schema import Report
from vumeter.stats.redaction import without_secrets

PAGE = Path(__file__).parents[2] / "docs" / "report.md"
CANARY = "c4n4ry-Passw0rd"


def parsed(summary: Summary) -> Any:
    return json.loads(report_bytes(summary))


def test_a_report_reads_back_as_what_was_written(full_summary: Summary) -> None:
    assert msgspec.json.decode(report_bytes(full_summary), type=Report) == report(full_summary)


def test_the_numbers_are_those_of_the_run(full_summary: Summary) -> None:
    it = parsed(full_summary)

    assert it["schema_version"] == 1
    assert it["totals"]["requests"] == 24_103
    assert it["totals"]["errors"] == 29
    assert it["totals"]["dropped"] == 10
    assert it["totals"]["iterations"] == 24_103
    assert it["duration_s"] == 60.0
    assert it["rps"] == 401.717
    assert it["latency_ms"] == {
        "min": 1.7,
        "mean": 41.86,
        "p50": 40.2,
        "p90": 62.0,
        "p95": 82.4,
        "p99": 482.0,
        "p99_9": 1580.0,
        "max": 3804.0,
    }
    assert it["service_ms"]["p50"] == 20.1
    assert it["errors"] == {"status": 22, "timeout_response": 7}
    assert it["statuses"] == {"200": 24_074, "503": 22}
    assert it["run"]["started"] == "2026-11-22T06:00:00.000+00:00"
    assert it["generator"]["verdict"] == "target-limited"
    assert it["postgres"]["blocked_sessions_max"] == 3


def test_each_threshold_is_there_with_what_became_of_it(full_summary: Summary) -> None:
    passed, window, errors, never = parsed(full_summary)["thresholds"]

    assert passed["verdict"] == "passed"
    assert (passed["observed"], passed["limit"], passed["unit"]) == (82.4, 300.0, "ms")
    assert passed["first_failed_s"] is None
    assert (window["verdict"], window["first_failed_s"], window["crossings"]) == ("failed", 38, 2)
    assert (errors["observed"], errors["unit"]) == (0.001203, "ratio")
    assert (never["verdict"], never["observed"]) == ("no-data", None)


def test_checks_are_counted_by_name(full_summary: Summary) -> None:
    assert parsed(full_summary)["checks"] == [
        {"name": "body has a quote", "passed": 18_000, "failed": 0},
        {"name": "status is 200", "passed": 24_074, "failed": 22},
    ]


def test_an_endpoint_has_the_same_keys_as_the_whole(full_summary: Summary) -> None:
    it = parsed(full_summary)

    assert [endpoint["name"] for endpoint in it["endpoints"]] == ["GET /quotes", "POST /orders"]
    for endpoint in it["endpoints"]:
        assert endpoint.keys() - {"name", "slowest"} <= it.keys()
        assert endpoint["totals"].keys() <= it["totals"].keys()
    for count in ("requests", "errors"):
        assert it["totals"][count] == sum(each["totals"][count] for each in it["endpoints"])


def test_what_was_not_measured_is_null_and_never_zero(bare_summary: Summary) -> None:
    it = parsed(bare_summary)

    for absent in ("rps", "latency_ms", "service_ms", "host", "postgres"):
        assert it[absent] is None
    for absent in ("verdict", "cpu_percent", "tick_lag_ms", "late_start_ratio", "rss_bytes_max"):
        assert it["generator"][absent] is None
    assert it["totals"]["error_ratio"] is None
    assert it["totals"]["iterations_due"] is None
    assert it["errors"] == {}


def test_text_of_others_cannot_move_the_terminal_that_prints_the_file(
    full_summary: Summary,
) -> None:
    hostile = msgspec.structs.replace(
        full_summary, remarks=("\x1b[2J\x9b31m\udcff",), endpoints={"\x1b]0;": full_summary.total}
    )
    text = report_bytes(hostile).decode()

    assert not [each for each in text if each != "\n" and not each.isprintable()]
    assert "\\u001b" not in text


def test_a_plan_without_secrets_gives_a_report_without_secrets(full_summary: Summary) -> None:
    scenario = full_summary.plan.scenarios[0]
    request = msgspec.structs.replace(
        next(scenario.requests),
        url=f"http://alice:{CANARY}@127.0.0.1:8000/quotes?key={CANARY}",
        headers=(("Authorization", CANARY), ("Cookie", CANARY)),
        body=CANARY.encode(),
    )
    plan = msgspec.structs.replace(
        full_summary.plan,
        postgres_dsn=f"postgresql://shop:{CANARY}@db/shop",
        scenarios=(msgspec.structs.replace(scenario, steps=(request,)),),
    )
    summary = msgspec.structs.replace(full_summary, plan=without_secrets(plan))

    assert CANARY.encode() not in report_bytes(summary)
    assert parsed(summary)["run"]["target"] == "http://127.0.0.1:8000"


# --- docs/report.md ----------------------------------------------------------------------


def test_the_page_describes_every_field_with_its_type_and_no_other() -> None:
    assert described(PAGE.read_text()) == structures(json_schema())


@pytest.mark.parametrize("which", ["full", "bare"])
def test_a_validator_of_others_takes_schema_and_report(
    which: str, full_summary: Summary, bare_summary: Summary
) -> None:
    it = parsed({"full": full_summary, "bare": bare_summary}[which])
    schema = json.loads(json.dumps(json_schema()))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(it)
    # It is looked at: a number that is text is refused, and so is a report without its totals.
    assert not validator.is_valid(it | {"duration_s": "60"})
    assert not validator.is_valid({key: it[key] for key in it if key != "totals"})


@pytest.mark.parametrize("kind", ErrorKind)
def test_the_page_names_every_kind_of_error(kind: ErrorKind) -> None:
    assert f"`{kind.value}`" in PAGE.read_text()


def test_every_path_in_the_pages_examples_is_in_a_report(full_summary: Summary) -> None:
    it = parsed(full_summary)
    paths = re.findall(r"(?<=[ '\[(])\.([a-z_]+(?:\.[a-z_0-9]+)*)", PAGE.read_text())

    assert len(paths) >= 8
    for path in paths:
        roots = [it, *it["endpoints"]]
        assert any(holds(root, path.split(".")) for root in roots), path


def holds(node: Any, keys: list[str]) -> bool:
    for key in keys:
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True


@pytest.mark.slow
@pytest.mark.parametrize("subject", ["report", "forecast"])
def test_the_command_on_the_page_prints_the_schema(subject: str) -> None:
    assert f"`vumeter schema {subject}`" in (PAGE.parent / f"{subject}.md").read_text()
    command = (sys.executable, "-m", "vumeter", "schema", subject)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    expected = {"report": json_schema(), "forecast": msgspec.json.schema(Forecast)}[subject]

    # In JSON there are no tuples: a default () is [].
    assert json.loads(done.stdout) == json.loads(json.dumps(expected))
