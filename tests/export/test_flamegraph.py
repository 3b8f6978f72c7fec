"""A flame graph as a picture: what a browser makes of it, also of hostile names."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
import resvg_py

from vumeter.export.flamegraph import svg
from vumeter.model.flame import Flame

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script> (a.py:1);]]>\"'&amp;[red] (b.py:2);\x1b[31mr\x00\ud800 (c.py:3) 30",
    "<script>alert(1)</script> (a.py:1);other (b.py:9) 70",
)


def flame(*stacks: str, title: str = "python3 -m shop") -> Flame:
    return Flame(
        id=1,
        second=8.0,
        duration_s=10.0,
        rate_per_s=100,
        pid=811,
        title=title,
        samples=100,
        stacks="\n".join(stacks),
    )


def drawn(*stacks: str, **fields: str) -> ElementTree.Element:
    return ElementTree.fromstring("".join(svg(flame(*stacks, **fields))).encode())


def test_a_box_is_as_wide_as_its_share_of_the_samples() -> None:
    root = drawn("main (a.py:1);burn_here (a.py:5) 75", "main (a.py:1);rest (a.py:9) 25")
    width = {
        group.findtext(f"{SVG}title", "").partition(" (")[0]: float(
            group.find(f"{SVG}rect").attrib["width"]
        )
        for group in root.iter(f"{SVG}g")
    }
    assert width["burn_here"] / width["main"] == pytest.approx(0.75, abs=0.001)
    assert width["rest"] / width["main"] == pytest.approx(0.25, abs=0.001)
    assert "75 samples, 75.0 %; 75 of its own" in ElementTree.tostring(root, encoding="unicode")


def test_hostile_names_are_text_and_nothing_in_it_is_fetched_or_executed() -> None:
    root = drawn(*HOSTILE, title='<b onload="x()">\x1b[31m')
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert names == {"svg", "title", "rect", "text", "g"}
    attributes = {key for element in root.iter() for key in element.attrib}
    assert not any(key.startswith("on") or "href" in key for key in attributes)
    told = "".join(root.itertext())
    assert "<script>alert(1)</script>" in told, "it is there, as text"
    assert "\x1b" not in told and "\x00" not in told


def test_a_flame_graph_of_nothing_is_a_picture_too() -> None:
    assert drawn().findtext(f"{SVG}title") == "pid 811 python3 -m shop"


def test_boxes_that_nobody_could_see_are_left_out() -> None:
    root = drawn("main (a.py:1) 1000000", "main (a.py:1);never (a.py:2) 1")
    assert "never" not in "".join(root.itertext())


def test_another_program_draws_it(tmp_path: Path) -> None:
    picture = resvg_py.svg_to_bytes(svg_string="".join(svg(flame(*HOSTILE))))
    assert bytes(picture).startswith(b"\x89PNG")
