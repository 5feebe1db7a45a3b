"""Everything about the reference target that can be chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    faults: tuple[str, ...] = ()  # how it misbehaves, each as `faults/grammar.py` has it
    sockjs_framing: bool = False  # around STOMP under `deployed`, as Spring's SockJS has it
    max_sessions: int = 20_000  # WebSockets open at the same time
    max_streams: int = 5_000  # event streams open at the same time
    max_unsent_bytes: int = 512 * 1024  # of one session, before it is cut off as too slow
    auth_token: str | None = None  # asked for as `Authorization: Bearer`, exactly
    asks_for_jwt: bool = False  # as `Authorization: Bearer`: a JWT that has not expired
    jwt_secret: str | None = None  # asks for JWTs signed with it by HS256; None: any signature
    a2a_token: str | None = None  # asked for as `X-A2A-Token` by the documented task endpoints


def with_secrets_of_environment(settings: TargetSettings) -> TargetSettings:
    """The settings with TARGET_AUTH_TOKEN, TARGET_A2A_TOKEN and TARGET_JWT_SECRET.

    They come from the environment only: options would show them to everybody who lists processes.
    An empty variable is none.
    """
    return replace(
        settings,
        auth_token=os.environ.get("TARGET_AUTH_TOKEN") or None,
        a2a_token=os.environ.get("TARGET_A2A_TOKEN") or None,
        jwt_secret=os.environ.get("TARGET_JWT_SECRET") or None,
    )
