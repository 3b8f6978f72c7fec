"""Where load may go."""

import pytest
from msgspec.structs import replace

from vumeter.errors import TargetError
from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.plan import HostOverride, Limits, Load, Plan, Scenario, Transport
from vumeter.profiles.proxies import proxy_of
from vumeter.run.guard import check_targets, places


def a_plan(*urls: str, allow_hosts: tuple[str, ...] = (), on_start: tuple[str, ...] = ()) -> Plan:
    scenario = Scenario(
        name="main",
        steps=(Pick(choices=tuple(Choice(steps=(Request(name=url, url=url),)) for url in urls)),),
        on_start=tuple(Request(name=url, url=url) for url in on_start),
        load=Load(vus=1),
    )
    return Plan(name="test", scenarios=(scenario,), limits=Limits(allow_hosts=allow_hosts))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://localhost/",
        "http://[::1]:8000/",
        "http://10.1.2.3/",
        "http://192.168.0.7/",
        "http://172.16.0.1/",
        "http://[fd00::1]/",
    ],
)
async def test_loopback_and_private_addresses_are_free(url: str) -> None:
    await check_targets(a_plan(url))


@pytest.mark.parametrize(
    "url", ["http://93.184.215.14/", "https://[2606:2800:21f:cb07::1]/", "http://8.8.8.8:8000/"]
)
async def test_any_other_address_takes_consent_and_the_hint_names_the_flag(url: str) -> None:
    with pytest.raises(TargetError) as refused:
        await check_targets(a_plan(url))
    ((host, _),) = places(a_plan(url))
    assert host in refused.value.message
    assert refused.value.hint.endswith(f"--allow-host {host}")
    await check_targets(a_plan(url, allow_hosts=(host,)))


async def test_an_ipv4_stranger_in_ipv6_clothes_is_a_stranger() -> None:
    with pytest.raises(TargetError):
        await check_targets(a_plan("http://[::ffff:8.8.8.8]/"))


async def test_every_request_of_the_plan_is_checked() -> None:
    with pytest.raises(TargetError, match=r"8\.8\.8\.8"):
        await check_targets(a_plan("http://127.0.0.1/", "http://8.8.8.8/"))
    with pytest.raises(TargetError, match=r"8\.8\.8\.8"):
        await check_targets(a_plan("http://127.0.0.1/", on_start=("http://8.8.8.8/login",)))


async def test_a_name_that_does_not_resolve_is_said_before_anything_is_sent() -> None:
    with pytest.raises(TargetError, match=r'"no-such-host\.invalid" cannot be resolved'):
        await check_targets(a_plan("http://no-such-host.invalid/"))


async def test_the_proxy_is_looked_up_and_what_it_resolves_is_not() -> None:
    plan = a_plan("http://shop.invalid/", "http://127.0.0.1/")

    def by_way_of(url: str, *direct: str) -> Plan:
        return replace(plan, transport=Transport(proxy=proxy_of(url, direct)))

    allowed = Limits(allow_hosts=("shop.invalid",))
    for kind in ("http", "socks5h"):
        here = by_way_of(f"{kind}://127.0.0.1:1")
        assert places(here) == [("127.0.0.1", "127.0.0.1")]
        with pytest.raises(
            TargetError, match=r"shop\.invalid.* is resolved by the proxy"
        ) as refused:
            await check_targets(here)
        assert refused.value.hint.endswith("--allow-host shop.invalid")
        await check_targets(replace(here, limits=allowed))
        with pytest.raises(TargetError, match=r"8\.8\.8\.8"):
            await check_targets(replace(by_way_of(f"{kind}://8.8.8.8:1"), limits=allowed))
        with pytest.raises(TargetError, match="cannot be resolved"):
            await check_targets(by_way_of(f"{kind}://127.0.0.1:1", "shop.invalid"))
    with pytest.raises(TargetError, match="cannot be resolved"):
        await check_targets(by_way_of("socks5://127.0.0.1:1"))


def test_places_are_listed_once_without_port_and_credentials() -> None:
    plan = a_plan("http://a:1/", "http://a:2/x", on_start=("http://u:p@b/",))
    assert places(plan) == [("b", "b"), ("a", "a")]


async def test_an_override_is_looked_up_instead_of_its_host_and_is_no_way_round() -> None:
    def led_to(address: str) -> Transport:
        override = HostOverride(host="shop.invalid", port=80, address=address, address_port=8000)
        return Transport(overrides=(override,))

    plan = a_plan("http://shop.invalid/")
    await check_targets(replace(plan, transport=led_to("127.0.0.1")))
    with pytest.raises(TargetError, match=r'"shop\.invalid" \(8\.8\.8\.8\)'):
        await check_targets(replace(plan, transport=led_to("8.8.8.8")))
    with pytest.raises(TargetError, match=r"other\.invalid"):
        await check_targets(replace(plan, transport=led_to("other.invalid")))
    # Another port of the same host is where the system says.
    with pytest.raises(TargetError, match=r"shop\.invalid"):
        await check_targets(replace(a_plan("http://shop.invalid:81/"), transport=led_to("::1")))
