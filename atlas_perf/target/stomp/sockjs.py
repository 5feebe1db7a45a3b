"""SockJS' own framing of the messages of its WebSocket transport, the server's side."""

from __future__ import annotations

import json

from atlas_perf.target.collaboration.outbox import text_frame
from atlas_perf.target.stomp.frames import FrameError

OPEN = text_frame(b"o")
GOODBYE = text_frame(b'c[3000,"Go away!"]')


def pack(text: bytes) -> bytes:
    """A message of the server on the wire."""
    return text_frame(b"a" + json.dumps([text.decode()]).encode())


def unpack(data: bytes) -> bytes:
    """What a client's message holds.

    Raises:
        FrameError: if it is no array of texts.
    """
    try:
        messages = json.loads(data)
    except (ValueError, RecursionError):
        messages = None
    if not isinstance(messages, list) or not all(isinstance(one, str) for one in messages):
        raise FrameError("a message is not the array of texts that SockJS has it be")
    return "".join(messages).encode()
