"""What the numeric error codes of requests mean, in the few words that a report has room for."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.protocols.http.error_codes import ErrorCode

FIRST_STATUS_CODE = 1400
"""From here on a code is 1000 and the status of the response."""

_WORDS = {
    ErrorCode.GENERIC: "no usable response",
    ErrorCode.NETWORK: "network error",
    ErrorCode.INVALID_URL: "invalid URL",
    ErrorCode.REQUEST_TIMEOUT: "request timed out",
    ErrorCode.DNS: "name lookup failed",
    ErrorCode.DNS_NO_SUCH_HOST: "no such host",
    ErrorCode.BLOCKED_HOST: "host not allowed, not sent",
    ErrorCode.TCP: "connection broken",
    ErrorCode.TCP_BROKEN_PIPE: "broken pipe",
    ErrorCode.DIAL_TIMEOUT: "connecting timed out",
    ErrorCode.DIAL_REFUSED: "connection refused",
    ErrorCode.DIAL_UNKNOWN_ERRNO: "connecting failed",
    ErrorCode.TCP_RESET: "connection reset",
    ErrorCode.TLS: "TLS failed",
    ErrorCode.X509_UNKNOWN_AUTHORITY: "certificate of an unknown authority",
    ErrorCode.X509_HOSTNAME: "certificate of another host",
}

ERROR_WORDS: Mapping[str, str] = {str(code.value): words for code, words in _WORDS.items()}
"""By the code as a series' tag has it."""


def error_name(code: str) -> str:
    """`error 1212 connection refused`: the code, and what it means where that is known."""
    return " ".join(filter(None, (f"error {code}", ERROR_WORDS.get(code))))
