"""Connection strings: read as libpq reads them, shown without their password."""

import psycopg.conninfo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.errors import ProbeError
from vumeter.probes.dsn import parse_dsn, redacted, validate_dsn


@pytest.fixture(autouse=True)
def _no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOST", raising=False)


_GOOD = [
    "postgresql://ann:secret@db.example:6432/shop",
    "postgres://ann@db.example/shop",
    "postgresql:///shop?host=/run/postgresql&port=5433&user=ann",
    "postgresql://ann@/shop?host=%2Frun%2Fpostgresql",
    "postgresql://%61nn:p%40ss%2Fw%23rd@db/sh%20op",
    "postgresql://[::1]:5433/shop",
    "postgresql://one:5433,two:5434/shop",
    "host=db port=6432 user=ann password=secret dbname=shop",
    r"host = db user='an''n' password='a b\'c\\d' dbname=shop".replace("''", r"\'"),
    "host=/run/postgresql dbname=shop connect_timeout=3",
    "host=db password=a://b user=ann",
]


@pytest.mark.parametrize("dsn", _GOOD)
def test_a_connection_string_means_what_it_means_to_libpq(dsn: str) -> None:
    expected = psycopg.conninfo.conninfo_to_dict(dsn)
    parsed = parse_dsn(dsn)
    assert parsed.user == expected.get("user")
    assert parsed.password == expected.get("password")
    assert parsed.database == expected.get("dbname")
    assert ",".join(parsed.hosts) == expected.get("host", "")
    assert ",".join(map(str, parsed.ports)) == expected.get("port", "")


@pytest.mark.parametrize(
    "dsn",
    [
        pytest.param("", id="empty"),
        pytest.param("db.example", id="a host only"),
        pytest.param("mysql://ann:s3cret@db/shop", id="another database"),
        pytest.param("postgresql+asyncpg://ann:s3cret@db/shop", id="SQLAlchemy's form"),
        pytest.param("postgresql://ann:s3/cret@db/shop", id="slash in the password"),
        pytest.param("postgresql://ann:s3#cret@db/shop", id="hash in the password"),
        pytest.param("postgresql://ann:s3@cret@db/shop", id="at sign in the password"),
        pytest.param("postgresql://ann:s3cret@db:port/shop", id="port that is no number"),
        pytest.param("postgresql://ann:s3cret@db:70000/shop", id="port out of range"),
        pytest.param("postgresql://ann:s3cret@db/shop?sslmod=require", id="misspelt parameter"),
        pytest.param("postgresql://a,b,c/shop?port=1,2", id="more hosts than ports"),
        pytest.param("host=db password='s3cret", id="open quote"),
        pytest.param("host=db user ann", id="word without a value"),
        pytest.param("sslrootcert=/nowhere.pem", id="certificate that is not there"),
    ],
)
def test_what_is_no_connection_string_is_refused_without_its_password(dsn: str) -> None:
    with pytest.raises(ProbeError) as caught:
        validate_dsn(dsn)
    for part in ("s3cret", "cret"):
        assert part not in str(caught.value)


_MARK = "Kz7q"
_hostile = st.text(alphabet="a1:/?#@&=;%'\" \\,[].", max_size=6)


@given(before=_hostile, after=_hostile)
def test_no_password_is_ever_shown(before: str, after: str) -> None:
    password = before + _MARK + after
    shapes = [
        "postgresql://ann:{}@db/shop",
        "ann:{}@db/shop",
        "password='{}' host=db",
        "db password={}",
        "host=db password={}",
        "host=db user=ann PASSWORD = {}",
    ]
    if "&" not in before and ";" not in before:
        shapes.append("postgresql://db/shop?user=ann&password={}")
        shapes.append("postgresql://db/shop?pass%77ord={}&sslmode=require")
    for shape in shapes:
        assert _MARK not in redacted(shape.format(password)), shape


def test_a_password_whose_host_was_forgotten_is_hidden_too() -> None:
    assert redacted("postgresql://ann:s3cret/shop") == "postgresql://ann:***"
    assert redacted("ann:s3cret") == "ann:***"


def test_what_is_no_secret_stays_readable() -> None:
    dsn = "postgresql://ann:secret@db:6432/shop?sslmode=require&passfile=/home/ann/.pgpass"
    assert redacted(dsn) == dsn.replace("secret", "***")
    assert redacted("postgresql://db/shop") == "postgresql://db/shop"
    assert redacted("postgresql://[::1]:5433,b:2/shop") == "postgresql://[::1]:5433,b:2/shop"
    assert redacted("host=db password=x dbname=shop") == "host=db password=*** dbname=shop"


def test_a_connection_string_does_not_show_its_password_in_a_traceback() -> None:
    assert "secret" not in repr(parse_dsn("postgresql://ann:secret@db/shop?sslpassword=secret"))


@pytest.mark.parametrize(
    ("dsn", "is_local"),
    [
        ("postgresql://127.0.0.1/shop", True),
        ("postgresql://127.8.8.8/shop", True),
        ("postgresql://[::1]/shop", True),
        ("postgresql://localhost/shop", True),
        ("postgresql:///shop", True),
        ("host=/run/postgresql", True),
        ("postgresql://db.example/shop", False),
        ("postgresql://10.0.0.7/shop", False),
        ("postgresql://localhost,db.example/shop", False),
        ("service=production", False),
    ],
)
def test_a_server_is_local_only_when_it_cannot_be_elsewhere(dsn: str, is_local: bool) -> None:
    assert parse_dsn(dsn).is_local is is_local


def test_without_a_host_the_environments_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert not parse_dsn("dbname=shop").is_local
