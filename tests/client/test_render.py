"""Requests as they go over the wire."""

import json
from urllib.parse import parse_qsl

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.render import Number, compiled
from vumeter.errors import UsageError
from vumeter.model.flow import Request


class Seen:
    """A request as llhttp reads it: a second opinion on our bytes."""

    def __init__(self, data: bytes) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.complete = 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.method = parser.get_method()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete += 1


def rendered(request: Request, variables=None, *, keep_alive: bool = True) -> bytes:
    return compiled(request, keep_alive=keep_alive).render(variables or {})


def test_a_bare_get_is_a_request_line_and_a_host() -> None:
    request = Request(name="x", url="http://localhost:8000/a?b=c")
    assert rendered(request) == b"GET /a?b=c HTTP/1.1\r\nHost: localhost:8000\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://h", b"/", b"h"),
        ("http://h:80/", b"/", b"h"),
        ("https://h:443/", b"/", b"h"),
        ("https://h:80/", b"/", b"h:80"),
        ("http://[::1]:8080/x", b"/x", b"[::1]:8080"),
        ("http://h?q=1", b"/?q=1", b"h"),
        ("http://h/a b/ü?x=a b", b"/a%20b/%C3%BC?x=a%20b", b"h"),
        ("http://h/a%20b", b"/a%20b", b"h"),
        ("http://h/x#fragment", b"/x", b"h"),
        ("http://bücher.example/", b"/", b"xn--bcher-kva.example"),
    ],
)
def test_path_and_host_follow_from_the_url(url, line, host) -> None:
    seen = Seen(rendered(Request(name="x", url=url)))
    assert seen.url == line
    assert seen.headers == [(b"Host", host)]


def test_headers_keep_their_order_and_the_users_host_wins() -> None:
    headers = (("X-B", "1"), ("Host", "other"), ("X-A", "2"), ("X-B", "3"))
    seen = Seen(rendered(Request(name="x", url="http://h/", headers=headers)))
    assert seen.headers == [(n.encode(), v.encode()) for n, v in headers]


def test_without_keep_alive_the_request_says_so() -> None:
    assert b"\r\nConnection: close\r\n" in rendered(
        Request(name="x", url="http://h/"), keep_alive=False
    )


def test_credentials_in_the_url_become_a_header_and_leave_the_host() -> None:
    seen = Seen(rendered(Request(name="x", url="http://me:p%40ss@h/")))
    assert seen.headers == [(b"Host", b"h"), (b"Authorization", b"Basic bWU6cEBzcw==")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_that_has_a_body_says_so_when_it_is_empty(method) -> None:
    seen = Seen(rendered(Request(name="x", url="http://h/", method=method)))
    assert (b"Content-Length", b"0") in seen.headers


def test_variables_are_written_as_their_place_asks_for() -> None:
    request = Request(
        name="x",
        url="http://h/items/{{ id }}?q={{q}}",
        method="POST",
        headers=(("Authorization", "Bearer {{token}}"),),
        body=b'{"id": "{{id}}"}',
    )
    data = rendered(request, {"id": "a/b ü", "q": "1&2", "token": "t\r\nX-Evil: 1"})
    seen = Seen(data)
    assert seen.url == b"/items/a%2Fb%20%C3%BC?q=1%262"
    assert (b"Authorization", b"Bearer t  X-Evil: 1") in seen.headers
    assert seen.body == '{"id": "a/b ü"}'.encode()
    assert seen.complete == 1


def test_a_variable_that_was_not_extracted_yet_is_empty() -> None:
    assert Seen(rendered(Request(name="x", url="http://h/{{id}}"))).url == b"/"


@pytest.mark.parametrize(
    ("name", "value"), [("X", "a\r\nb"), ("X Y", "a"), ("X:", "a"), ("", "a"), ("X", "\0")]
)
def test_a_header_that_would_break_the_request_is_refused(name, value) -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        compiled(Request(name="x", url="http://h/", headers=((name, value),)), keep_alive=True)


@pytest.mark.parametrize("url", ["", "h", "ftp://h/", "http://", "http://h:99999/", "//h/"])
def test_what_is_no_target_is_refused(url) -> None:
    with pytest.raises(UsageError):
        compiled(Request(name="x", url=url), keep_alive=True)


JSON = (("Content-Type", "application/json; charset=utf-8"),)
FORM = (("content-type", "application/x-www-form-urlencoded"),)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_value_within_a_json_string_stays_within_it(value, other) -> None:
    body = b'{"a": "x{{v}}y", "b": ["{{w}}", 1]}'
    request = Request(name="x", url="http://h/", method="POST", headers=JSON, body=body)
    seen = Seen(rendered(request, {"v": value, "w": other}))
    assert json.loads(seen.body) == {"a": f"x{value}y", "b": [other, 1]}


def test_a_value_outside_of_json_strings_is_written_as_json() -> None:
    body = b'{"quoted \\" brace": "{{s}}", "n": {{n}}, "o": {{o}}}'
    request = Request(name="x", url="http://h/", method="POST", headers=JSON, body=body)
    seen = Seen(rendered(request, {"s": '"', "n": "5", "o": '{"a":[1]}'}))
    assert json.loads(seen.body) == {'quoted " brace': '"', "n": 5, "o": {"a": [1]}}


@given(st.text(max_size=30))
def test_a_value_within_a_form_stays_within_its_field(value) -> None:
    request = Request(name="x", url="http://h/", method="POST", headers=FORM, body=b"a={{v}}&b=1")
    seen = Seen(rendered(request, {"v": value}))
    fields = parse_qsl(seen.body.decode(), keep_blank_values=True)
    assert fields == [("a", value), ("b", "1")]


def texts(request: Request) -> list[str]:
    """Return what stands between braces, as the compiler of expressions is given it."""
    found: list[str] = []

    def note(text: str):
        found.append(text)
        return lambda scope: "v"

    compiled(request, keep_alive=True, value=note)
    return found


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"{{a}}{{b}}", (), ["a", "b"]),
        (b"{{ choice(a, 'b}}c') }}", (), [" choice(a, 'b}}c') "]),
        (b'{"a": "{{choice(\\"b, c\\", d)}}"}', JSON, ['choice("b, c", d)']),
        ("{{choice(ä, ö)}}".encode(), (), ["choice(ä, ö)"]),
        (b'{"a": {"b": {}}}', JSON, []),
        (b"{{1}} {{ }} {{}} {{-", (), []),
        (b"\xff{{a", (), []),
        (b"\xff{{a}}", (), ["a"]),
    ],
)
def test_expressions_are_found_where_they_stand(body, headers, expected) -> None:
    request = Request(name="x", url="http://h/", method="POST", headers=headers, body=body)
    assert texts(request) == expected


