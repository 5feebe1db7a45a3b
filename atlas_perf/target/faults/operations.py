"""What faults can strike, by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from atlas_perf.target.latency import HEALTHY

SPARED = frozenset({"health", "metrics"})
"""The probes: spared unless they are named, or no scenario would get past its setup."""

RUN_LIFE = "runs.create"
TASK_LIFE = "tasks.submit"

WS_MESSAGE = "ws.message"
SSE_EVENT = "sse.event"

LONG = frozenset({"runs.stream", "ws.connect"})
"""Operations whose answer is no single body."""


class Scope(Enum):
    """What a kind of fault strikes."""

    REQUEST = "requests"
    ANSWER = "the bodies of answers"
    MESSAGE = "messages"
    LIFE = "runs and tasks"
    TARGET = "the whole target"


OPERATIONS: Mapping[Scope, tuple[str, ...]] = {
    Scope.REQUEST: tuple(HEALTHY),
    Scope.ANSWER: tuple(name for name in HEALTHY if name not in LONG),
    Scope.MESSAGE: (WS_MESSAGE, SSE_EVENT),
    Scope.LIFE: (RUN_LIFE, TASK_LIFE),
    Scope.TARGET: (),
}


def matching(patterns: tuple[str, ...], scope: Scope) -> frozenset[str]:
    """The operations meant by `*`, `runs.*` or names; all but the probes if there is none.

    Raises:
        ValueError: a pattern names nothing that can be struck.
    """
    known = OPERATIONS[scope]
    if scope is Scope.TARGET:
        if patterns:
            raise ValueError("it strikes the whole target: leave @OPERATION out")
        return frozenset()
    meant: set[str] = set()
    for pattern in patterns or ("*",):
        found = _meant_by(pattern, known)
        if not found:
            raise ValueError(
                f"{pattern!r} is no operation that it can strike: name {', '.join(known)}, or *"
            )
        meant.update(found)
    return frozenset(meant)


def _meant_by(pattern: str, known: tuple[str, ...]) -> list[str]:
    if pattern == "*":
        return [name for name in known if name not in SPARED]
    if pattern.endswith(".*"):
        return [name for name in known if name.startswith(pattern[:-1])]
    return [pattern] if pattern in known else []
