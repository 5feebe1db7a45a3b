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


TASKS = {
    "security_scan": ("high", 3000),
    "code_review": ("medium", 1500),
    "linting": ("low", 500),
    "test_generation": ("medium", 2000),
    "documentation": ("low", 800),
}
"""Types of tasks: how complex, and how many milliseconds one is said to take."""

LONGEST_TASK = "security_scan"

HIGH_PRIORITY = 0.2
FILES = (
    "src/main.py",
    "src/api.py",
    "src/store.py",
    "src/auth.py",
    "README.md",
    "tests/test_api.py",
)
MOST_FILES = 10


def new_task(vu: VirtualUser, task_type: str | None = None) -> dict[str, Any]:
    """A task that one agent hands to another."""
    chosen = task_type or vu.random.choice(list(TASKS))
    complexity, nominal_ms = TASKS[chosen]
    return {
        "sourceAgentId": f"agent-{vu.id}",
        "targetAgentId": f"agent-{vu.random.randrange(1, 101)}",
        "taskType": chosen,
        "priority": "high" if vu.random.random() < HIGH_PRIORITY else "normal",
        "payload": {
            "repositoryUrl": vu.random.choice(REPOSITORIES),
            "branch": BRANCH,
            "files": vu.random.choices(FILES, k=vu.random.randrange(1, MOST_FILES + 1)),
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


def new_execution(vu: VirtualUser, task_id: str) -> dict[str, Any]:
    """What an agent reports of a task that it has executed."""
    return {
        "taskId": task_id,
        "agentId": f"agent-{vu.id}",
        "result": {"status": "completed", "findings": [], "executionTime": 100},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
