"""Redirects: where they lead, what is sent there, and which are not followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.origin import Origin
from vumeter.client.redirects import RedirectError, redirected, target_of, with_cookies

HERE = Origin("http", "shop.example", 8000)
GET = b"GET /a/b?c=1 HTTP/1.1\r\nHost: shop.example:8000\r\n\r\n"
POST = (
    b"POST /a HTTP/1.1\r\nHost: shop.example:8000\r\nAuthorization: Basic eA==\r\n"
    b"content-type: text/plain\r\nX-Kept: 1\r\nCookie: id=7\r\nContent-Length: 2\r\n\r\nhi"
)


def followed(location: bytes, *, payload: bytes = GET, status: int = 302):
    return redirected(payload, origin=HERE, status=status, location=location)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        pytest.param(b"/x", "http://shop.example:8000/x", id="a path"),
        pytest.param(b"x", "http://shop.example:8000/a/x", id="relative"),
        pytest.param(b"../x", "http://shop.example:8000/x", id="upwards"),
        pytest.param(b"../../../x", "http://shop.example:8000/x", id="above the top"),
        pytest.param(b"?d=2", "http://shop.example:8000/a/b?d=2", id="a query alone"),
        pytest.param(b"", "http://shop.example:8000/a/b?c=1", id="nothing"),
        pytest.param(b"http:///x", "http://shop.example:8000/x", id="no host"),
        pytest.param(b"/x#part", "http://shop.example:8000/x", id="a fragment"),
        pytest.param(b"//other/x", "http://other:80/x", id="another host, the same scheme"),
        pytest.param(b"https://other/x", "https://other:443/x", id="absolute"),
        pytest.param(b"HTTPS://OTHER", "https://other:443/", id="capitals, and no path"),
        pytest.param(b"http://[::1]:8080/", "http://::1:8080/", id="an IPv6 address"),
        pytest.param(b"http://u:p@other/", "http://other:80/", id="credentials in it"),
        pytest.param(b"/a b\xc3\xa9", "http://shop.example:8000/a%20b%C3%A9", id="not encoded"),
        pytest.param(b"/\xe9", "http://shop.example:8000/%C3%A9", id="Latin-1"),
        pytest.param("http://bücher.example/".encode(), "http://bücher.example:80/", id="IDNA"),
    ],
)
def test_a_location_is_resolved_against_the_request(location, url) -> None:
    hop = followed(location)
    target = target_of(hop.payload).decode()
    assert f"{hop.origin.scheme}://{hop.origin.host}:{hop.origin.port}{target}" == url


@pytest.mark.parametrize(
    "location",
    [
        b"javascript:alert(1)",
        b"ftp://shop.example/",
        b"file:///etc/passwd",
        b"data:text/html,x",
        b"http://h:0/",
        b"http://h:99999/",
        b"http://h:x/",
        b"http://[::1/",
        b"http://a b/",
        b"http://a\x00b/",
        b"http://" + b"a" * 70 + b"\xc3\xbc.example/",
    ],
)
def test_a_location_that_no_load_can_be_sent_to_is_refused(location) -> None:
    with pytest.raises(RedirectError):
        followed(location)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_becomes_a_get_without_what_described_its_body(status) -> None:
    assert followed(b"/x", payload=POST, status=status).payload == (
        b"GET /x HTTP/1.1\r\nHost: shop.example:8000\r\nAuthorization: Basic eA==\r\n"
        b"X-Kept: 1\r\nCookie: id=7\r\n\r\n"
    )


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_stays_a_post_where_the_status_says_so(status) -> None:
    assert followed(b"/x", payload=POST, status=status).payload == POST.replace(b"/a", b"/x", 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_head_stays_head(status) -> None:
    hop = followed(b"/x", payload=GET.replace(b"GET", b"HEAD"), status=status)
    assert hop.payload.startswith(b"HEAD /x HTTP/1.1\r\n")


@pytest.mark.parametrize("location", [b"http://other/", b"http://shop.example/", b"//e.vil"])
def test_another_origin_gets_no_credentials(location) -> None:
    payload = followed(location, payload=POST, status=307).payload
    assert b"Authorization" not in payload
    assert b"Cookie" not in payload
    assert payload.endswith(b"X-Kept: 1\r\nContent-Length: 2\r\n\r\nhi")
    assert payload.count(b"Host: ") == 1
    assert b"Host: shop.example:8000" not in payload


def test_a_host_header_of_ones_own_is_kept_at_the_same_origin() -> None:
    payload = b"GET / HTTP/1.1\r\nHost: virtual\r\n\r\n"
    assert b"Host: virtual" in followed(b"/x", payload=payload).payload
    assert b"Host: other\r\n" in followed(b"http://other/", payload=payload).payload


@given(st.binary(max_size=200).filter(lambda text: b"\r" not in text and b"\n" not in text))
def test_no_location_can_write_a_header_or_a_request_of_its_own(location) -> None:
    try:
        hop = followed(location)
    except RedirectError:
        return
    head, _, body = hop.payload.partition(b"\r\n\r\n")
    assert body == b""
    line, host = head.split(b"\r\n")
    assert line.startswith(b"GET /")
    assert line.endswith(b" HTTP/1.1")
    assert line.count(b" ") == 2
    assert host.startswith(b"Host: ")
    assert line.isascii()


def test_a_cookie_header_is_added_but_never_a_second_one() -> None:
    assert with_cookies(GET, b"a=1; b=2").endswith(b"8000\r\nCookie: a=1; b=2\r\n\r\n")
    assert with_cookies(POST, b"a=1") == POST
    # A body is not a header, whatever stands in it.
    tricky = POST.replace(b"Cookie: id=7\r\n", b"") + b"\r\ncookie: x"
    assert with_cookies(tricky, b"a=1").count(b"Cookie: a=1\r\n\r\nhi") == 1