def test_expressions_may_stand_anywhere_after_the_host() -> None:
    request = Request(
        name="x", url="http://h/{{f(a b)}}/x?q={{g(1, 2)}}", headers=(("A", "b {{h}} {{i}}"),)
    )
    assert texts(request) == ["f(a b)", "g(1, 2)", "h", "i"]
    line = b"GET /v/x?q=v HTTP/1.1\r\n"
    template = compiled(request, keep_alive=True, value=lambda text: lambda scope: "v")
    assert template.render(None).startswith(line)
    assert not template.is_constant


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (Request(name="x", url="http://h/ab{{c"), "url, character 12"),
        (
            Request(name="x", url="http://h/", headers=(("A", "{{b('c)}}"),)),
            "header A, character 1",
        ),
        (Request(name="x", url="http://h/", method="PUT", body=b"ab {{c}"), "body, character 4"),
        (Request(name="x", url="http://h/{{a + b}}"), "url, character 10"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said_with_its_place(request_, place) -> None:
    with pytest.raises(UsageError, match=f'Request "x", {place}'):
        compiled(request_, keep_alive=True)


def test_the_host_has_no_expressions() -> None:
    with pytest.raises(UsageError, match="in its host"):
        compiled(Request(name="x", url="http://{{h}}/"), keep_alive=True)


@given(st.binary(max_size=200), st.text(max_size=50))
def test_any_body_arrives_to_the_byte_whatever_is_put_into_it(body, value) -> None:
    # Braces of its own would be an expression, or half of one.
    body = body.replace(b"{", b"[")
    request = Request(name="x", url="http://h/", method="POST", body=body + b"{{v}}")
    seen = Seen(rendered(request, {"v": value}))
    assert seen.complete == 1
    assert seen.body == body + value.encode()


PARTS = st.lists(
    st.sampled_from(["a", "{{x}}", "{{y}}", "%", "%d", "%%b", "/", "?", "=", "ü", '"', "-"]),
    max_size=8,
).map("".join)


@given(PARTS, PARTS, PARTS, st.sampled_from([(), JSON, FORM]), st.integers(), st.integers(0, 10**6))
def test_a_number_is_written_as_its_digits_are(path, header, body, content_type, x, y) -> None:
    scope = {"x": x, "y": y}
    request = Request(
        name="x",
        url=f"http://h/{path}",
        method="POST",
        headers=(*content_type, ("A", header)),
        body=body.encode(),
    )
    by_number, by_text = (
        compiled(request, keep_alive=True, value=value)
        for value in (
            lambda name: Number(lambda scope: scope[name]),
            lambda name: lambda scope: str(scope[name]),
        )
    )
    assert by_number.render(scope) == by_text.render(scope)


def by_hand(text: str, scope: dict[str, str]) -> str:
    """Put values into *text* the plain way."""
    for name, value in scope.items():
        text = text.replace("{{" + name + "}}", value)
    return text


@given(PARTS, PARTS, st.text("%bd", max_size=5), st.text("%d-", max_size=5))
def test_a_template_is_what_replacing_by_hand_gives(header, body, x, y) -> None:
    scope = {"x": x, "y": y}
    request = Request(
        name="x", url="http://h/", method="POST", headers=(("A", header),), body=body.encode()
    )
    content = by_hand(body, scope).encode()
    head = f"POST / HTTP/1.1\r\nHost: h\r\nA: {by_hand(header, scope)}\r\n"
    framing = f"Content-Length: {len(content)}\r\n\r\n"
    assert rendered(request, scope) == (head + framing).encode() + content
