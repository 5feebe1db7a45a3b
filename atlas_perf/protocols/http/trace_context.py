"""W3C Trace Context: who made a request, for the tracing of the system under test.

https://www.w3.org/TR/trace-context/: `traceparent: 00-<trace id>-<parent id>-<flags>`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from random import Random

HEADER = "traceparent"
_TRACEPARENT = re.compile(r"\s*[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?\s*")

_SAMPLED, _NOT_SAMPLED = "01", "00"


class TraceContext:
    """Makes a trace for each request, of which a share asks to be recorded.

    Ids come from the system's randomness and not from the plan's seed: two runs must not share
    traces.
    """

    def __init__(self, share: float, random: Random | None = None) -> None:
        """`share`: of requests whose trace the servers should record, from 0 to 1."""
        self._share = share
        self._random = random or Random(os.urandom(32))

    def next(self) -> tuple[str, str]:
        """The next trace id, and the header's value that has it."""
        trace_id = f"{self._random.getrandbits(128) or 1:032x}"
        parent_id = f"{self._random.getrandbits(64) or 1:016x}"
        flags = _SAMPLED if self._random.random() < self._share else _NOT_SAMPLED
        return trace_id, f"00-{trace_id}-{parent_id}-{flags}"


def trace_id_in(headers: Mapping[str, str]) -> str | None:
    """The trace id of headers that have a `traceparent`: "" if it has none; None: there is none."""
    for name, value in headers.items():
        if name.lower() == HEADER:
            match = _TRACEPARENT.fullmatch(value)
            return "" if match is None else match[1]
    return None
