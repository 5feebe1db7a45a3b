"""The certificate files that options name: tried once here, before any load."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.problem import OptionPath, OptionProblem, expected, written
from atlas_perf.loader.readers import TEXT, Reader, read_list
from atlas_perf.model.plan import ClientCertificate

_DOMAIN = re.compile(r"(?:\*\.)?[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*|\[?[0-9A-Fa-f:]+\]?")


def _read_pem_path(value: object, path: OptionPath) -> str:
    if isinstance(value, str) and "-----BEGIN" in value:
        # k6 takes the text; here it would stand in every report of the run.
        raise OptionProblem(path, f"`{written(path)}` takes the path of the PEM file, not its text")
    if not isinstance(value, str | os.PathLike) or not (file := Path(value)).is_file():
        raise expected(path, "the path of a PEM file", value)
    return str(file.resolve())


def _read_authorities(value: object, path: OptionPath) -> str:
    file = _read_pem_path(value, path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError):
        raise OptionProblem(path, f"`{written(path)}`: no certificate in {file}") from None
    return file


def _read_domains(value: object, path: OptionPath) -> tuple[str, ...]:
    domains = read_list(value, path, "a list of host names")
    for index, domain in enumerate(domains):
        if not isinstance(domain, str) or _DOMAIN.fullmatch(domain) is None:
            raise expected((*path, index), "a host name such as api.example or *.example", domain)
    return tuple(str(domain).strip("[]").lower() for domain in domains)


_PATH = Reader("the path of a PEM file", _read_pem_path)

CERTIFICATE = KeyTable(
    (
        OptionKey(
            "cert",
            _PATH,
            "required",
            "The certificate, and those up to its authority",
            "cert",
            required=True,
        ),
        OptionKey("key", _PATH, "the file of `cert`", "Its private key", "key"),
        OptionKey("password", TEXT, "–", "Of the private key", "password"),
        OptionKey(
            "domains",
            Reader("a list of host names", _read_domains),
            "[]",
            "Servers to show it to: `api.example`, or `*.example` for one label more; none: all",
            "domains",
        ),
    )
)


def _read_certificate(value: object, path: OptionPath) -> ClientCertificate:
    values = CERTIFICATE.fields(CERTIFICATE.read(value, path))
    certificate = ClientCertificate(**{"key": values["cert"], **values})
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            certificate.cert,
            certificate.key,
            certificate.password or "",  # without one OpenSSL would ask at the terminal
        )
    except (OSError, ssl.SSLError):
        raise OptionProblem(
            path, f"`{written(path)}`: certificate, key and password do not go together"
        ) from None
    return certificate


def _read_certificates(value: object, path: OptionPath) -> tuple[ClientCertificate, ...]:
    given = read_list(value, path, "a list of client certificates")
    return tuple(_read_certificate(item, (*path, index)) for index, item in enumerate(given))


PEM_FILE = Reader("the path of a PEM file", _read_authorities)
CLIENT_CERTIFICATES = Reader("a list of client certificates", _read_certificates)
