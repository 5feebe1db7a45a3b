"""Headers that say who is asking. Their values go to the wire and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf import VirtualUser

AGENT_PATHS = "/api/a2a/"


def bearer(env: Mapping[str, str]) -> dict[str, str]:
    """`Authorization: Bearer …` if AUTH_TOKEN is set, else nothing."""
    token = env.get("AUTH_TOKEN", "")
    return {"Authorization": f"Bearer {token}"} if token else {}


def agent(vu: VirtualUser, path: str) -> dict[str, str]:
    """`X-Agent-Id`, and `X-A2A-Token` if A2A_TOKEN is set: for what agents ask of each other."""
    if not path.startswith(AGENT_PATHS):
        return {}
    token = vu.env.get("A2A_TOKEN", "")
    return {"X-Agent-Id": f"agent-{vu.id}"} | ({"X-A2A-Token": token} if token else {})
