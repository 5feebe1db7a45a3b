"""The body of a request: bytes, text, JSON, a form with or without files, or an iterator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from atlas_perf.protocols.http.body_stream import BodyStream, Parts, is_stream
from atlas_perf.protocols.http.json_text import encode_json
from atlas_perf.protocols.http.multipart import Files, encode_multipart

Body = bytes | bytearray | memoryview | str | Parts | None

Form = Mapping[str, Any] | Iterable[tuple[str, Any]]


def encode_body(
    body: Body, json: Any, data: Form | None, files: Files | None = None
) -> tuple[bytes | BodyStream, str | None]:
    """What to send and the Content-Type it implies, None if it implies none.

    Raises:
        ValueError: if more than one kind of body is given.
        TypeError: for a body that is none of these kinds.
    """
    if json is not None and body is data is files is None:
        return encode_json(json), "application/json"
    form = data if files is None else files
    if sum(part is not None for part in (body, json, form)) > 1:
        raise ValueError("give a request one of body=, json= and data= or files=, not several")
    if isinstance(data, (str, bytes)):
        raise TypeError("data= takes the fields of a form: pass text or bytes as body=")
    if files is not None:
        return encode_multipart(_fields(data or ()), files)
    if data is not None:
        pairs = data if isinstance(data, Mapping) else list(data)
        return urlencode(pairs, doseq=True).encode(), "application/x-www-form-urlencoded"
    return _as_given(body)


def _as_given(body: Body) -> tuple[bytes | BodyStream, str | None]:
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), None
    if is_stream(body):
        return BodyStream(body), None
    raise TypeError(
        f"body= takes bytes, text or an iterator of them, not {type(body).__name__}: "
        "use json= or data="
    )


def _fields(data: Form) -> Iterable[tuple[str, str]]:
    """Names and values of a form; a list is several values, as in a form without files."""
    for name, value in data.items() if isinstance(data, Mapping) else data:
        values = value if isinstance(value, (list, tuple)) else (value,)
        for each in values:
            yield str(name), str(each)
