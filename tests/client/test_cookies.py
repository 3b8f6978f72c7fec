"""Cookies: what is kept of what a target sets, and where it is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.cookies import (
    COOKIE_LIMIT,
    COOKIE_LIMIT_BYTES,
    JAR_LIMIT_BYTES,
    CookieJar,
    date_unix_s,
    domain_matches,
    folder_of,
    parsed,
    path_matches,
)
from vumeter.client.origin import Origin, origin_of

SHOP = Origin("http", "www.shop.example", 80)
SECURE_SHOP = Origin("https", "www.shop.example", 443)
SECOND_NS = 1_000_000_000


def jar_with(
    *lines: bytes, origin: Origin = SHOP, path: bytes = b"/", now_ns: int = 0
) -> CookieJar:
    jar = CookieJar()
    jar.take(lines, origin=origin, path=path, now_ns=now_ns)
    return jar


@pytest.mark.parametrize(
    ("line", "set_by", "asked", "sent"),
    [
        pytest.param(b"id=7", "http://a.b/", "http://a.b/x", b"id=7", id="the same host"),
        pytest.param(b"id=7", "http://a.b/", "http://a.b:81/x", b"id=7", id="any port"),
        pytest.param(b"id=7", "http://a.b/", "http://A.B/x", b"id=7", id="a host in capitals"),
        pytest.param(b"id=7", "http://b.c/", "http://a.b.c/", b"", id="host-only, below it"),
        pytest.param(b"id=7", "http://a.b.c/", "http://b.c/", b"", id="host-only, above it"),
        pytest.param(b"id=7;domain=b.c", "http://a.b.c/", "http://x.b.c/", b"id=7", id="a domain"),
        pytest.param(b"id=7; Domain=.B.c", "http://a.b.c/", "http://b.c/", b"id=7", id="dotted"),
        pytest.param(b"id=7;domain=b.c", "http://a.b.c/", "http://xb.c/", b"", id="not a label"),
        pytest.param(b"id=7;domain=a.b.c", "http://b.c/", "http://a.b.c/", b"", id="of a child"),
        pytest.param(b"id=7;domain=e.vil", "http://b.c/", "http://e.vil/", b"", id="of a stranger"),
        pytest.param(b"id=7;domain=c", "http://b.c/", "http://a.c/", b"", id="of a whole country"),
        pytest.param(b"id=7;domain=", "http://b.c/", "http://b.c/", b"id=7", id="an empty domain"),
        pytest.param(b"id=7;domain=localhost", "http://localhost/", "http://localhost/", b"id=7",
                     id="one label that is the host"),
        pytest.param(b"id=7;domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", b"",
                     id="a part of an address"),
        pytest.param(b"id=7;domain=127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", b"id=7",
                     id="an address"),
        pytest.param(b"id=7", "http://bücher.example/", "http://xn--bcher-kva.example/", b"id=7",
                     id="a name beyond ASCII"),
        pytest.param(b"id=7", "http://a.b/x/y?z", "http://a.b/x/q", b"id=7", id="the folder"),
        pytest.param(b"id=7", "http://a.b/x/y", "http://a.b/", b"", id="above the folder"),
        pytest.param(b"id=7; path=/x", "http://a.b/", "http://a.b/x", b"id=7", id="the path"),
        pytest.param(b"id=7; path=/x", "http://a.b/", "http://a.b/x/y?z", b"id=7", id="below it"),
        pytest.param(b"id=7; path=/x", "http://a.b/", "http://a.b/xy", b"", id="beside it"),
        pytest.param(b"id=7; path=x", "http://a.b/", "http://a.b/y", b"id=7", id="no path at all"),
        pytest.param(b"id=7; secure", "https://a.b/", "https://a.b/", b"id=7", id="secure, by TLS"),
        pytest.param(b"id=7; Secure", "https://a.b/", "http://a.b/", b"", id="secure, in clear"),
        pytest.param(b"id=7; HttpOnly; SameSite=Lax", "http://a.b/", "http://a.b/", b"id=7",
                     id="what concerns browsers alone"),
        pytest.param(b'id="7; 8"', "http://a.b/", "http://a.b/", b'id="7', id="quotes"),
        pytest.param(b" id = a=b ", "http://a.b/", "http://a.b/", b"id=a=b", id="spaces, and ="),
        pytest.param(b"id=", "http://a.b/", "http://a.b/", b"id=", id="an empty value"),
        pytest.param(b"=7", "http://a.b/", "http://a.b/", b"", id="no name"),
        pytest.param(b"id", "http://a.b/", "http://a.b/", b"", id="no pair"),
        pytest.param(b"", "http://a.b/", "http://a.b/", b"", id="nothing"),
        pytest.param(b"id=7\x00", "http://a.b/", "http://a.b/", b"", id="a control character"),
        pytest.param(b"id=7; max-age=1", "http://a.b/", "http://a.b/", b"id=7", id="still young"),
        pytest.param(b"id=7; max-age=0", "http://a.b/", "http://a.b/", b"", id="age zero"),
        pytest.param(b"id=7; max-age=-5", "http://a.b/", "http://a.b/", b"", id="below zero"),
        pytest.param(b"id=7; max-age=x", "http://a.b/", "http://a.b/", b"id=7", id="no age"),
        pytest.param(b"id=7; max-age=" + b"9" * 900, "http://a.b/", "http://a.b/", b"id=7",
                     id="an age of aeons"),
        pytest.param(b"id=7; max-age=-" + b"9" * 900, "http://a.b/", "http://a.b/", b"",
                     id="aeons ago"),
        pytest.param(b"id=7; expires=Wed, 21 Oct 2015 07:28:00 GMT", "http://a.b/", "http://a.b/",
                     b"", id="a date gone by"),
        pytest.param(b"id=7; expires=Wed, 21 Oct 9999 07:28:00 GMT", "http://a.b/", "http://a.b/",
                     b"id=7", id="a date to come"),
        pytest.param(b"id=7; expires=0", "http://a.b/", "http://a.b/", b"id=7", id="no date"),
        pytest.param(b"id=7; max-age=9; expires=Wed, 21 Oct 2015 07:28:00 GMT", "http://a.b/",
                     "http://a.b/", b"id=7", id="an age goes before a date"),
        pytest.param(b"id=7; path=/x; path=/y", "http://a.b/", "http://a.b/y", b"id=7",
                     id="the last of two paths"),
    ],
)  # fmt: skip
def test_a_cookie_goes_where_it_may_and_nowhere_else(line, set_by, asked, sent) -> None:
    def target(url: str) -> bytes:
        return b"/" + url.split("/", 3)[3].encode()

    jar = jar_with(line, origin=origin_of(set_by), path=target(set_by))
    assert jar.header(origin_of(asked), target(asked), now_ns=1) == sent


def test_longer_paths_go_first_and_older_cookies_before_newer_ones() -> None:
    jar = jar_with(b"a=1", b"b=2; path=/x", b"c=3", b"d=4; path=/x")
    # A new value is still the same old cookie.
    jar.take((b"a=9",), origin=SHOP, path=b"/", now_ns=0)
    assert jar.header(SHOP, b"/x", now_ns=0) == b"b=2; d=4; a=9; c=3"


def test_a_cookie_of_the_same_name_and_another_path_is_another_cookie() -> None:
    jar = jar_with(b"a=1; path=/x", b"a=2; path=/")
    assert jar.header(SHOP, b"/x", now_ns=0) == b"a=1; a=2"


def test_a_cookie_is_sent_until_the_moment_it_expires() -> None:
    jar = jar_with(b"a=1; max-age=10", b"b=2; max-age=20", b"c=3")
    assert jar.header(SHOP, b"/", now_ns=10 * SECOND_NS - 1) == b"a=1; b=2; c=3"
    assert jar.header(SHOP, b"/", now_ns=10 * SECOND_NS) == b"b=2; c=3"
    assert jar.header(SHOP, b"/", now_ns=20 * SECOND_NS) == b"c=3"


def test_a_target_can_take_its_cookie_back() -> None:
    jar = jar_with(b"a=1", b"b=2")
    assert jar.header(SHOP, b"/", now_ns=0) == b"a=1; b=2"
    jar.take((b"a=; expires=Thu, 01 Jan 1970 00:00:00 GMT",), origin=SHOP, path=b"/", now_ns=0)
    assert jar.header(SHOP, b"/", now_ns=0) == b"b=2"


def test_the_query_is_no_part_of_the_path() -> None:
    jar = jar_with(b"a=1; path=/x/y")
    assert jar.header(SHOP, b"/x?/y", now_ns=0) == b""
    assert jar.header(SHOP, b"/x/y?z", now_ns=0) == b"a=1"


def test_only_as_many_cookies_are_kept_as_the_limit_says_and_the_oldest_go() -> None:
    jar = jar_with(*(b"c%d=x" % number for number in range(COOKIE_LIMIT + 3)))
    names = [pair.partition(b"=")[0] for pair in jar.header(SHOP, b"/", now_ns=0).split(b"; ")]
    assert names == [b"c%d" % number for number in range(3, COOKIE_LIMIT + 3)]


def test_a_cookie_that_is_too_long_is_not_kept() -> None:
    fits = b"a=" + b"x" * (COOKIE_LIMIT_BYTES - 1)
    assert jar_with(fits).header(SHOP, b"/", now_ns=0) == fits
    assert jar_with(fits + b"x").header(SHOP, b"/", now_ns=0) == b""
    assert jar_with(b"a=1; path=/" + b"x" * 60_000).header(SHOP, b"/", now_ns=0) == b""


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.integers(0, 5000),
            st.sampled_from([b"", b"; path=/x", b"; max-age=0", b"; max-age=3"]),
        ),
        max_size=60,
    )
)
def test_a_jar_never_holds_more_than_its_limit(cookies) -> None:
    jar = CookieJar()
    for number, size, attribute in cookies:
        line = b"c%d=%b%b" % (number, b"x" * size, attribute)
        jar.take((line,), origin=SHOP, path=b"/", now_ns=0)
        # Besides the values a header has two bytes between two cookies, and each its "=".
        assert len(jar.header(SHOP, b"/x", now_ns=0)) <= JAR_LIMIT_BYTES + 3 * len(cookies)


@given(st.binary(max_size=300))
def test_no_line_breaks_the_jar_or_the_header_that_it_gives(line) -> None:
    header = jar_with(line, origin=SECURE_SHOP).header(SECURE_SHOP, b"/", now_ns=0)
    assert b"\r" not in header
    assert b"\n" not in header
    parsed(line)


@pytest.mark.parametrize(
    ("text", "unix_s"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        (b"Sun Nov  6 08:49:37 1994", 784111777),
        (b"6 nov 94 8:49:37", 784111777),
        (b"Thu, 01-Jan-1970 00:00:00 GMT", 0),
        (b"Wed, 01 Jan 69 00:00:00 GMT", 3124224000),
        (b"Sun, 06 Nov 1600 08:49:37 GMT", None),
        (b"Sun, 32 Nov 1994 08:49:37 GMT", None),
        (b"Sun, 06 Nov 1994 24:49:37 GMT", None),
        (b"Sun, 06 Nov 1994", None),
        (b"08:49:37", None),
        (b"", None),
        (b"tomorrow", None),
    ],
)
def test_dates_are_read_as_the_rfc_says(text, unix_s) -> None:
    assert date_unix_s(text) == unix_s


def test_matching_is_as_in_the_rfc() -> None:
    assert domain_matches("b.c", "b.c")
    assert not domain_matches("1.2.3.4", "3.4")
    assert path_matches(b"/x/", b"/x/")
    assert path_matches(b"/x/y", b"/x/")
    assert not path_matches(b"/", b"/x")
    assert folder_of(b"/x") == folder_of(b"/") == folder_of(b"") == b"/"
