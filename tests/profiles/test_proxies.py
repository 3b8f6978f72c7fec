"""Proxies in one URL: read, written back, and refused without a word of their secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.errors import UsageError
from vumeter.model.plan import Proxy, ProxyKind
from vumeter.profiles.proxies import proxy_of, url_of

LOGINS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    st.builds(
        Proxy,
        kind=st.sampled_from(ProxyKind),
        host=st.sampled_from(["127.0.0.1", "proxy.example", "::1"]),
        port=st.integers(1, 65_535),
        user=LOGINS.filter(lambda user: ":" not in user),
        password=st.none() | LOGINS,
    )
)
def test_any_proxy_that_is_written_reads_as_the_same(proxy) -> None:
    assert proxy_of(url_of(proxy)) == proxy


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:3128",
        "https://ada:secret@127.0.0.1:3128",
        "socks4://ada:secret@127.0.0.1:1080",
        "http://ada:secret@127.0.0.1",
        "http://ada:secret@127.0.0.1:0",
        "http://ada:secret@127.0.0.1:99999",
        "http://ada:secret@:3128",
        "http://ada:secret@127.0.0.1:3128/path",
        "http://ada:secret@127.0.0.1:3128?query",
        "http://ada:secret@[::1:3128",
        "http://a%3Ada:secret@127.0.0.1:3128",
        f"http://ada:{'secret' * 50}@127.0.0.1:3128",
        "http://ada:@127.0.0.1:3128",
    ],
)
def test_what_is_no_proxy_is_refused_and_no_secret_quoted(url) -> None:
    with pytest.raises(UsageError) as raised:
        proxy_of(url)
    assert "secret" not in f"{raised.value.message} {raised.value.hint}"
    assert raised.value.hint


@pytest.mark.parametrize(
    ("host", "is_for"),
    [
        ("shop.example", True),
        ("Inner.Example", False),
        ("other.inner.example", True),
        ("a.lab", False),
        ("a.b.lab", False),
        ("lab", True),
        ("alab", True),
        ("::1", False),
    ],
)
def test_hosts_that_go_without_it_are_names_or_all_beneath_one(host, is_for) -> None:
    proxy = proxy_of("http://127.0.0.1:1", ["inner.example", ".LAB", "[::1]"])
    assert proxy.is_for(host) is is_for
