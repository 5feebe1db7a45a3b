"""The framing that SockJS puts around messages, also of its WebSocket transport.

o                 the session is open            h              a sign of life
a["…","…"]        messages of the server         c[3000,"…"]    the session is closed
["…"]             messages of the client
"""

from __future__ import annotations

import json
from typing import Any

from atlas_perf.protocols.http.json_text import decode_json
from atlas_perf.protocols.ws.inbox import Message

OPEN = "o"


class SockJsError(ValueError):
    """What came is no frame of SockJS."""


class SockJsClosed(Exception):
    """The server says that it closes the session.

    Attributes:
        code, reason: as it says.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with code {code}")
        self.code = code
        self.reason = reason


def wrap(text: str) -> str:
    """A message of the client."""
    return json.dumps([text])


def unwrap(message: Message) -> list[str]:
    """The messages in a frame of the server; none in `o` and `h`.

    Raises:
        SockJsClosed: for `c`.
        SockJsError: for what is no frame.
    """
    if not isinstance(message, str) or not message:
        raise SockJsError("a frame of SockJS is text")
    kind, content = message[0], message[1:]
    if kind in {"o", "h"} and not content:
        return []
    if kind == "a":
        messages = _array(content)
        if all(isinstance(one, str) for one in messages):
            return messages
    if kind == "c":
        match _array(content):
            case [int(code), str(reason)]:
                raise SockJsClosed(code, reason)
    raise SockJsError("what came is neither STOMP nor a frame of SockJS")


def _array(content: str) -> list[Any]:
    try:
        value = decode_json(content.encode())
    except (ValueError, RecursionError):
        raise SockJsError("a frame of SockJS holds no JSON") from None
    if not isinstance(value, list):
        raise SockJsError("a frame of SockJS holds no array")
    return value
