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

STEPS = ("ARCHITECT", "DEVELOPER", "REVIEW", "TESTER")
CODE_SHARE = 0.5
"""Of the runs of the `deployed` contract; the others are chats."""

TASK_TYPES = {
    "security_scan": ("high", 3000),
    "code_review": ("medium", 1500),
    "linting": ("low", 500),
    "test_generation": ("medium", 2000),
    "documentation": ("low", 800),
}
"""Complexity and nominal time in milliseconds, as the contract estimates them."""
HIGH_PRIORITY = 0.2


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
            "timestamp": _now(),
        },
    }


def new_graft(random: Random) -> dict[str, Any]:
    """One more agent, put into a run at some position."""
    return {
        "agentId": random.choice(list(PROMPTS)),
        "position": random.randrange(5),
        "reason": random.choice(GRAFT_REASONS),
    }


def new_deployed_run(random: Random) -> dict[str, Any]:
    """A run, or a task, of the `deployed` contract: code for an issue, or a goal to talk about."""
    order = {"repo": random.choice(REPOSITORIES)}
    if random.random() < CODE_SHARE:
        return {**order, "mode": "code", "issueNumber": random.randrange(1, 500)}
    return {**order, "mode": "chat", "goal": random.choice(list(PROMPTS.values()))}


def new_pending_graft(random: Random) -> dict[str, Any]:
    """One more agent after a step, as the `deployed` contract has it."""
    return {"after": random.choice(STEPS), "agentName": random.choice(list(PROMPTS))}


def new_task(vu: VirtualUser) -> dict[str, Any]:
    """A task from one agent to another; one in five is urgent."""
    kind = vu.random.choice(list(TASK_TYPES))
    complexity, nominal_ms = TASK_TYPES[kind]
    return {
        "sourceAgentId": f"agent-{vu.id}",
        "targetAgentId": f"agent-{vu.random.randrange(1, 11)}",
        "taskType": kind,
        "priority": "high" if vu.random.random() < HIGH_PRIORITY else "normal",
        "payload": {
            "repositoryUrl": vu.random.choice(REPOSITORIES),
            "branch": BRANCH,
            "files": [f"src/part{n}.py" for n in range(vu.random.randint(1, 10))],
            "context": {
                "triggeredBy": f"user-{vu.id}",
                "complexity": complexity,
                "estimatedDuration": nominal_ms,
            },
        },
        "metadata": {
            "timestamp": _now(),
            "correlationId": f"{vu.random.getrandbits(64):016x}",
            "traceId": f"{vu.random.getrandbits(128):032x}",
        },
    }


def new_result(vu: VirtualUser, task_id: str) -> dict[str, Any]:
    """What an agent reports of a task that it has done."""
    return {
        "taskId": task_id,
        "agentId": f"agent-{vu.id}",
        "result": {
            "status": "completed",
            "findings": [],
            "executionTime": vu.random.randint(50, 500),
        },
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
