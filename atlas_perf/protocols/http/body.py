"""The body of a request: bytes, text, JSON or a form."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

Body = bytes | bytearray | memoryview | str | None

Form = Mapping[str, Any] | Iterable[tuple[str, Any]]


# Made once: `dumps` with options of its own builds an encoder a call.
_compact_json = json_format.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def encode_body(
    body: bytes | bytearray | memoryview | str | None, json: Any, data: Form | None
) -> tuple[bytes, str | None]:
    """The bytes to send and the Content-Type they imply, None if they imply none.

    Raises:
        ValueError: if more than one kind of body is given.
        TypeError: for a body that is none of these kinds.
    """
    if sum(part is not None for part in (body, json, data)) > 1:
        raise ValueError("give a request one of body=, json= and data=, not several")
    if json is not None:
        return _compact_json(json).encode(), "application/json"
    if data is not None:
        if isinstance(data, (str, bytes)):
            raise TypeError("data= takes the fields of a form: pass text or bytes as body=")
        pairs = data if isinstance(data, Mapping) else list(data)
        return urlencode(pairs, doseq=True).encode(), "application/x-www-form-urlencoded"
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), None
    raise TypeError(f"body= takes bytes or text, not {type(body).__name__}: use json= or data=")
