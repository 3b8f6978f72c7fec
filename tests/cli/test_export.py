"""`vumeter export`: a real run, through the installed command."""

import contextlib
import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from vumeter.stats.histogram import TOP_US
from vumeter.testing.flight import Flight
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow


def test_every_format_has_what_the_server_saw(server: ServerProcess, tmp_path: Path) -> None:
    with Flight(server.url, "-c", "3", "-z", "3s", "--name", "flight") as flight:
        landing = flight.land()
        files = {
            form: tmp_path / form for form in ("jsonl", "csv", "hdr", "prometheus", "locust-csv")
        }
        for form, path in files.items():
            flight.ask("export", "flight", "--format", form, "-o", str(path))
        printed = flight.ask("export", "flight")
        with pytest.raises(RuntimeError, match=r'No run "other" is stored\.'):
            flight.ask("export", "other")
        with pytest.raises(RuntimeError, match="No such file or directory"):
            flight.ask("export", "flight", "-o", str(tmp_path / "none" / "x.jsonl"))
    truth = server.truth()["requests"]
    assert landing.requests == truth

    lines = files["jsonl"].read_text().splitlines()
    assert printed.splitlines() == lines
    assert sum(json.loads(line)["requests"] for line in lines) == truth
    with files["csv"].open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert sum(int(row["requests"]) for row in rows if row["endpoint"]) == truth
    assert sum(int(row["requests"]) for row in rows if not row["endpoint"]) == truth

    reader, values = HistogramLogReader(str(files["hdr"]), HdrHistogram(1, TOP_US, 3)), 0
    while (histogram := reader.get_next_interval_histogram()) is not None:
        values += histogram.get_total_count() if histogram.get_tag() is None else 0
    reader.input_file.close()
    assert values == truth

    text = files["prometheus"].read_text()
    counters = text[: text.index("# HELP vumeter_service_time_seconds")] + "# EOF\n"
    families = {family.name: family for family in text_string_to_metric_families(counters)}
    assert families["vumeter_requests"].samples[-1].value == truth

    with Path(f"{files['locust-csv']}_stats.csv").open(newline="") as table:
        aggregated = list(csv.DictReader(table))[-1]
    assert int(aggregated["Request Count"]) == truth


def test_a_run_that_goes_on_is_written_so_far(server: ServerProcess) -> None:
    with Flight(server.url, "-c", "2") as flight:
        server.wait_for_requests(200)
        lines: list[str] = []
        while not lines:
            # Its first second is stored when it is over.
            lines = flight.ask("export", "flight").splitlines()
        assert json.loads(lines[0])["second"] == 0


def test_a_flame_graph_is_listed_drawn_and_written_as_stacks(burner) -> None:
    with burner() as target, Flight(target.url, "-c", "2") as flight:
        told = ""
        while "is stored" in told or not told:
            # Its file is there once a second is over.
            with pytest.raises(RuntimeError) as refused:
                flight.ask("export", "flight", "--format", "flamegraph")
            told = str(refused.value)
        assert "No flame graph was taken in this run" in told
        flight.ask("ctl", "flight", "profile", "for", "1s")
        stacks = ""
        while not stacks:
            # It is stored a moment after it was taken.
            with contextlib.suppress(RuntimeError):
                stacks = flight.ask("export", "flight", "--format", "stacks")
        picture = flight.ask("export", "flight", "--format", "flamegraph", "--flame", "1")
        with pytest.raises(RuntimeError, match="There is no flame graph 7 in this run"):
            flight.ask("export", "flight", "--format", "stacks", "--flame", "7")
        shown = flight.ask("show", "flight")
    assert "burn_here (burner.py:" in stacks
    assert "burn_here (burner.py)" in "".join(ElementTree.fromstring(picture).itertext())
    assert f"flame graph 1 of pid {target.pid} python burner.py" in shown
    assert "--format flamegraph --flame 1" in shown
