"""A script's requests as bytes, and what cannot be one."""

import pytest

from vumeter.client.origin import origin_of
from vumeter.script.call import Manner, absolute, body_of, path_of, with_params

HERE = origin_of("http://localhost/")


def test_a_request_is_framed_by_its_body() -> None:
    got = Manner("GET", HERE).payload("/a")
    assert got == b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"
    posted = Manner("POST", HERE, content_type="text/plain").payload("/a", b"ab")
    assert posted.endswith(b"\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab")
    assert b"Content-Length: 0" in Manner("POST", HERE).payload("/")
    own = Manner("POST", HERE, headers={"Content-Length": "2"})
    assert own.payload("/", b"ab").count(b"Content-Length") == 1


def test_what_the_script_says_of_a_header_goes_before_ours() -> None:
    headers = {"host": "shop", "Content-Type": "x/y", "Connection": "close"}
    manner = Manner("PUT", HERE, headers=headers, content_type="application/json", keep_alive=False)
    text = manner.payload("/", b"1")
    assert text.lower().count(b"host:") == text.lower().count(b"content-type:") == 1
    assert text.count(b"Connection: close") == 1


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET /x", {}, id="method"),
        pytest.param("GET", {"X": "a\r\nY: b"}, id="value"),
        pytest.param("GET", {"X: a": "b"}, id="name"),
    ],
)
def test_nothing_can_be_smuggled_into_a_head(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not|cannot be sent"):
        Manner(method, HERE, headers=headers)


@pytest.mark.parametrize("limits", [{"timeout_s": 0.0}, {"redirects": -1}])
def test_limits_that_cannot_be_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="timeout must be above 0"):
        Manner("GET", HERE, **limits)


def test_what_has_one_name_in_one_manner_is_one_call() -> None:
    manner = Manner("GET", HERE)
    assert manner.call("a") is manner.call("a")
    assert manner.call("b").manner is manner


@pytest.mark.parametrize("url", ["quotes", "ftp://localhost/", "http://", "http:///x"])
def test_a_url_is_a_path_or_whole(url: str) -> None:
    assert absolute("http://a/api/", "/x") == "http://a/api/x"
    assert absolute("http://a", "https://b/x") == "https://b/x"
    with pytest.raises(ValueError, match="neither a path"):
        absolute("http://a", url)


def test_what_is_not_for_a_request_line_is_quoted() -> None:
    assert path_of("http://a/b c\r\n?q=ü&r=%20#f") == "/b%20c?q=%C3%BC&r=%20"
    assert with_params("http://a/?x=1", {"q": ["a b", 2]}) == "http://a/?x=1&q=a+b&q=2"


def test_a_request_has_one_body() -> None:
    assert body_of({"a": 1}, None) == (b'{"a":1}', "application/json")
    assert body_of(None, {"a": "b c"}) == (b"a=b+c", "application/x-www-form-urlencoded")
    assert body_of(None, "ü") == ("ü".encode(), "")
    with pytest.raises(ValueError, match="one body"):
        body_of({}, b"x")
