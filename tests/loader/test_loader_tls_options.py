"""Certificate files are tried when the plan is made, not by the first worker."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from atlas_perf.errors import ScenarioError
from atlas_perf.model.plan import ClientCertificate


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cert.pem, key.pem, locked.pem (password `pw1234`), both.pem, stranger.pem, ca.pem."""
    folder = tmp_path_factory.mktemp("pem")
    authority = trustme.CA()
    issued = authority.issue_cert("user@client.example")
    key = issued.private_key_pem.bytes()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    (folder / "key.pem").write_bytes(key)
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    authority.issue_cert("other@client.example").private_key_pem.write_to_path(
        folder / "stranger.pem"
    )
    locked = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw1234")
    )
    (folder / "locked.pem").write_bytes(locked)
    return folder


def test_certificates_and_authorities(build, files: Path) -> None:
    options = f"""{{
        "tlsCAFile": "{files}/ca.pem",
        "tlsAuth": [
            {{"cert": "{files}/both.pem"}},
            {{"cert": "{files}/cert.pem", "key": "{files}/locked.pem", "password": "pw1234",
              "domains": ["API.example", "*.b.example", "[::1]"]}},
        ],
    }}"""
    http = build(options).plan.http
    assert http.tls_ca_file == f"{files}/ca.pem"
    assert http.tls_auth == (
        ClientCertificate(f"{files}/both.pem", f"{files}/both.pem"),
        ClientCertificate(
            f"{files}/cert.pem",
            f"{files}/locked.pem",
            "pw1234",
            ("api.example", "*.b.example", "::1"),
        ),
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{'tlsAuth': {}}", "`tlsAuth` must be a list of client certificates"),
        ("{'tlsAuth': [{'cert': 'nowhere.pem'}]}", "must be the path of a PEM file"),
        ("{'tlsAuth': [{'key': '%/key.pem'}]}", "has no `cert`"),
        (
            "{'tlsAuth': [{'cert': '%/cert.pem', 'key': '%/stranger.pem'}]}",
            "certificate, key and password do not go together",
        ),
        (
            "{'tlsAuth': [{'cert': '%/cert.pem', 'key': '%/locked.pem'}]}",
            "certificate, key and password do not go together",
        ),
        (
            "{'tlsAuth': [{'cert': '-----BEGIN CERTIFICATE-----'}]}",
            "takes the path of the PEM file, not its text",
        ),
        (
            "{'tlsAuth': [{'cert': '%/both.pem', 'domains': ['https://a']}]}",
            "must be a host name such as api.example",
        ),
        ("{'tlsCAFile': '%/key.pem'}", "no certificate in"),
        ("{'tlsCAFile': 1}", "must be the path of a PEM file"),
    ],
)
def test_files_that_cannot_be_used(build, files: Path, options: str, sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        build(options.replace("%", str(files)))
