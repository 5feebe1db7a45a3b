"""TLS settings: one context per process and setting, since loading a trust store takes
milliseconds."""

from __future__ import annotations

import ssl
from functools import cache

from atlas_perf.model.plan import ClientCertificate, HttpOptions


class TlsSettings:
    """How the connections of a plan are secured."""

    def __init__(self, options: HttpOptions) -> None:
        self._verify = not options.insecure_skip_tls_verify
        self._ca_file = options.tls_ca_file
        self._certificates = options.tls_auth

    def context_for(self, host: str) -> ssl.SSLContext:
        """The context for connections to a host, with the certificate to show it.

        Raises:
            OSError: for a file that has gone since the plan was made.
        """
        shown = next((each for each in self._certificates if _is_for(each, host)), None)
        return tls_context(verify=self._verify, ca_file=self._ca_file, certificate=shown)


@cache
def tls_context(
    *,
    verify: bool,
    ca_file: str | None = None,
    certificate: ClientCertificate | None = None,
) -> ssl.SSLContext:
    """The shared client context.

    With `verify` the server's certificate must be issued by an authority of the system's trust
    store, or of the files that SSL_CERT_FILE and SSL_CERT_DIR name, or of `ca_file`, and must
    match the host.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if certificate is not None:
        # Without a password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate.cert, certificate.key, certificate.password or "")
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_for(certificate: ClientCertificate, host: str) -> bool:
    """Whether to show it; a `*.` stands for one label, as in certificates (RFC 6125)."""
    host = host.rstrip(".")
    parent = host.partition(".")[2]
    return not certificate.domains or any(
        domain == host or (bool(parent) and domain == f"*.{parent}")
        for domain in certificate.domains
    )
