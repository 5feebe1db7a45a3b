"""What a command leaves behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    stdout: str
    stderr: str
