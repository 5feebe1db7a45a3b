"""What folding means, as regular expressions: the oracle of its compiled form."""

from __future__ import annotations

import re

ID = "{id}"

_WHOLE_PART = re.compile(
    r"(?:(?<=[/=])\d+|(?<=[-_])\d{5,})(?=[/?&#;]|$|\.[A-Za-z]\w*(?=[/?&#;]|$))"
)
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
)
_LONG_HEX = re.compile(r"(?<![0-9A-Za-z%])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{16,}(?![0-9A-Za-z])")


def folded_by_patterns(url: str) -> str:
    start = url.find("/", url.find("://") + 3)
    query = url.find("?")
    if query != -1 and (start == -1 or query < start):
        start = query
    if start == -1:
        return url
    rest = _LONG_HEX.sub(ID, _UUID.sub(ID, url[start:]))
    return url[:start] + _WHOLE_PART.sub(ID, rest)
