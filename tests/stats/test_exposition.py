"""Prometheus' text format, read by Prometheus' own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from vumeter.stats.exposition import (
    BOUNDS_S,
    Family,
    Kind,
    Sample,
    exposition,
    histogram_samples,
)
from vumeter.stats.histogram import TOP_US, histogram_of
from vumeter.stats.plaintext import plain

HOSTILE = 'GET /"}\n# TYPE x counter\\\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}é'


def read(*families: Family) -> dict[str, list[tuple[str, dict[str, str], float]]]:
    return {
        metric.name: [(each.name, each.labels, each.value) for each in metric.samples]
        for metric in text_string_to_metric_families(exposition(families))
    }


@pytest.mark.parametrize(
    ("family", "name", "expected"),
    [
        pytest.param(
            Family("vu_sent_bytes_total", Kind.COUNTER, "Sent.", (Sample(7),)),
            "vu_sent_bytes",
            [("vu_sent_bytes_total", {}, 7.0)],
            id="counter",
        ),
        pytest.param(
            Family("vu_cpu_ratio", Kind.GAUGE, "CPU.", (Sample(0.25, {"core": "0"}),)),
            "vu_cpu_ratio",
            [("vu_cpu_ratio", {"core": "0"}, 0.25)],
            id="gauge",
        ),
    ],
)
def test_what_is_written_is_what_a_scraper_reads(
    family: Family, name: str, expected: list[tuple[str, dict[str, str], float]]
) -> None:
    assert read(family) == {name: expected}


@given(label=st.text() | st.just(HOSTILE))
def test_a_label_comes_back_as_it_is_shown_whatever_is_in_it(label: str) -> None:
    family = Family("vu_requests_total", Kind.COUNTER, "All.", (Sample(1, {"request": label}),))

    [(_, labels, value)] = read(family)["vu_requests"]

    assert (labels, value) == ({"request": plain(label)}, 1.0)


def test_a_family_without_samples_is_not_there() -> None:
    assert exposition([Family("vu_x", Kind.GAUGE, "None.", ())]) == ""


@given(times_us=st.lists(st.integers(0, TOP_US), max_size=50))
def test_buckets_hold_what_is_not_above_their_bound_to_three_digits(times_us: list[int]) -> None:
    samples = histogram_samples(histogram_of(times_us), {"request": "GET /"})
    found = read(Family("vu_seconds", Kind.HISTOGRAM, "Times.", samples))["vu_seconds"]
    buckets = {labels["le"]: value for name, labels, value in found if name.endswith("_bucket")}
    exact = {name: value for name, _, value in found if not name.endswith("_bucket")}

    for bound_s in BOUNDS_S:
        # HdrHistogram's buckets are a thousandth of their value wide, or 1 µs.
        surely = sum(us <= bound_s * 1e6 * 0.999 - 1 for us in times_us)
        maybe = sum(us <= bound_s * 1e6 for us in times_us)
        assert surely <= buckets[f"{bound_s:g}"] <= maybe
    assert buckets["+Inf"] == exact["vu_seconds_count"] == len(times_us)
    assert exact["vu_seconds_sum"] == pytest.approx(sum(times_us) / 1e6)
    assert list(buckets.values()) == sorted(buckets.values())
