"""TLS settings: one context per process, since loading the trust store takes milliseconds."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def tls_context(*, verify: bool) -> ssl.SSLContext:
    """The shared client context.

    With `verify` the server's certificate must be issued by an authority of the system's trust
    store, or of the files that SSL_CERT_FILE and SSL_CERT_DIR name, and must match the host.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
