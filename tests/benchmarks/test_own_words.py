"""What is read from the reports of peers."""

from pathlib import Path

from benchmarks.own_words import from_k6, from_locust


def test_locusts_percentiles_are_worked_out_from_its_counts(tmp_path: Path) -> None:
    # As locust --json prints it, amid its log.
    (tmp_path / "output.txt").write_text(
        "[2026-11-22 08:00:00,000] host/INFO/locust.main: Starting Locust 2.47.0\n"
        '[\n    {\n "name": "/", "response_times": {"20": 90, "1100.0": 1, "21": 9}\n    }\n]\n'
        "[2026-11-22 08:00:05,000] host/INFO/locust.main: Shutting down\n"
    )
    assert from_locust(tmp_path) == {"p50_ms": 20, "p90_ms": 20, "p95_ms": 21, "p99_ms": 21}


def test_k6s_percentiles_are_those_of_its_summary(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(
        '{"metrics": {"http_req_duration": '
        '{"p(50)": 20.9, "p(90)": 21.4, "p(95)": 21.6, "p(99)": 22.1}}}'
    )
    assert from_k6(tmp_path) == {"p50_ms": 20.9, "p90_ms": 21.4, "p95_ms": 21.6, "p99_ms": 22.1}
