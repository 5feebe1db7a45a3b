"""User names and passwords in URLs: found, and left out.

The authority of a URL ends at the first `/`, `?` or `#` (RFC 3986, section 3.2), and what stands
before the last `@` in it is user info: a password may hold an `@` of its own.
"""

from __future__ import annotations

import re

_OF_A_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*://)[^/?#]*@")
_IN_A_TEXT = re.compile(r"(?<=://)[^/?#\s'\"<>]*@")


def without_credentials(url: str) -> str:
    """One URL as it may be printed, the rest of it untouched."""
    return _OF_A_URL.sub(r"\1", url)


def text_without_credentials(text: str) -> str:
    """A text with the same done to every URL in it; white space, quotes and `<>` end a URL."""
    return _IN_A_TEXT.sub("", text)
