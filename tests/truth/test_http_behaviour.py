"""
HTTP as an independent server understands it: httpbin, which nobody here wrote.

What it got is what it says in its answers; what we did is what it says there.

Over 400 lines: one behaviour after the other, as the server tells it.
"""

import asyncio
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from vumeter.cli.profiled import variables_in
from vumeter.clock import monotonic_ns
from vumeter.engine.generator import Generator
from vumeter.model.flow import Check, Extract, Relation, Request, Source, Step
from vumeter.model.measure import ErrorKind, Snapshot, Tally
from vumeter.model.messages import Launch, Share
from vumeter.model.plan import Feeder, HttpVersion, Load, Plan, Scenario, Transport
from vumeter.profiles.loading import load
from vumeter.stats import tally
from vumeter.testing.hostile import HostileServer, saying

pytestmark = pytest.mark.slow

ITERATIONS = 3


@pytest.fixture(scope="module")
def httpbin() -> Iterator[str]:
    """Give the root of an httpbin, without its slash."""
    command = [sys.executable, "-m", "waitress", "--listen=127.0.0.1:0", "httpbin:app"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = ""
        try:
            for line in server.stderr:
                said += line
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0]
                    break
            else:
                raise AssertionError(f"httpbin does not come up: {said}")
        finally:
            server.kill()


class Landing:
    """What a run of one VU came to."""

    def __init__(self, snapshots: list[Snapshot], remarks: list[str]) -> None:
        every = [each for snapshot in snapshots for each in snapshot.tallies.values()]
        self.total: Tally = tally.merge(every)
        self.remarks = remarks

    def assert_all_is_well(self, *, requests: int, statuses: set[int]) -> None:
        """Assert that each iteration sent so many requests, and that all of their checks passed."""
        assert self.total.errors == {}, self.remarks
        assert self.total.requests == self.total.answered == ITERATIONS * requests
        assert set(self.total.statuses) == statuses
        assert self.total.checks
        assert {name: failed for name, (_, failed) in self.total.checks.items() if failed} == {}


async def flown(
    *steps: Step,
    on_start: tuple[Step, ...] = (),
    cookies: bool = True,
    transport: Transport = Transport(),  # noqa: B008 - frozen
    feeders: tuple[Feeder, ...] = (),
) -> Landing:
    """Let one VU take *steps* `ITERATIONS` times."""
    load = Load(vus=1, iterations=ITERATIONS)
    scenario = Scenario(name="main", steps=steps, on_start=on_start, load=load)
    plan = Plan(
        name="test", scenarios=(scenario,), cookies=cookies, transport=transport, feeders=feeders
    )
    snapshots: list[Snapshot] = []
    remarks: list[str] = []
    launch = Launch(plan=plan, share=Share(index=0, count=1), start_ns=monotonic_ns())
    generator = Generator(launch, on_snapshot=snapshots.append, on_remark=remarks.append)
    async with asyncio.timeout(30):
        await generator.run()
    return Landing(snapshots, remarks)


def is_json(path: str, value: str) -> Check:
    return Check(
        name=f"{path} is {value}",
        source=Source.JSON,
        selector=path,
        relation=Relation.EQUALS,
        value=value,
    )


def says(text: str) -> Check:
    return Check(name=text, source=Source.BODY, relation=Relation.CONTAINS, value=text)


def lacks(text: str) -> Check:
    pattern = rf"\A(?:(?!{re.escape(text)})[\s\S])*\Z"
    return Check(name=f"no {text}", source=Source.BODY, relation=Relation.MATCHES, value=pattern)


def get(url: str, *checks: Check, **more) -> Request:
    return Request(name="request", url=url, checks=checks, **more)


# Redirects


@pytest.mark.parametrize("path", ["redirect", "relative-redirect", "absolute-redirect"])
async def test_redirects_are_followed_and_each_is_a_request(httpbin, path) -> None:
    url = f"{httpbin}/{path}/3"
    landing = await flown(get(url, is_json("url", f"{httpbin}/get"), redirects=10))
    landing.assert_all_is_well(requests=4, statuses={200, 302})
    assert landing.total.statuses == {302: 3 * ITERATIONS, 200: ITERATIONS}


async def test_a_redirect_is_an_answer_where_none_is_to_be_followed(httpbin) -> None:
    landing = await flown(get(f"{httpbin}/redirect/3"))
    assert landing.total.statuses == {302: ITERATIONS}
    assert landing.total.errors == {}


