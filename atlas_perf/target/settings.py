"""Everything about the reference target that can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from atlas_perf.target.latency import HEALTHY, Model


class Contract(StrEnum):
    """Which of the orchestrator's two contracts is served."""

    DOCUMENTED = "documented"
    DEPLOYED = "deployed"


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """How the target behaves; the defaults are what the embedded environment uses.

    Tokens are None where none is asked for, which is the default.
    """

    contract: Contract = Contract.DOCUMENTED
    seed: int = 0
    latency_scale: float = 1.0  # times each operation's service latency; 0 answers at once
    latencies: Mapping[str, Model] = field(default_factory=lambda: HEALTHY)
    lifecycle_scale: float = 1.0  # times how long runs and tasks take; 0 ends them at once
    max_runs: int = 10_000
    max_tasks: int = 50_000
    max_sessions: int = 20_000  # WebSockets open at the same time
    max_streams: int = 5_000  # event streams open at the same time
    max_unsent_bytes: int = 512 * 1024  # of one session, before it is cut off as too slow
    auth_token: str | None = None  # asked for as `Authorization: Bearer`, exactly
    asks_for_jwt: bool = False  # as `Authorization: Bearer`: a JWT that has not expired
    jwt_secret: str | None = None  # which JWTs must be signed with, by HS256; None: by anything
    a2a_token: str | None = None  # asked for as `X-A2A-Token` by the documented task endpoints
