"""Header fields: a read-only, case-insensitive mapping, and what may be sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

HeaderFields = tuple[tuple[str, str], ...]

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""RFC 9110 `token`: what methods, header names and cookie names are made of."""

_FORBIDDEN_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS_TO_SET = frozenset({"content-length", "transfer-encoding"})


class Headers(Mapping[str, str]):
    """Response headers in the order received. Names compare without case.

    `headers[name]` joins repeated fields with a comma, as RFC 9110 allows for all but Set-Cookie;
    `get_all(name)` keeps them apart.
    """

    __slots__ = ("_by_name", "fields")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields: HeaderFields = tuple(fields)
        self._by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            self._by_name.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._by_name[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in the order received."""
        return tuple(self._by_name.get(name.lower(), ()))

    def __repr__(self) -> str:
        return f"Headers({list(self._by_name)})"  # values may hold credentials


def checked_fields(headers: Mapping[str, str]) -> HeaderFields:
    """The fields a request asks to send.

    Raises:
        ValueError: for a field that would break out of its line or change the framing.
        TypeError: for a name or value that is no text.
    """
    return tuple(_checked(name, value) for name, value in headers.items())


def _checked(name: str, value: str) -> tuple[str, str]:
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"header {name!r} must be text: write str(...) around its value")
    if TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not a header name")
    if name.lower() in _OURS_TO_SET:
        raise ValueError(f"header {name!r} is set from the body and cannot be given")
    if _FORBIDDEN_IN_VALUE.search(value):
        raise ValueError(f"header {name!r} has a control character in its value")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"header {name!r} has a character outside Latin-1") from None
    return name, value
