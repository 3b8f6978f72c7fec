"""Numbers with units, as they are written and as they are shown."""

import pytest

from vumeter.model.verdict import Unit
from vumeter.thresholds.amounts import EXAMPLES, amount_text, parse_amount


@pytest.mark.parametrize("unit", Unit)
def test_every_unit_has_an_example_and_a_bare_number(unit: Unit) -> None:
    assert EXAMPLES[unit]
    assert parse_amount("0.5", unit) == parse_amount(".5", unit) == 0.5
    assert amount_text(0.5, unit)


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("text", ["", "-1", "+1", "1e", "nan", "inf", "1x", "%", "ms"])
def test_what_is_no_number_is_none(text: str, unit: Unit) -> None:
    assert parse_amount(text, unit) is None


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.25, Unit.MS, "250µs"),
        (1.234, Unit.MS, "1.23ms"),
        (241.3, Unit.MS, "241ms"),
        (1902.4, Unit.MS, "1.9s"),
        (90_000, Unit.MS, "1m30s"),
        (0.0, Unit.RATIO, "0%"),
        (0.5, Unit.RATIO, "50%"),
        (0.000_123, Unit.RATIO, "0.0123%"),
        (83.0, Unit.PERCENT, "83%"),
        (12_345, Unit.COUNT, "12345"),
        (401.72, Unit.PER_S, "402/s"),
        (12_300_000, Unit.BYTES, "12.3MB"),
        (999, Unit.BYTES, "999B"),
        (2_000_000, Unit.BYTES_PER_S, "2MB/s"),
    ],
)
def test_a_number_is_shown_short_and_with_its_unit(value: float, unit: Unit, text: str) -> None:
    assert amount_text(value, unit) == text
