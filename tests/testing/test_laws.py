import pytest

from vumeter.errors import UsageError
from vumeter.testing.lawbook import parse_law
from vumeter.testing.laws import bimodal, by_path, fixed


def test_a_fixed_law_takes_the_same_for_all() -> None:
    assert {fixed(0.02)(path, number) for path in "ab" for number in range(9)} == {0.02}


def test_a_bimodal_law_is_exact_in_every_thousand_and_spread_over_it() -> None:
    law = bimodal(0.005, 0.05, slow_ratio=0.1)
    times = [law("/", number) for number in range(2000)]
    assert times[:1000].count(0.05) == times[1000:].count(0.05) == 100
    # 100 of 1000 at random: a stretch of 200 holds 20 ± 4; bunched, it would hold 0 or 100.
    assert all(5 <= times[i : i + 200].count(0.05) <= 40 for i in range(0, 1000, 200))


def test_a_law_by_path_knows_its_paths_and_leaves_queries_aside() -> None:
    law = by_path({"/slow": 0.2}, otherwise_s=0.001)
    assert [law(path, 0) for path in ("/slow", "/slow?x=1", "/slower")] == [0.2, 0.2, 0.001]


@pytest.mark.parametrize(
    ("text", "path", "expected_s"),
    [
        ("none", "/", 0),
        ("fixed:20ms", "/", 0.02),
        ("fixed:20", "/", 20),
        ("bimodal:5ms,50ms,100%", "/", 0.05),
        ("bimodal:5ms,50ms,0%", "/", 0.005),
        ("path:/a=5ms,/b=1s", "/b", 1),
        ("path:/a=5ms,/b=1s", "/c", 0),
    ],
)
def test_a_law_is_read_from_text(text: str, path: str, expected_s: float) -> None:
    assert parse_law(text)(path, 0) == expected_s


@pytest.mark.parametrize("text", ["", "fixed", "fixed:", "bimodal:5ms,50ms", "warp:9"])
def test_what_is_no_law_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError):
        parse_law(text)
