"""Who may ask something of a run, as a table."""

import pytest

from vumeter.model.plan import Listen
from vumeter.run.doorkeeper import (
    COMPLAINT_EVERY_S,
    Caller,
    Complaints,
    Refusal,
    refusal_of_caller,
    refusal_of_user,
)

TOKEN = "t0ken-" + "x" * 30
PLAIN = Listen(host="127.0.0.1", port=9646)
ENCRYPTED = Listen(host="0.0.0.0", port=9646, certificate="/cert.pem")


def status(
    authorization: str | None = f"Bearer {TOKEN}",
    *,
    host: str = "127.0.0.1:9646",
    origin: str | None = None,
    listen: Listen = PLAIN,
) -> int | None:
    caller = Caller(host=host, origin=origin, authorization=authorization)
    refusal = refusal_of_caller(caller, token=TOKEN, listen=listen)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="an empty one"),
        pytest.param(f"Bearer {TOKEN[:-1]}", id="truncated"),
        pytest.param(f"Bearer {TOKEN}x", id="too long"),
        pytest.param(f"Bearer {TOKEN.upper()}", id="in another case"),
        pytest.param(f"Bearer {TOKEN[1:]}", id="without its beginning"),
        pytest.param(TOKEN, id="without its scheme"),
        pytest.param(f"Basic {TOKEN}", id="with another scheme"),
        pytest.param(f"Bearer {TOKEN} {TOKEN}", id="twice"),
        pytest.param("Bearer \udcff\udcfe", id="not text"),
        pytest.param("Bearer é" + TOKEN, id="not ASCII"),
    ],
)
def test_without_the_whole_token_nobody_comes_in(authorization: str | None) -> None:
    assert status(authorization) == 401
    assert status(authorization, listen=ENCRYPTED) == 401


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_with_the_token_one_comes_in(authorization: str) -> None:
    assert status(authorization) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:9646", None),
        ("localhost:9646", None),
        ("[::1]:9646", None),
        ("127.0.0.1", None),
        ("evil.example:9646", 403),
        ("127.0.0.1.evil.example:9646", 403),
        ("192.0.2.7:9646", 403),
        ("", 403),
        ("[", 403),
        ("evil.example#127.0.0.1", 403),
        ("127.0.0.1@evil.example", 403),
    ],
)
def test_a_name_that_leads_here_from_elsewhere_is_not_answered(
    host: str, expected: int | None
) -> None:
    assert status(host=host) == expected
    # Where there is a certificate, it says which names are right.
    assert status(host=host, listen=ENCRYPTED) is None


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, None),
        ("http://127.0.0.1:9646", None),
        ("http://evil.example", 403),
        ("http://127.0.0.1:8080", 403),
        ("http://localhost:9646", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_a_browser_does_not_come_in_even_with_the_token(
    origin: str | None, expected: int | None
) -> None:
    assert status(origin=origin) == expected


@pytest.mark.parametrize(
    ("uid", "is_let_in"), [(None, True), (0, True), (1000, True), (1001, False), (65534, False)]
)
def test_on_the_socket_only_its_owner_and_root_come_in(uid: int | None, is_let_in: bool) -> None:
    assert (refusal_of_user(uid, own_uid=1000) is None) == is_let_in


def test_a_thousand_refusals_are_two_lines_and_none_is_forgotten() -> None:
    complaints, refusal = Complaints(), Refusal(401, "show the token")
    second_ns = 1_000_000_000
    lines = [complaints.line(refusal, peer="127.0.0.1", at_ns=each) for each in range(1_000)]
    later = complaints.line(refusal, peer="::1", at_ns=COMPLAINT_EVERY_S * second_ns)

    assert [line for line in lines if line] == ["refused a caller from 127.0.0.1: show the token"]
    assert later == "refused a caller from ::1: show the token, and 999 others before"