async def test_too_many_redirects_are_an_error_and_said(httpbin) -> None:
    landing = await flown(get(f"{httpbin}/redirect/5", redirects=4))
    assert landing.total.statuses == {302: 5 * ITERATIONS}
    assert landing.total.errors == {ErrorKind.REDIRECT: ITERATIONS}
    assert landing.total.requests == 5 * ITERATIONS
    assert landing.remarks == [f"{urlsplit(httpbin).netloc} still redirects after 4 redirects."]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_body_is_sent_on_only_where_the_status_says_so(httpbin, status, method) -> None:
    keeps = status in (307, 308)
    request = get(
        f"{httpbin}/redirect-to?url=/anything&status_code={status}",
        is_json("method", method if keeps else "GET"),
        is_json("data", "hello" if keeps else ""),
        method=method,
        headers=(("Content-Type", "text/plain"),),
        body=b"hello",
        redirects=1,
    )
    (await flown(request)).assert_all_is_well(requests=2, statuses={200, status})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_another_origin_gets_neither_credentials_nor_cookies_of_ours(httpbin, host) -> None:
    # The same server, but by another name it is another origin.
    place = f"{host}:{urlsplit(httpbin).port}"
    lacks_or_has = says if host == "127.0.0.1" else lacks
    request = get(
        f"{httpbin}/redirect-to?url=http://{place}/headers",
        is_json("headers.Host", place),
        is_json("headers.X-Kept", "yes"),
        lacks_or_has('"Authorization"'),
        lacks_or_has('"Cookie"'),
        headers=(("Authorization", "Bearer secret"), ("Cookie", "own=1"), ("X-Kept", "yes")),
        redirects=1,
    )
    (await flown(request)).assert_all_is_well(requests=2, statuses={200, 302})


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "javascript:alert(1)", "http://:0/"])
async def test_a_redirect_to_where_no_load_goes_is_an_error_and_said(httpbin, location) -> None:
    landing = await flown(get(f"{httpbin}/redirect-to?url={location}", redirects=10))
    assert landing.total.errors == {ErrorKind.REDIRECT: ITERATIONS}
    assert landing.total.statuses == {302: ITERATIONS}
    [remark] = landing.remarks
    assert remark.startswith("A redirect of 127.0.0.1")


async def test_the_guard_looks_at_every_redirect(httpbin) -> None:
    # A documentation address of RFC 5737 would count as private: this one is public.
    landing = await flown(get(f"{httpbin}/redirect-to?url=http://93.184.215.14/", redirects=10))
    assert landing.total.errors == {ErrorKind.CONNECT: ITERATIONS}
    assert landing.total.statuses == {302: ITERATIONS}
    assert "neither loopback nor private" in landing.remarks[0]


async def test_a_redirect_that_leads_to_itself_is_a_loop_at_once() -> None:
    async with HostileServer(saying(answer(b"Location: /", status=b"302 Found"))) as server:
        landing = await flown(get(server.url, redirects=10))
        assert server.requests == landing.total.requests == ITERATIONS
    assert landing.total.errors == {ErrorKind.REDIRECT: ITERATIONS}
    [remark] = landing.remarks
    assert "in a loop" in remark


async def test_redirects_that_lead_in_a_circle_are_a_loop_after_one_round() -> None:
    def led(place: bytes) -> bytes:
        return answer(b"Location: " + place, status=b"302 Found")

    async def behave(wire) -> None:
        async for number in wire.requests():
            await wire.answer(led(b"/there") if number % 2 else led(b"/"))

    async with HostileServer(behave) as server:
        landing = await flown(get(server.url, redirects=10))
        assert server.requests == landing.total.requests == 2 * ITERATIONS
    assert landing.total.errors == {ErrorKind.REDIRECT: ITERATIONS}
    assert "in a loop" in landing.remarks[0]


@pytest.mark.parametrize(
    ("cookie", "requests", "words"),
    [
        # The first chain learns the cookie; all others begin with it.
        pytest.param(lambda number: b"seen=1", 1 + ITERATIONS, "in a loop", id="always the same"),
        pytest.param(
            lambda number: b"seen=%d" % number, 11 * ITERATIONS, "still redirects", id="ever others"
        ),
    ],
)
async def test_whoever_sets_a_cookie_may_lead_back_to_the_same(cookie, requests, words) -> None:
    async def behave(wire) -> None:
        async for number in wire.requests():
            headers = (b"Location: /", b"Set-Cookie: " + cookie(number))
            await wire.answer(answer(*headers, status=b"302 Found"))

    async with HostileServer(behave) as server:
        landing = await flown(get(server.url, redirects=10))
        assert server.requests == landing.total.requests == requests
    assert landing.total.errors == {ErrorKind.REDIRECT: ITERATIONS}
    [remark] = landing.remarks
    assert words in remark


