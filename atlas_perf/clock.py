"""The one clock of a run: integer nanoseconds, monotonic, the same in every process of a host.

Wall time is read once, at the start, to print dates; no measurement ever uses it, so a stepped
wall clock cannot move a sample.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

now_ns = time.monotonic_ns
"""Nanoseconds on CLOCK_MONOTONIC, whose zero is the host's boot: comparable across processes."""


@dataclass(frozen=True, slots=True)
class WallAnchor:
    """One simultaneous reading of both clocks, to date monotonic readings afterwards."""

    monotonic_ns: int
    unix_ns: int

    @classmethod
    def now(cls) -> WallAnchor:
        return cls(monotonic_ns=time.monotonic_ns(), unix_ns=time.time_ns())

    def unix_ns_at(self, monotonic_ns: int) -> int:
        """Unix time in nanoseconds of a monotonic reading."""
        return self.unix_ns + (monotonic_ns - self.monotonic_ns)

    def rfc3339_at(self, monotonic_ns: int) -> str:
        """RFC 3339 date in UTC with nanoseconds, as k6 writes it."""
        seconds, nanoseconds = divmod(self.unix_ns_at(monotonic_ns), 1_000_000_000)
        date = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{date}.{nanoseconds:09d}Z"
