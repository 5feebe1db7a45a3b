"""The beginning of an answer as text that people may read: short, and without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atlas_perf.protocols.http.decoding import BodyDecodingError

if TYPE_CHECKING:
    from atlas_perf.protocols.http.response import Response

MAX_CHARACTERS = 400
MAX_DECODED_BYTES = 64 * 1024
"""A longer body is not decoded for the sake of its beginning."""

HIDDEN = "***"

_WORDS = "token|secret|password|passwd|api_?key|authorization|credential"
_SECRET = rf"[^\"'=&:\s]*(?:{_WORDS})[^\"'=&:\s]*"
_JSON_FIELD = re.compile(rf'(?P<name>"{_SECRET}"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)
_FORM_FIELD = re.compile(rf"(?P<name>(?:^|[?&\s]){_SECRET}=)[^&\s\"']+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"\b(?P<scheme>Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?")


def body_excerpt(response: Response) -> str:
    """The first characters of a response's text; "" if there is none that can be read."""
    if response.body_bytes > MAX_DECODED_BYTES or not response.wire_body:
        return ""
    try:
        text = response.text()
    except BodyDecodingError:
        return ""
    return without_secrets(text)[:MAX_CHARACTERS]


def without_secrets(text: str) -> str:
    """The text with the values of secretly named fields, bearer tokens and JWTs hidden."""
    text = _JSON_FIELD.sub(rf"\g<name>{HIDDEN}", text)
    text = _FORM_FIELD.sub(rf"\g<name>{HIDDEN}", text)
    text = _CREDENTIALS.sub(rf"\g<scheme> {HIDDEN}", text)
    return _JWT.sub(HIDDEN, text)