async def test_a_page_that_was_asked_for_before_is_reached_with_its_new_cookie() -> None:
    async def behave(wire) -> None:
        async for number in wire.requests():
            first = answer(b"Location: /", b"Set-Cookie: seen=1", status=b"302 Found")
            await wire.answer(first if number == 1 else answer())

    async with HostileServer(behave) as server:
        landing = await flown(get(server.url, redirects=10))
    assert landing.total.errors == {}
    assert landing.total.statuses == {302: 1, 200: ITERATIONS}


async def test_a_redirect_to_ever_new_ports_is_followed_with_few_connections() -> None:
    async with HostileServer(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as last:
        moved = b"HTTP/1.1 307 On\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % last.url.encode()
        async with HostileServer(saying(moved)) as first:
            landing = await flown(get(first.url, redirects=1))
            assert first.requests == last.requests == ITERATIONS
    assert landing.total.statuses == {307: ITERATIONS, 200: ITERATIONS}


# Cookies


async def test_a_cookie_that_is_set_is_sent_from_then_on(httpbin) -> None:
    login = get(f"{httpbin}/cookies/set?session=abc&theme=dark")
    checks = (is_json("cookies.session", "abc"), is_json("cookies.theme", "dark"))
    landing = await flown(get(f"{httpbin}/cookies", *checks), on_start=(login,))
    assert landing.total.errors == {}
    assert set(landing.total.checks.values()) == {(ITERATIONS, 0)}


async def test_a_cookie_that_a_redirect_sets_is_sent_with_the_next_hop(httpbin) -> None:
    request = get(
        f"{httpbin}/cookies/set?session=abc", is_json("cookies.session", "abc"), redirects=10
    )
    (await flown(request)).assert_all_is_well(requests=2, statuses={200, 302})


async def test_a_cookie_that_is_deleted_is_not_sent_any_more(httpbin) -> None:
    landing = await flown(
        get(f"{httpbin}/cookies/set?session=abc&theme=dark"),
        get(f"{httpbin}/cookies/delete?session"),
        Request(
            name="look",
            url=f"{httpbin}/cookies",
            checks=(is_json("cookies.theme", "dark"), lacks('"session"')),
        ),
    )
    assert landing.total.errors == {}
    assert set(landing.total.checks.values()) == {(ITERATIONS, 0)}


async def test_cookies_stay_with_their_path(httpbin) -> None:
    line = "Set-Cookie=deep%3D1%3B%20Path%3D/anything/deep"
    landing = await flown(
        get(f"{httpbin}/response-headers?{line}"),
        Request(name="above", url=f"{httpbin}/anything", checks=(lacks('"Cookie"'),)),
        Request(
            name="below",
            url=f"{httpbin}/anything/deep/er",
            checks=(is_json("headers.Cookie", "deep=1"),),
        ),
    )
    assert set(landing.total.checks.values()) == {(ITERATIONS, 0)}


async def test_no_cookies_are_kept_where_the_plan_wants_none(httpbin) -> None:
    landing = await flown(
        get(f"{httpbin}/cookies/set?session=abc"),
        Request(
            name="look",
            url=f"{httpbin}/cookies",
            checks=(
                Check(
                    name="empty",
                    source=Source.BODY,
                    relation=Relation.MATCHES,
                    value=r'"cookies":\s*\{\s*\}',
                ),
            ),
        ),
        cookies=False,
    )
    assert landing.total.checks == {"empty": (ITERATIONS, 0)}


# Encodings


@pytest.mark.parametrize(
    ("path", "key", "token"),
    [
        ("gzip", "gzipped", "gzip"),
        ("deflate", "deflated", "deflate"),
        ("brotli", "brotli", "br"),
    ],
)
async def test_an_encoded_body_is_decoded_for_checks_and_extraction(
    httpbin, path, key, token
) -> None:
    request = get(
        f"{httpbin}/{path}",
        is_json(key, "true"),
        is_json("method", "GET"),
        headers=(("Accept-Encoding", token),),
        extract=(Extract(variable="origin", source=Source.JSON, selector="origin"),),
    )
    landing = await flown(request, get(f"{httpbin}/anything?from={{{{origin}}}}"))
    assert landing.total.errors == {}
    assert set(landing.total.checks.values()) == {(ITERATIONS, 0)}


async def test_a_body_that_nobody_looks_into_is_not_decoded(httpbin) -> None:
    landing = await flown(get(f"{httpbin}/brotli"), get(f"{httpbin}/gzip"))
    assert landing.total.statuses == {200: 2 * ITERATIONS}
    assert landing.total.errors == {}


# Authentication


async def test_credentials_are_taken_from_the_url_or_from_a_header(httpbin) -> None:
    host = httpbin[len("http://") :]
    url = f"http://user:pa%20ss@{host}/basic-auth/user/pa%20ss"
    (await flown(get(url, is_json("authenticated", "true")))).assert_all_is_well(
        requests=1, statuses={200}
    )
    bearer = get(
        f"{httpbin}/bearer", is_json("token", "abc"), headers=(("Authorization", "Bearer abc"),)
    )
    (await flown(bearer)).assert_all_is_well(requests=1, statuses={200})


async def test_wrong_credentials_are_a_status(httpbin) -> None:
    host = httpbin[len("http://") :]
    landing = await flown(get(f"http://user:wrong@{host}/basic-auth/user/right"))
    assert landing.total.statuses == {401: ITERATIONS}
    assert landing.total.errors == {ErrorKind.STATUS: ITERATIONS}


# What is sent


async def test_methods_headers_and_bodies_arrive_as_they_were_written(httpbin) -> None:
    body = json.dumps({"näme": "ö", "n": 1}).encode()
    request = get(
        f"{httpbin}/anything/a%20b?q=x%26y&e=",
        is_json("method", "PATCH"),
        is_json("args.q", "x&y"),
        is_json("args.e", ""),
        is_json("json.näme", "ö"),
        is_json("headers.X-One", "1"),
        is_json("headers.Content-Length", str(len(body))),
        method="PATCH",
        headers=(("X-One", "1"), ("Content-Type", "application/json")),
        body=body,
    )
    (await flown(request)).assert_all_is_well(requests=1, statuses={200})


async def test_a_form_with_files_arrives_as_a_profile_writes_it(httpbin, tmp_path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "p.toml").write_text(
        f'target = "{httpbin}"\n'
        """[feeders.users]
        columns = ["name"]
        rows = [["Ada & Zoë"]]
        [[scenarios.main.steps]]
        path = "/anything"
        [scenarios.main.steps.multipart]
        title = "of {{users.name}}"
        tag = ["a", "b"]
        photo = { file = "photo.png" }
        note = { value = "by {{users.name}}", filename = "n.txt" }
        """
    )
    plan = load(tmp_path / "p.toml", variables={}, environment={}, variables_in=variables_in)
    (request,) = plan.scenarios[0].requests
    checks = (
        is_json("form.title", "of Ada & Zoë"),
        is_json("form.tag.1", "b"),
        is_json("files.photo", "data:image/png;base64,iVBOR/8="),
        is_json("files.note", "by Ada & Zoë"),
    )
    landing = await flown(replace(request, checks=checks), feeders=plan.feeders)
    landing.assert_all_is_well(requests=1, statuses={200})


@pytest.mark.parametrize("status", [200, 204, 304, 404, 418, 503])
async def test_statuses_are_counted_as_they_come(httpbin, status) -> None:
    landing = await flown(get(f"{httpbin}/status/{status}"))
    assert landing.total.statuses == {status: ITERATIONS}
    assert landing.total.errors == ({} if status < 400 else {ErrorKind.STATUS: ITERATIONS})


@pytest.mark.parametrize("version", HttpVersion)
async def test_bodies_of_any_framing_have_their_size(httpbin, version) -> None:
    def sized(path: str, size: int) -> Request:
        bounds = ((Relation.AT_LEAST, f"{path} at least"), (Relation.AT_MOST, f"{path} at most"))
        checks = (
            Check(name=name, source=Source.SIZE_BYTES, relation=relation, value=float(size))
            for relation, name in bounds
        )
        return Request(name=path, url=f"{httpbin}/{path}", checks=tuple(checks))

    landing = await flown(
        sized("bytes/5000", 5000),
        # In HTTP/1.0 only the end of its connection frames it.
        sized("stream-bytes/5000?chunk_size=700", 5000),
        transport=Transport(http_version=version),
    )
    assert landing.total.errors == {}
    assert set(landing.total.checks.values()) == {(ITERATIONS, 0)}


async def test_http_1_0_redirects_sets_cookies_and_encodes_like_any_other(httpbin) -> None:
    old = Transport(http_version=HttpVersion.HTTP_1_0)
    landing = await flown(
        get(f"{httpbin}/cookies/set?session=abc", is_json("cookies.session", "abc"), redirects=3),
        Request(name="post", url=f"{httpbin}/anything", method="POST", body=b"hello",
                checks=(is_json("data", "hello"),)),
        Request(name="gzip", url=f"{httpbin}/gzip", checks=(is_json("gzipped", "true"),)),
        get(f"{httpbin}/get", method="HEAD"),
        transport=old,
    )  # fmt: skip
    assert landing.total.errors == {}
    assert landing.total.statuses == {302: ITERATIONS, 200: 4 * ITERATIONS}
    assert {failed for _, failed in landing.total.checks.values()} == {0}


async def test_head_and_get_take_turns_on_one_connection(httpbin) -> None:
    landing = await flown(
        get(f"{httpbin}/get"),
        Request(name="head", url=f"{httpbin}/get", method="HEAD", timeout_s=5.0),
        get(f"{httpbin}/redirect/1", method="HEAD", redirects=1),
    )
    assert landing.total.errors == {}
    assert landing.total.statuses == {200: 3 * ITERATIONS, 302: ITERATIONS}


# Hostile servers


def answer(*headers: bytes, status: bytes = b"200 OK", body: bytes = b"{}") -> bytes:
    lines = (b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="no location"),
        pytest.param((b"X-Location: /elsewhere",), id="a header that looks like it"),
    ],
)
async def test_a_redirect_without_a_location_is_an_answer(headers) -> None:
    async with HostileServer(saying(answer(*headers, status=b"302 Found"))) as server:
        landing = await flown(get(server.url, redirects=10))
    assert landing.total.statuses == {302: ITERATIONS}
    assert landing.total.errors == {}


