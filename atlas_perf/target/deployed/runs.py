"""Runs of the `deployed` contract: what one is, and all that exist. Its A2A tasks are runs too."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from uuid import UUID

from atlas_perf.clock import WallAnchor
from atlas_perf.target.bodies import Fields, Json
from atlas_perf.target.faults.board import NO_FAULTS, FaultPoint
from atlas_perf.target.lifecycle import MODE_NOMINAL_MS, Lifecycle, LifecycleSource, Status
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.state import RecentItems

FAILURE_SHARE = 0.0005
"""Runs that end `FAILED`: the contract's baseline is an AI success rate above 99 %, and a
short test of a hundred runs, too, has to meet it on a healthy target."""

LISTED = 100
"""The most runs that a list answer holds, newest first. The contract knows no paging: without a
bound, an answer would grow with the length of a test."""

SHOWN = 10
"""The newest grafts and flags that a run shows, for the same reason."""

AUTONOMIES = ("autonomous", "confirm", "observe")
MAX_GOAL = 4000

STAGES = ("PM", "QUALIFIER", "ARCHITECT", "DEVELOPER", "REVIEW", "TESTER", "WRITER")
"""The agents that a run passes on its way, each for the same part of its running time."""

_FINAL_WORDS = {Status.COMPLETED: "DONE", Status.FAILED: "FAILED", Status.CANCELLED: "FAILED"}


def read_run_order(body: Fields) -> Json:
    """The body of a create or submit request, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    order: Json = {"repo": body.text("repo"), "mode": body.one_of("mode", MODE_NOMINAL_MS)}
    if body.has("issueNumber"):
        number = body.whole_number("issueNumber")
        body.refuse_unless(number >= 1, "issueNumber", "must be at least 1")
        order["issueNumber"] = number
    if body.has("goal"):
        goal = body.text("goal")
        body.refuse_unless(len(goal) <= MAX_GOAL, "goal", f"must have at most {MAX_GOAL} letters")
        order["goal"] = goal
    has_aim = "issueNumber" in order or "goal" in order
    body.refuse_unless(has_aim, "issueNumber", "must be given, or goal")
    if body.has("autonomy"):
        order["autonomy"] = body.one_of("autonomy", AUTONOMIES)
    return order


def read_graft(body: Fields) -> Json:
    """The body of a graft, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    return {"after": body.text("after"), "agentName": body.text("agentName")}


def read_flag(body: Fields) -> Json:
    """The body of a flag, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    note = body.text("note") if body.has("note") and body.plain()["note"] != "" else ""
    return {"stepId": body.text("stepId"), "note": note}


class Run:
    """One run. Everything about it that cannot change is JSON from the start."""

    __slots__ = ("_anchor", "_fixed", "created_at", "flags", "grafts", "key", "lifecycle", "pruned")

    def __init__(self, key: str, order: Json, anchor: WallAnchor, lifecycle: Lifecycle) -> None:
        self.key = key
        self.lifecycle = lifecycle
        self._anchor = anchor
        self.created_at = anchor.rfc3339_at(lifecycle.created_ns)
        self.pruned: str | None = None
        self.grafts: deque[Json] = deque(maxlen=SHOWN)
        self.flags: deque[Json] = deque(maxlen=SHOWN)
        named = {"repo": order["repo"], "issueNumber": order.get("issueNumber")}
        self._fixed = json.dumps(named)[1:-1].encode()

    def status_word(self, now_ns: int) -> str:
        """RECEIVED, one stage after the other, DONE or FAILED."""
        status = self.lifecycle.status_at(now_ns)
        if status is Status.PENDING:
            return "RECEIVED"
        if status is Status.RUNNING:
            stage = int(self.lifecycle.progress_at(now_ns) * len(STAGES))
            return STAGES[min(stage, len(STAGES) - 1)]
        return _FINAL_WORDS[status]

    def json(self, now_ns: int) -> bytes:
        """The run as create, read and list answer it."""
        word = self.status_word(now_ns)
        changed_ns = min(now_ns, self.lifecycle.ended_ns)
        varying: Json = {
            "status": word,
            "createdAt": self.created_at,
            "updatedAt": self._anchor.rfc3339_at(changed_ns),
            "currentAgent": word if word in STAGES else None,
            "ciFixCount": 0,
            "e2eFixCount": 0,
            "artifacts": [],
            "prunedSteps": self.pruned,
            "pendingGrafts": list(self.grafts),
            "flags": list(self.flags),
        }
        rest = json.dumps(varying)[1:].encode()
        return b'{"id": "%b", %b, %b' % (self.key.encode(), self._fixed, rest)

    def task_json(self, status: str) -> bytes:
        """The run as an A2A task."""
        return b'{"taskId": "%b", "status": "%b", %b, "createdAt": "%b"}' % (
            self.key.encode(),
            status.encode(),
            self._fixed,
            self.created_at.encode(),
        )


class Runs:
    """All runs that the orchestrator remembers."""

    def __init__(
        self,
        settings: TargetSettings,
        now_ns: Callable[[], int],
        faults: FaultPoint = NO_FAULTS,
        *,
        task_faults: FaultPoint = NO_FAULTS,
    ) -> None:
        """`faults` are those of new lives, `task_faults` those of runs that are A2A tasks."""
        self._settings = settings
        self._faults = faults
        self._task_faults = task_faults
        self._now_ns = now_ns
        self._anchor = WallAnchor.now()
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if just started with the same seed."""
        self._items: RecentItems[Run] = RecentItems(self._settings.max_runs)
        self._ids = random.Random(f"ids:{self._settings.seed}")
        self._lifecycles = LifecycleSource(
            MODE_NOMINAL_MS,
            seed=f"runs:{self._settings.seed}",
            failure_share=FAILURE_SHARE,
            scale=self._settings.lifecycle_scale,
        )

    def __len__(self) -> int:
        return len(self._items)

    def create(self, order: Json, *, as_task: bool = False) -> Run:
        key = str(UUID(int=self._ids.getrandbits(128), version=4))
        lifecycle = self._lifecycles.begin(str(order["mode"]), self._now_ns())
        faults = self._task_faults if as_task else self._faults
        if faults.armed:
            faults.change_life(lifecycle)
        run = Run(key, order, self._anchor, lifecycle)
        self._items.add(key, run)
        return run

    def find(self, key: str) -> Run | None:
        return self._items.use(key)

    def newest(self) -> Iterator[Run]:
        return self._items.page(0, LISTED, newest_first=True)
