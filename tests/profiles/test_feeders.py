"""Rows of data, from files and from the profile itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.errors import ProfileError
from vumeter.model.plan import Feeder, FeederOrder, Plan

Loaded = Callable[..., Plan]
HEAD = 'target = "http://x"\n[scenarios.main]\nsteps = ["/"]\n[feeders.users]\n'


def feeder(loaded: Loaded, keys: str) -> Feeder:
    return loaded(HEAD + keys).feeders[0]


def test_a_csv_has_a_line_of_names_and_then_rows(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_bytes(
        b'\xef\xbb\xbfmail, name\r\nada@x,"Ada, L."\r\n\r\nbob@x,"B\nB"\r\n'
    )
    assert feeder(loaded, 'file = "users.csv"\norder = "unique"') == Feeder(
        name="users",
        columns=("mail", "name"),
        rows=(("ada@x", "Ada, L."), ("bob@x", "B\nB")),
        order=FeederOrder.UNIQUE,
    )


def test_json_lines_have_the_same_keys_in_any_order(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "u.jsonl").write_text('{"a": "x", "b": 1}\n\n{"b": [1, null], "a": true}\n')
    made = feeder(loaded, 'file = "u.jsonl"')
    assert made.columns == ("a", "b")
    assert made.rows == (("x", "1"), ("true", "[1,null]"))


def test_rows_may_stand_in_the_profile(loaded: Loaded) -> None:
    made = feeder(loaded, 'columns = ["a", "b"]\nrows = [["x", 1], [true, 2.5]]')
    assert made.rows == (("x", "1"), ("true", "2.5"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("a,b\n1,2\n3\n", "row 2 has 1 values for 2 columns", id="short-row"),
        pytest.param("a,b\n", "has no rows", id="no-rows"),
        pytest.param("", "has no rows", id="empty"),
        pytest.param("a,\n1,2\n", "a column without a name", id="no-name"),
        pytest.param("a,a\n1,2\n", "two columns of the same name", id="twice"),
        pytest.param('a\n"x\n', "line 2: unexpected end of data", id="open-quote"),
        pytest.param("a\n\xff\n", "is not UTF-8 text", id="latin-1"),
    ],
)
def test_a_csv_that_is_none_is_said_so(
    loaded: Loaded, tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "users.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(ProfileError) as refused:
        feeder(loaded, 'file = "users.csv"')
    assert words in str(refused.value)
    assert "p.toml:5: feeders.users.file:" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param('{"a": 1}\n[1]\n', "line 2: not a JSON object", id="list"),
        pytest.param('{"a": 1}\n{"b": 1}\n', "line 2: other keys", id="other-keys"),
        pytest.param('{"a": ' + "[" * 100_000, "line 1: not a JSON object", id="bomb"),
    ],
)
def test_json_lines_that_are_none_are_said_so(
    loaded: Loaded, tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "users.jsonl").write_text(content)
    with pytest.raises(ProfileError) as refused:
        feeder(loaded, 'file = "users.jsonl"')
    assert words in str(refused.value)
