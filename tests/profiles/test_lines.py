"""On which line each key stands, however it is written."""

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from vumeter.profiles.lines import DEEPEST, KeyPath, TooDeep, line_index


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("a = 1\nb = 2", ("b",), 2, id="keys"),
        pytest.param("# c\n\n[t]\nx = 1", ("t", "x"), 4, id="table"),
        pytest.param("# c\n\n[t.u]\nx = 1", ("t",), 3, id="table-by-its-child"),
        pytest.param("[t]\na.b.c = 1", ("t", "a", "b", "c"), 2, id="dotted"),
        pytest.param("a . b = 1", ("a", "b"), 1, id="dotted-with-spaces"),
        pytest.param('\n"a b"."c.d" = 1', ("a b", "c.d"), 2, id="quoted"),
        pytest.param("'a\"b' = 1", ('a"b',), 1, id="literal-key"),
        pytest.param(r'"\u00e9\t" = 1', ("é\t",), 1, id="escaped-key"),
        pytest.param("[[a]]\nx=1\n[[a]]\nx=2", ("a", 1, "x"), 4, id="array-of-tables"),
        pytest.param("[[a]]\n[[a.b]]\n[[a.b]]\nx=1", ("a", 0, "b", 1, "x"), 4, id="nested-arrays"),
        pytest.param("[[a]]\n[a.b]\nx=1", ("a", 0, "b", "x"), 3, id="table-in-array"),
        pytest.param("a = [\n 1,\n # two\n 2\n]", ("a", 1), 4, id="list-over-lines"),
        pytest.param("a = [\n {b = 1},\n {b = [\n 2]}]", ("a", 1, "b", 0), 4, id="inline-tables"),
        pytest.param("a = {b = {c = 1}, d = 2}", ("a", "d"), 1, id="inline-table"),
        pytest.param('a = """\n[x]\nb = 1\n"""\nc = 1', ("c",), 5, id="text-over-lines"),
        pytest.param("a = '''\n'x'\n'''\nc = 1", ("c",), 4, id="literal-over-lines"),
        pytest.param('a = """x""""\nc = 1', ("c",), 2, id="four-quotes"),
        pytest.param('a = "x # ] }"\nc = 1', ("c",), 2, id="marks-in-text"),
        pytest.param("a = 1979-05-27 07:32:00\nc = 1", ("c",), 2, id="date-with-space"),
        pytest.param("a = 1 # ] \nc = 1", ("c",), 2, id="comment-behind"),
    ],
)
def test_a_key_is_found_on_its_line(text: str, path: KeyPath, line: int) -> None:
    tomllib.loads(text)
    assert line_index(text)[path] == line


DOCUMENTS = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(st.characters(codec="utf-8"), max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def paths_in(value: object, at: KeyPath = ()) -> set[KeyPath]:
    match value:
        case dict():
            below = [paths_in(each, (*at, key)) for key, each in value.items()]
        case list():
            below = [paths_in(each, (*at, index)) for index, each in enumerate(value)]
        case _:
            below = []
    return set.union({at} if at else set(), *below)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=5), DOCUMENTS, max_size=5), st.booleans())
def test_every_key_of_any_document_has_a_line(document: dict[str, object], lines: bool) -> None:
    text = tomli_w.dumps(document, multiline_strings=lines).replace("\r\n", "\n")
    found = line_index(text)
    # A parser takes a carriage return before a line break away; keys stay the same.
    assert found.keys() == paths_in(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@pytest.mark.parametrize("text", ["a = [", "a = {", "[a", "= 1", 'a = "', "a", "\x00", "]"])
def test_what_is_not_toml_ends_the_scan_without_a_word(text: str) -> None:
    assert line_index("x = 1\n" + text)[("x",)] == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 100_000, id="lists"),
        pytest.param("a = " + "{a = " * 100_000, id="tables"),
        pytest.param(".".join("a" * 100_000) + " = 1", id="dotted-key"),
        pytest.param("[" + ".".join("a" * 100_000) + "]", id="header"),
    ],
)
def test_a_bomb_is_given_up_on_at_once(text: str) -> None:
    with pytest.raises(TooDeep) as refused:
        line_index("\n" + text)
    assert refused.value.line == 2


def test_the_deepest_allowed_is_allowed() -> None:
    path = ("a",) * DEEPEST
    assert line_index(".".join(path) + " = 1")[path] == 1
