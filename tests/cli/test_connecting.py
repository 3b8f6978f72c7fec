"""Flags that say how connections are made."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec.structs import replace

from vumeter.cli.connecting import connected, transport_of
from vumeter.cli.planning import Wishes, plan
from vumeter.errors import UsageError
from vumeter.model.plan import (
    HostOverride,
    HttpVersion,
    IpFamily,
    Plan,
    Proxy,
    ProxyKind,
    TlsVersion,
    Transport,
)
from vumeter.profiles.proxies import proxy_of
from vumeter.testing.flight import fly
from vumeter.testing.server_process import ServerProcess

URL = "http://127.0.0.1:8000/"


def transport(before: Transport = Transport(), **wishes: Any) -> Transport:  # noqa: B008 - frozen
    return transport_of(Wishes(url=URL, **wishes), before)


def test_without_flags_connections_are_as_the_plan_says() -> None:
    said = Transport(server_name="shop.example", ip_family=IpFamily.IPV6)
    assert transport(said) == said
    assert transport() == Transport()


def test_every_flag_has_its_place_in_the_transport(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = transport(
        cacert=Path("authority.pem"),
        cert=Path("client.pem"),
        key=Path("/keys/client.pem"),
        server_name="shop.example",
        tls_minimum="1.3",
        ipv6=True,
        local_addresses=("127.0.0.2", "127.0.0.3"),
        http_version="1.0",
        proxy="http://ada:pa%20ss@127.0.0.1:3128",
        no_proxy=("Shop.example", "[::1]"),
    )
    assert made == Transport(
        authorities=str(tmp_path / "authority.pem"),
        certificate=str(tmp_path / "client.pem"),
        certificate_key="/keys/client.pem",
        server_name="shop.example",
        tls_minimum=TlsVersion.TLS_1_3,
        ip_family=IpFamily.IPV6,
        local_addresses=("127.0.0.2", "127.0.0.3"),
        http_version=HttpVersion.HTTP_1_0,
        proxy=Proxy(
            kind=ProxyKind.HTTP,
            host="127.0.0.1",
            port=3128,
            user="ada",
            password="pa ss",
            direct_hosts=("shop.example", "::1"),
        ),
    )


def test_hosts_without_the_proxy_are_added_to_those_of_a_profile() -> None:
    before = transport(proxy="socks5h://127.0.0.1:1080", no_proxy=("a",))
    assert before.proxy is not None
    more = transport(before, no_proxy=("B",))
    assert more.proxy == replace(before.proxy, direct_hosts=("a", "b"))
    assert transport(before, proxy="http://127.0.0.1:1").proxy == proxy_of("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Shop.example:443:127.0.0.1", ("shop.example", 443, "127.0.0.1", 443)),
        ("shop:80:127.0.0.1:8080", ("shop", 80, "127.0.0.1", 8080)),
        ("shop:80:other.example:8080", ("shop", 80, "other.example", 8080)),
        ("shop:80:[::1]", ("shop", 80, "::1", 80)),
        ("shop:80:[::1]:8080", ("shop", 80, "::1", 8080)),
        ("shop:80:fd00::1", ("shop", 80, "fd00::1", 80)),
        ("[::1]:80:127.0.0.1", ("::1", 80, "127.0.0.1", 80)),
    ],
)
def test_a_host_is_resolved_as_in_curl_and_its_port_may_be_another(text, place) -> None:
    host, port, address, address_port = place
    assert transport(resolve=(text,)).overrides == (
        HostOverride(host=host, port=port, address=address, address_port=address_port),
    )


def test_the_command_line_overrides_what_a_profile_overrides() -> None:
    before = transport(resolve=("a:80:127.0.0.1", "b:80:127.0.0.1"))
    made = transport(before, resolve=("b:80:127.0.0.2",))
    assert [each.address for each in made.overrides] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"resolve": ("shop",)}, "shop"),
        ({"resolve": ("shop:80",)}, "shop:80"),
        ({"resolve": ("shop:80:",)}, "shop:80:"),
        ({"resolve": ("shop:0:127.0.0.1",)}, "shop:0"),
        ({"resolve": ("shop:80:127.0.0.1:99999",)}, "99999"),
        ({"resolve": (":80:127.0.0.1",)}, ":80"),
        ({"tls_minimum": "1.0"}, "1.0"),
        ({"ipv4": True, "ipv6": True}, "-4 and -6"),
        ({"key": Path("key.pem")}, "--cert"),
        ({"http_version": "2"}, '"2"'),
        ({"no_proxy": ("a",)}, "--no-proxy"),
        ({"proxy": "socks4://127.0.0.1:1"}, "socks4"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_quoted(wishes, words) -> None:
    with pytest.raises(UsageError) as raised:
        transport(**wishes)
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"cacert": Path("/nowhere/a.pem")}, "/nowhere/a.pem"),
        ({"cert": Path("/nowhere/b.pem")}, "/nowhere/b.pem"),
        ({"local_addresses": ("elsewhere",)}, "elsewhere"),
        ({"local_addresses": ("192.0.2.1",)}, "192.0.2.1"),
        (
            {"proxy": "http://127.0.0.1:1", "resolve": ("127.0.0.1:8000:127.0.0.2",)},
            "127.0.0.1 is to be elsewhere",
        ),
    ],
)
def test_what_a_worker_could_not_use_is_found_out_before(wishes, words) -> None:
    asked = Wishes(url=URL, **wishes)
    with pytest.raises(UsageError) as raised:
        connected(plan(asked), asked)
    assert words in raised.value.message
    assert raised.value.hint


def test_cookies_and_redirects_are_in_the_plan() -> None:
    made: Plan = plan(Wishes(url=URL))
    assert made.cookies
    assert next(made.scenarios[0].requests).redirects == 10
    made = plan(Wishes(url=URL, no_cookies=True, redirects=3))
    assert not made.cookies
    assert next(made.scenarios[0].requests).redirects == 3


@pytest.mark.slow
def test_a_name_that_is_nowhere_is_loaded_over_tls_where_it_is_said_to_be(tmp_path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    certificate = tmp_path / "server.pem"
    authority.issue_cert("shop.invalid").private_key_and_cert_chain_pem.write_to_path(certificate)
    with ServerProcess("--certificate", str(certificate)) as server:
        port = server.url.rstrip("/").rpartition(":")[2]
        flags = ("--resolve", f"shop.invalid:443:127.0.0.1:{port}", "-n", "20", "-c", "2")
        trusted = ("--cacert", str(tmp_path / "authority.pem"), "--tls-min", "1.3")
        landing = fly("https://shop.invalid/", *flags, *trusted)
        assert (landing.exit_code, landing.complaints) == (0, "")
        assert landing.errors == {}
        assert landing.requests == server.truth()["requests"] == 20
        landing = fly("https://shop.invalid/", *flags[:2], "-n", "2", "-c", "1")
        assert set(landing.errors) == {"tls"}
    assert ssl.HAS_TLSv1_3
