"""Everything about the reference target that can be chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """How the target behaves; the defaults are what the embedded environment uses.

    Tokens are None where none is asked for, which is the default.
    """

    seed: int = 0
    latency_scale: float = 1.0  # times each operation's service latency; 0 answers at once
    lifecycle_scale: float = 1.0  # times how long runs and tasks take; 0 ends them at once
    max_runs: int = 10_000
    max_tasks: int = 50_000
    max_sessions: int = 20_000  # WebSockets open at the same time
    max_unsent_bytes: int = 512 * 1024  # of one session, before it is cut off as too slow
    auth_token: str | None = None  # asked for as `Authorization: Bearer` by the run endpoints
    a2a_token: str | None = None  # asked for as `X-A2A-Token` by the task endpoints
