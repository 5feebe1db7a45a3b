"""Bearer tokens (RFC 6750) as a request's `auth`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """A token for a request's `auth`.

    Raises:
        ValueError: for a text that is no token; it is not repeated.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.token, str) or _TOKEN.fullmatch(self.token) is None:
            raise ValueError("BearerAuth takes a token: letters, digits, -._~+/ and = at its end")
