"""`HOST:PORT` of an output's target."""

from __future__ import annotations

from atlas_perf.errors import UsageError

LOOPBACK = "127.0.0.1"


def host_and_port(kind: str, text: str, *, usual_port: int) -> tuple[str, int]:
    """Read `host:port`, `host`, `:port`, `port` or `[IPv6]:port`; the host is loopback unless told.

    Raises:
        UsageError: it is none of these.
    """
    host, port_text = _halves(text, str(usual_port))
    wrong = host.startswith("[") or not port_text.isascii() or not port_text.isdigit()
    if wrong or any(char in host for char in "/@?#") or not 0 < int(port_text) < 65536:
        raise UsageError(
            f"--out {kind} needs an address, such as {kind}={LOOPBACK}:{usual_port}: a host and a "
            "port from 1 to 65535"
        )
    return host or LOOPBACK, int(port_text)


def _halves(text: str, usual_port: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        return (host, rest.removeprefix(":") or usual_port) if bracket else (text, "")
    if text.isascii() and text.isdigit():
        return "", text
    host, colon, port = text.rpartition(":")
    return (host, port) if colon else (text, usual_port)
