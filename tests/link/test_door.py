"""A run's address, as a person types it."""

from pathlib import Path

import pytest

from vumeter.errors import UsageError
from vumeter.link.door import door_of

TOKEN = "canary-4f2a"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://jump.example:9646", "https://jump.example:9646"),
        ("https://jump.example:9646/", "https://jump.example:9646"),
        ("http://127.0.0.1:9646", "http://127.0.0.1:9646"),
        ("http://[::1]:9646", "http://[::1]:9646"),
    ],
)
def test_an_address_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert door_of(url, token=TOKEN).url == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://jump.example:9646", "could read the token"),
        ("http://192.168.0.7:9646", "could read the token"),
        ("https://jump.example", "not scheme, host and port"),
        ("https://:9646", "not scheme, host and port"),
        ("https://jump.example:9646/stream", "not scheme, host and port"),
        ("https://jump.example:99999", "no address of a run"),
        (f"https://jump.example:9646/?token={TOKEN}", "scheme, host and port alone"),
        (f"https://ann:{TOKEN}@jump.example:9646", "scheme, host and port alone"),
        (f"https://jump.example:9646/#{TOKEN}", "scheme, host and port alone"),
    ],
)
def test_what_is_none_is_refused_without_repeating_a_token(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        door_of(url, token=TOKEN)
    assert TOKEN not in str(refused.value)


def test_a_door_does_not_show_its_token() -> None:
    assert TOKEN not in repr(door_of("https://jump.example:9646", token=TOKEN))


def test_authorities_that_are_none_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(UsageError, match="holds no certificates"):
        door_of("https://a.example:1", token=TOKEN, authorities=tmp_path / "ca.pem").tls()
