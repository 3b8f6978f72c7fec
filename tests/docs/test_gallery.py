"""The gallery has every screenshot, and each is a picture that stands alone."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = sorted((ROOT / "screenshots").glob("*.svg"))


def test_the_gallery_has_every_screenshot_and_no_other() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(\.\./screenshots/([\w-]+\.svg)\)", page)
    assert sorted(shown) == [picture.name for picture in PICTURES]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_screenshot_needs_nothing_from_elsewhere(picture: Path) -> None:
    root = ElementTree.parse(picture).getroot()
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {element.tag.rpartition("}")[2] for element in root.iter()} & {"script", "image"}
    assert not any("href" in name or name.startswith("on") for name in attributes)
    assert root.findtext("{http://www.w3.org/2000/svg}title", "").startswith("vumeter: ")
