"""Still pictures: every value has its place, and nothing that a name says is drawn as markup."""

import math
import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from vumeter.model.metric import Unit
from vumeter.report.charts import Limit, charts_of
from vumeter.report.course import course
from vumeter.report.panels import OVERVIEW, Line, Panel, panels_of
from vumeter.report.raster import png_bytes
from vumeter.report.svg import figure
from vumeter.testing.seconds import MadeUpRun

NS = "{http://www.w3.org/2000/svg}"


def drawn(panel: Panel) -> Element:
    return fromstring(figure([panel]))


def panel(values: list[float | None], **more: object) -> Panel:
    xs = [float(at) for at in range(len(values))]
    fields = {"title": "p95 </text><script>", "unit": Unit.MS, "xs": xs} | more
    return Panel(lines=[Line(title="a<b", values=values)], **fields)  # type: ignore[arg-type]


def test_points_stand_where_their_values_are_and_gaps_are_gaps() -> None:
    it = drawn(panel([0.0, 50.0, None, 100.0, 25.0]))
    (path,) = it.iter(f"{NS}path")
    points = re.findall(r"([ML])([\d.]+) ([\d.]+)", path.attrib["d"])
    assert [letter for letter, _, _ in points] == ["M", "L", "M", "L"]
    heights = [float(y) for _, _, y in points]
    # A linear scale from zero: half of the value is half of the way up.
    assert heights[0] - heights[1] == pytest.approx((heights[0] - heights[2]) / 2, abs=0.2)
    assert heights[0] - heights[3] == pytest.approx((heights[0] - heights[2]) / 4, abs=0.2)
    texts = [text.text for text in it.iter(f"{NS}text")]
    assert "p95 </text><script>" in texts and "a<b" in texts and "0µs" in texts
    assert not list(it.iter(f"{NS}script"))


def test_limits_far_above_the_values_do_not_flatten_them() -> None:
    near = drawn(panel([100.0] * 5, limits=[Limit(ms=150.0, text="p95<150ms")]))
    far = drawn(panel([100.0] * 5, limits=[Limit(ms=5_000.0, text="p95<5s")]))
    assert "p95<150ms" in [text.text for text in near.iter(f"{NS}text")]
    assert "p95<5s" not in [text.text for text in far.iter(f"{NS}text")]


@pytest.mark.parametrize("values", [[], [None, None], [0.0, 0.0], [1e-6], [1e12, 1.0]])
def test_whatever_was_measured_is_drawn(values: list[float | None]) -> None:
    for number in re.findall(r"[-\d.]+", figure([panel(values)]).partition("<g")[2]):
        assert number.strip("-.") == "" or math.isfinite(float(number.strip("-.")))


def test_every_chart_of_a_run_can_be_drawn_and_the_four_of_the_figure_stand_in_two_rows() -> None:
    run = MadeUpRun(endpoints=2, requests=10)
    it = course(map(run.reading, range(30)), span_s=1)
    panels = panels_of(it, charts_of(it), ())
    assert {"host-busiest-core", "postgres-waits", "vus"} < set(panels)
    for key, make in panels.items():
        assert list(drawn(make()).iter(f"{NS}g")), key
    svg = fromstring(figure([panels[key]() for key in OVERVIEW], columns=2))
    places = [group.attrib["transform"] for group in svg.iter(f"{NS}g")]
    assert places == [
        "translate(0 0)",
        "translate(640 0)",
        "translate(0 320)",
        "translate(640 320)",
    ]
    # The bars of the distribution hold every request.
    assert sum(panels["distribution"]().bars) == 30 * 2 * 10


def test_a_picture_is_a_png_of_twice_its_size() -> None:
    pytest.importorskip("resvg_py", reason="resvg is an extra: pip install vumeter[png]")
    content = png_bytes(figure([panel([1.0, 2.0])]))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    assert size == (1280, 640)
