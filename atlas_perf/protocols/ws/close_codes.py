"""Close codes of RFC 6455, and what a session that ended with one is said to have failed of."""

from __future__ import annotations

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
NO_CODE = 1005
LOST = 1006
INVALID_DATA = 1007
TOO_BIG = 1009

ORDERLY = frozenset({NORMAL, NO_CODE})
"""With these a peer ends a session well, unless the scenario names others."""

MOST_REASON_BYTES = 123
"""What a close frame has room for besides its code."""

_HIGHEST = 4999
_LOWEST_OF_APPLICATIONS = 3000
_OF_THE_PROTOCOL = frozenset(
    {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
)


def is_in_frames(code: int) -> bool:
    """True for a code that a close frame may carry."""
    return code in _OF_THE_PROTOCOL or _LOWEST_OF_APPLICATIONS <= code <= _HIGHEST


def checked_code(code: int) -> int:
    """The code, if a client may send it.

    Raises:
        ValueError: for one that RFC 6455 keeps out of close frames.
    """
    if not isinstance(code, int) or not is_in_frames(code):
        raise ValueError(f"{code!r} is no close code: take 1000, or one from 3000 to 4999")
    return code


def checked_reason(reason: str) -> str:
    """The reason, if a close frame has room for it.

    Raises:
        ValueError: if not.
    """
    size = len(reason.encode())
    if size > MOST_REASON_BYTES:
        raise ValueError(f"a close reason has at most {MOST_REASON_BYTES} bytes, this has {size}")
    return reason


def error_of(code: int) -> str:
    """The `error` tag of a session that the peer ended with a code that was not expected."""
    if code == LOST:
        return "connection lost without a close frame"
    return f"closed by the peer with code {code}"
