"""What users ask the orchestrator for, drawn from each user's own random numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from atlas_perf import VirtualUser

BRANCH = "main"

REPOSITORIES = (
    "https://git.example/atlas/orchestrator.git",
    "https://git.example/atlas/gateway.git",
    "https://git.example/atlas/console.git",
    "https://git.example/atlas/agents.git",
    "https://git.example/atlas/billing.git",
)

PROMPTS = {
    "security": "Look for injection, weak cryptography and leaked secrets",
    "quality": "Review the change for clarity, duplication and missing tests",
    "sre": "Check timeouts, retries and what happens when a dependency is down",
    "frontend": "Check accessibility and the weight of the first page",
}
"""One for each agent type of the contract."""

GRAFT_REASONS = (
    "The first review found something to follow up",
    "A second opinion is wanted before the merge",
    "The change touches code that this agent knows",
)


def new_run(vu: VirtualUser) -> dict[str, Any]:
    """A run: one agent type looks at one repository."""
    agent_type = vu.random.choice(list(PROMPTS))
    return {
        "repoUrl": vu.random.choice(REPOSITORIES),
        "branch": BRANCH,
        "agentType": agent_type,
        "prompt": PROMPTS[agent_type],
        "metadata": {
            "userId": f"user-{vu.id}",
            "sessionId": f"session-{vu.id}-{vu.iteration}",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        },
    }


def new_graft(random: Random) -> dict[str, Any]:
    """One more agent, put into a run at some position."""
    return {
        "agentId": random.choice(list(PROMPTS)),
        "position": random.randrange(5),
        "reason": random.choice(GRAFT_REASONS),
    }