async def test_a_redirect_that_comes_with_a_goodbye_is_followed_on_a_new_connection() -> None:
    moved = answer(b"Location: /next", b"Connection: close", status=b"301 Moved")

    async def behave(wire) -> None:
        async for number in wire.requests():
            await wire.answer(moved if number % 2 else answer())
            if number % 2:
                await wire.leave()
                return

    async with HostileServer(behave) as server:
        landing = await flown(get(server.url, redirects=1))
        assert server.requests == 2 * ITERATIONS
    assert landing.total.statuses == {301: ITERATIONS, 200: ITERATIONS}
    assert landing.total.errors == {}


async def test_cookies_without_end_stay_within_their_limits() -> None:
    flood = (b"Set-Cookie: c%d-%d=%s" % (number, size, b"x" * size) for number in range(30)
             for size in (10, 1500))  # fmt: skip
    async with HostileServer(saying(answer(*flood))) as server:
        landing = await flown(get(server.url), get(server.url), get(server.url))
    assert landing.total.errors == {}
    assert landing.total.requests == 3 * ITERATIONS
    # At most 16 KiB of names, values, domains and paths go along with each.
    assert landing.total.sent_bytes <= 3 * ITERATIONS * 17_500


@pytest.mark.parametrize(
    "line",
    [
        b"a=1; Domain=example.com",
        b"a=1; Domain=com",
        b"a=1; Path=/elsewhere",
        b"a=1; Secure",
        b"a=1; Max-Age=0",
        b"a=\x01",
        b"=1",
        b"a",
        b"",
        b"a=" + b"x" * 5000,
    ],
)
async def test_a_cookie_that_must_not_be_sent_is_not(line) -> None:
    async with HostileServer(saying(answer(b"Set-Cookie: " + line))) as server:
        first = await flown(get(server.url), cookies=False)
        landing = await flown(get(server.url))
    assert landing.total.errors == first.total.errors
    assert landing.total.sent_bytes == first.total.sent_bytes > 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"no gzip at all", ErrorKind.PROTOCOL, id="wrong"),
        pytest.param(gzip.compress(b'{"a": 1}')[:-4], ErrorKind.PROTOCOL, id="cut off"),
        pytest.param(gzip.compress(bytes(20_000_000)), ErrorKind.EXTRACT, id="a bomb"),
    ],
)
async def test_a_body_that_cannot_be_decoded_is_an_error_only_where_it_is_needed(
    body, kind
) -> None:
    async with HostileServer(saying(answer(b"Content-Encoding: gzip", body=body))) as server:
        needed = (Extract(variable="a", source=Source.JSON, selector="a"),)
        landing = await flown(get(server.url, extract=needed))
        assert landing.total.errors == {kind: ITERATIONS}
        landing = await flown(get(server.url))
        assert landing.total.errors == {}
