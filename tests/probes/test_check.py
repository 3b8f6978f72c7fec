"""What the command line says when a database cannot be watched: what, where, what to do."""

import pytest
import trustme

from vumeter.errors import ExitCode, ProbeError
from vumeter.probes.postgres import PostgresProbe

pytestmark = [pytest.mark.postgres]


async def _complaint(dsn: str) -> str:
    with pytest.raises(ProbeError) as caught:
        await PostgresProbe(dsn).check()
    assert caught.value.exit_code is ExitCode.USAGE
    text = str(caught.value)
    assert "s3cret" not in text
    assert "\n  " in text, "there is nothing to do"
    return text


async def test_a_server_that_can_be_watched_passes(cluster) -> None:
    await PostgresProbe(cluster.dsn()).check()
    await PostgresProbe(
        f"host={cluster.folder} port={cluster.port} user=chief dbname=postgres"
    ).check()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_listening_is_a_refused_connection(host: str) -> None:
    text = await _complaint(f"postgresql://ann:s3cret@{host}:1/shop")
    assert f"PostgreSQL at postgresql://ann:***@{host}:1/shop: connection refused." in text
    assert "Start the server, or check host and port." in text


async def test_a_missing_socket_is_named_as_such() -> None:
    text = await _complaint("postgresql://ann:s3cret@/shop?host=/nowhere")
    assert "there is no server's socket" in text


async def test_a_host_that_nobody_knows_is_said_to_be_unknown() -> None:
    text = await _complaint("postgresql://ann:s3cret@no-such-host.invalid/shop")
    assert "the host's name is not known" in text


@pytest.mark.parametrize(
    ("dsn", "what", "what_to_do"),
    [
        pytest.param(
            "postgresql://check:s3cret@127.0.0.1:{port}/postgres",
            'password authentication failed for user "check"',
            "~/.pgpass",
            id="wrong password",
        ),
        pytest.param(
            "postgresql://check:right@127.0.0.1:{port}/nowhere",
            'database "nowhere" does not exist',
            "database's name",
            id="unknown database",
        ),
        pytest.param(
            "postgresql://nobody@/postgres?host={folder}&port={port}",
            'role "nobody" does not exist',
            "user's name",
            id="unknown role",
        ),
        pytest.param(
            "postgresql://check:right@127.0.0.1:{port}/barred",
            'permission denied for database "barred"',
            "GRANT CONNECT",
            id="no right to connect",
        ),
        pytest.param(
            "postgresql://limited@/postgres?host={folder}&port={port}",
            'no slot left: too many connections for role "limited"',
            "raise the limit",
            id="role without a slot",
        ),
        pytest.param(
            "postgresql://check:right@127.0.0.1:{port}/postgres?sslmode=require",
            "the server refuses TLS",
            "sslmode",
            id="no TLS",
        ),
        pytest.param(
            "postgresql://check:right@127.0.0.1:{port}/postgres?sslmode=perhaps",
            "`sslmode` parameter must be one of",
            "connection string",
            id="sslmode that is none",
        ),
    ],
)
async def test_a_server_that_refuses_says_what_and_what_to_do(
    cluster, dsn: str, what: str, what_to_do: str
) -> None:
    if not cluster.rows("SELECT 1 FROM pg_roles WHERE rolname = 'check'"):
        cluster.execute(
            "CREATE ROLE \"check\" LOGIN PASSWORD 'right'",
            "CREATE ROLE limited LOGIN CONNECTION LIMIT 0",
            "CREATE DATABASE barred",
            "REVOKE CONNECT ON DATABASE barred FROM PUBLIC",
        )
    first, hint = (await _complaint(dsn.format(port=cluster.port, folder=cluster.folder))).split(
        "\n"
    )
    assert what in first
    assert what_to_do in hint


@pytest.mark.slow
async def test_a_frozen_server_fails_the_check_within_three_seconds(own_cluster) -> None:
    frozen = own_cluster.freeze()
    try:
        text = await _complaint(own_cluster.dsn())
    finally:
        own_cluster.thaw(frozen)
    assert "no answer in time" in text


@pytest.mark.slow
async def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_good_one_is_not(
    own_cluster,
) -> None:
    if own_cluster.rows("SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting = ''"):
        pytest.skip("this PostgreSQL was built without TLS")
    authority, stranger = trustme.CA(), trustme.CA()
    own_cluster.serve_tls(authority.issue_cert("127.0.0.1"))
    own_cluster.execute("CREATE ROLE ann LOGIN PASSWORD 's3cret'")
    trusted, untrusted = own_cluster.folder / "ca.pem", own_cluster.folder / "stranger.pem"
    authority.cert_pem.write_to_path(trusted)
    stranger.cert_pem.write_to_path(untrusted)
    dsn = own_cluster.tcp_dsn("ann", "s3cret") + "?sslmode=verify-full&sslrootcert="
    await PostgresProbe(f"{dsn}{trusted}").check()
    text = await _complaint(f"{dsn}{untrusted}")
    assert "the server's certificate is not trusted" in text
    assert "sslrootcert" in text
    with pytest.raises(ProbeError, match=r'There is no file "/nowhere.pem"'):
        PostgresProbe(f"{dsn}/nowhere.pem")
