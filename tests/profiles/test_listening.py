"""Where else the control API may listen."""

import pytest

from vumeter.errors import UsageError
from vumeter.profiles.listening import is_loopback, listen_of


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:9646", "127.0.0.1", 9646),
        ("127.8.9.1:1", "127.8.9.1", 1),
        ("localhost:0", "localhost", 0),
        ("[::1]:9646", "::1", 9646),
    ],
)
def test_on_loopback_a_run_listens_without_a_certificate(
    address: str, host: str, port: int
) -> None:
    listen = listen_of(address)
    assert (listen.host, listen.port) == (host, port)
    assert listen.place == address


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0:9646", "[::]:9646", "192.168.1.7:9646", "jump.example:9646", "localhost.example:1"],
)
def test_what_others_can_reach_needs_a_certificate(address: str) -> None:
    with pytest.raises(UsageError, match="without TLS"):
        listen_of(address)
    assert listen_of(address, certificate="/cert.pem").certificate == "/cert.pem"


@pytest.mark.parametrize(
    "address",
    [
        *("", "9646", ":9646", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x"),
        *("::1:9646", "http://127.0.0.1:9646", "user@127.0.0.1:9646", "127.0.0.1:9646 ", "a b:1"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not host and port"):
        listen_of(address)


def test_a_key_alone_is_refused() -> None:
    with pytest.raises(UsageError, match="no certificate that the key is of"):
        listen_of("127.0.0.1:9646", key="/key.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "LOCALHOST", "127.255.0.9"])
def test_loopback_is_known_by_its_name(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127"])
def test_what_only_looks_like_loopback_is_none(host: str) -> None:
    assert not is_loopback(host)
