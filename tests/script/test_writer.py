"""What a script asks for, written: what is kept from before makes no difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.origin import origin_of
from vumeter.profiles.targets import request_name
from vumeter.script.call import Manner, absolute, body_of, path_of, with_params
from vumeter.script.writer import Writer

TARGETS = ["http://localhost:8000", "http://localhost:8000/api/", "https://[::1]/a b"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PATHS = st.one_of(TEXT.map("/".__add__), st.just("http://127.0.0.1:81/x?y"))
HEADERS = st.none() | st.dictionaries(
    st.sampled_from(["X-A", "x-b", "Content-Type", "Host"]),
    st.text("abc 1%", max_size=5),
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "params": st.dictionaries(TEXT, TEXT, max_size=2),
        "headers": HEADERS,
        "json": st.integers() | st.lists(TEXT, max_size=2),
    },
)


def plainly(target: str, method: str, url: str, **asked) -> bytes:
    """Write a request step by step, with nothing kept."""
    whole = with_params(absolute(target, url), asked.get("params"))
    body, content_type = body_of(asked.get("json"), None)
    manner = Manner(
        method, origin_of(whole), headers=asked.get("headers"), content_type=content_type
    )
    return manner.payload(path_of(whole), body)


@given(
    target=st.sampled_from(TARGETS),
    method=st.sampled_from(["GET", "POST"]),
    requests=st.lists(st.tuples(PATHS, ASKED), min_size=1, max_size=4),
)
def test_a_request_is_written_as_if_it_were_the_first(target, method, requests) -> None:
    writer = Writer(target=target, timeout_s=1.0, keep_alive=True)
    for url, asked in requests * 2:
        expected = plainly(target, method, url, **asked)
        call, payload = writer.written(method, url, None, None, 0, **asked)
        assert payload == expected
        assert call.name == request_name(method, path_of(absolute(target, url)))
        if not asked:
            assert writer.plain(method, url, None, None, 0) == (call, payload)


def test_headers_that_look_alike_are_not_taken_for_each_other() -> None:
    writer = Writer(target="http://localhost", timeout_s=1.0, keep_alive=True)
    sent = [
        writer.written("GET", "/", "a", None, 0, headers={"X": value})[1] for value in (1, True)
    ]
    assert b"X: 1\r\n" in sent[0]
    assert b"X: True\r\n" in sent[1]


def test_made_up_names_urls_and_headers_do_not_fill_the_memory() -> None:
    writer = Writer(target="http://localhost", timeout_s=1.0, keep_alive=True)
    for number in range(5000):
        writer.plain("GET", f"/{number}", None, None, 0)
        writer.written("GET", "/", "a", None, 0, headers={"X": str(number)})
    assert len(writer._known) <= 1000
    assert len(writer._manners) <= 4001


@pytest.mark.parametrize("url", ["//localhost/x", "/a#b", "/a b"])
def test_a_path_that_is_not_plain_is_quoted_first(url: str) -> None:
    writer = Writer(target="http://localhost", timeout_s=1.0, keep_alive=True)
    [line, *_] = writer.plain("GET", url, "a", None, 0)[1].split(b"\r\n")
    assert line == f"GET {path_of('http://localhost' + url)} HTTP/1.1".encode()
