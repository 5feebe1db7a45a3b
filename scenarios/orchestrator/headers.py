"""Headers that say who is asking. Their values go to the wire and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping


def bearer(env: Mapping[str, str]) -> dict[str, str]:
    """`Authorization: Bearer …` if AUTH_TOKEN is set, else nothing."""
    token = env.get("AUTH_TOKEN", "")
    return {"Authorization": f"Bearer {token}"} if token else {}
