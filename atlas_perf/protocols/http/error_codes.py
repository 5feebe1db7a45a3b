"""k6's numeric error codes, as far as HTTP/1.1 over TCP and TLS can meet them."""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """Value of the `error_code` tag of a request that got no usable response."""

    GENERIC = 1000  # a malformed, truncated or missing response, too many redirects, a cancellation
    NETWORK = 1010
    INVALID_URL = 1020
    REQUEST_TIMEOUT = 1050
    DNS = 1100
    DNS_NO_SUCH_HOST = 1101
    BLOCKED_HOST = 1111
    TCP = 1200
    TCP_BROKEN_PIPE = 1201
    DIAL_TIMEOUT = 1211
    DIAL_REFUSED = 1212
    DIAL_UNKNOWN_ERRNO = 1213
    TCP_RESET = 1220
    TLS = 1300
    X509_UNKNOWN_AUTHORITY = 1310
    X509_HOSTNAME = 1311


_FIRST_STATUS_WITH_CODE = 400


def status_error_code(status: int) -> int:
    """k6's code for a status that is itself a failure: 1404 for 404, 1503 for 503.

    Statuses below 400 have none (0): 1000 + status would read as a TCP or TLS error.
    """
    return 1000 + status if status >= _FIRST_STATUS_WITH_CODE else 0
