"""What is taken from a page of metrics, as people write it."""

import pytest

from vumeter.errors import UsageError
from vumeter.profiles.selectors import selector_of

SHOP = {"job": "shop", "status": "503"}


@pytest.mark.parametrize(
    ("text", "is_chosen"),
    [
        ("m", True),
        ("m{}", True),
        ('m{job="shop"}', True),
        ("m { job = 'shop' , status=~\"5..\", }", True),
        ('m{job="sho"}', False),
        ('m{job=~"sho"}', False),
        ('m{job!="other"}', True),
        ('m{status!~"5.."}', False),
        ('m{gone=""}', True),
        ('m{gone!=""}', False),
        ('m{job="sh.p"}', False),
    ],
)
def test_labels_choose(text: str, is_chosen: bool) -> None:
    assert selector_of(text).accepts(SHOP) is is_chosen


@pytest.mark.parametrize(
    ("text", "is_rate", "combine"),
    [
        ("m", False, "sum"),
        ("rate(m)", True, "sum"),
        ('max( rate( m{a="b"} ) )', True, "max"),
        ("count(m)", False, "count"),
    ],
)
def test_calls_say_what_becomes_of_the_samples(text: str, is_rate: bool, combine: str) -> None:
    selector = selector_of(text)
    assert (selector.metric, selector.is_rate, selector.combine) == ("m", is_rate, combine)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1m",
        "rate(max(m))",
        "rate(m[5m])",
        "m + m",
        'm{a="b"',
        'm{a="("=~}',
        'm{a=~"("}',
        "m" * 501,
    ],
)
def test_what_is_no_selector_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        selector_of(text)


def test_escapes_in_values_are_undone() -> None:
    assert selector_of(r'm{a="x\"y\\z\n"}').accepts({"a": 'x"y\\z\n'})
