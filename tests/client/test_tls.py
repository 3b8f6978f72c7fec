"""TLS contexts: what they trust, what they show, and what files cannot be used."""

import ssl
import subprocess

import pytest
import trustme

from vumeter.client.tls import tls_context
from vumeter.errors import UsageError
from vumeter.model.plan import TlsVersion, Transport


@pytest.fixture
def files(tmp_path):
    """A folder with an authority, a client's certificate and key, and odd files."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    shown = authority.issue_cert("client@shop.example")
    shown.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    shown.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    shown.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.issue_cert("other@shop.example").private_key_pem.write_to_path(tmp_path / "other.pem")
    (tmp_path / "junk.pem").write_bytes(b"\x00\xffjunk")
    return tmp_path


def test_without_options_the_system_is_trusted_and_hosts_are_verified() -> None:
    context = tls_context(verify=True)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_other_authorities_are_trusted_instead_of_the_systems(files) -> None:
    context = tls_context(
        verify=True, transport=Transport(authorities=str(files / "authority.pem"))
    )
    assert len(context.get_ca_certs()) == 1


def test_the_minimum_version_is_what_the_plan_says() -> None:
    context = tls_context(verify=True, transport=Transport(tls_minimum=TlsVersion.TLS_1_3))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(("certificate", "key"), [("both", None), ("certificate", "key")])
def test_a_certificate_to_show_is_taken_with_its_key(files, certificate, key) -> None:
    tls_context(
        verify=False,
        transport=Transport(
            certificate=str(files / f"{certificate}.pem"),
            certificate_key=key and str(files / f"{key}.pem"),
        ),
    )


@pytest.mark.parametrize(
    "names",
    [
        {"authorities": "junk"},
        {"authorities": "missing"},
        {"certificate": "junk"},
        {"certificate": "missing"},
        {"certificate": "certificate"},
        {"certificate": "certificate", "certificate_key": "other"},
        {"certificate": "certificate", "certificate_key": "missing"},
    ],
    ids=lambda names: "-".join(f"{key}-{name}" for key, name in names.items()),
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(files, names) -> None:
    paths = {key: str(files / f"{name}.pem") for key, name in names.items()}
    with pytest.raises(UsageError) as raised:
        tls_context(verify=True, transport=Transport(**paths))
    assert all(path in raised.value.message for path in paths.values())
    assert raised.value.hint


def test_an_encrypted_key_is_refused_without_a_question(files) -> None:
    encrypted = files / "encrypted.pem"
    command = ["openssl", "pkey", "-aes128", "-passout", "pass:secret"]
    made = subprocess.run(
        [*command, "-in", files / "key.pem", "-out", encrypted], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"openssl cannot encrypt a key here: {made.stderr!r}")
    with pytest.raises(UsageError, match="encrypted"):
        tls_context(
            verify=True,
            transport=Transport(
                certificate=str(files / "certificate.pem"), certificate_key=str(encrypted)
            ),
        )
