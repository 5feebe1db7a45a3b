"""Runs of the orchestrator: what one is, and all that exist."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator

from atlas_perf.clock import WallAnchor
from atlas_perf.target.bodies import Fields, Json
from atlas_perf.target.faults.board import NO_FAULTS, FaultPoint
from atlas_perf.target.lifecycle import RUN_NOMINAL_MS, Lifecycle, LifecycleSource
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.state import RecentItems

FAILURE_SHARE = 0.0005
"""Runs that end `failed`: the contract's baseline is an AI success rate above 99 %, and a
short test of a hundred runs, too, has to meet it on a healthy target."""

GRAFTS_SHOWN = 10


def read_run_order(body: Fields) -> Json:
    """The body of a create request, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    return {
        "repoUrl": body.text("repoUrl"),
        "branch": body.text("branch"),
        "agentType": body.one_of("agentType", RUN_NOMINAL_MS),
        "prompt": body.text("prompt"),
        "metadata": _read_metadata(body.inside("metadata")),
    }


def _read_metadata(metadata: Fields) -> Json:
    return {
        "userId": metadata.text("userId"),
        "sessionId": metadata.text("sessionId"),
        "timestamp": metadata.moment("timestamp"),
    }


def read_graft(body: Fields) -> Json:
    """The body of a graft request, checked.

    Raises:
        Refusal: 400 naming the first field that is missing or wrong.
    """
    return {
        "agentId": body.text("agentId"),
        "position": body.whole_number("position"),
        "reason": body.text("reason"),
    }


class Run:
    """One run. Everything about it that cannot change is JSON from the start."""

    __slots__ = ("_fixed", "_grafts", "_grafts_seen", "lifecycle")

    def __init__(self, key: str, order: Json, created_at: str, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        fixed = json.dumps({"id": key, **order, "createdAt": created_at})
        self._fixed = f'{fixed[:-1]}, "status": "'.encode()
        # Only the newest are kept: the answer to a read must not grow while a test goes on.
        self._grafts: deque[Json] = deque(maxlen=GRAFTS_SHOWN)
        self._grafts_seen = 0

    def graft(self, graft: Json) -> None:
        self._grafts.append(graft)
        self._grafts_seen += 1

    def status_word(self, now_ns: int) -> str:
        return self.lifecycle.status_at(now_ns)

    def summary_json(self, now_ns: int) -> bytes:
        """An entry of a list."""
        return b'%b%b"}' % (self._fixed, self.lifecycle.status_at(now_ns).encode())

    def json(self, now_ns: int) -> bytes:
        """The run with the number of its grafts and the newest of them."""
        if not self._grafts_seen:
            grafts = b'", "graftCount": 0, "grafts": []}'
        else:
            shown = json.dumps(list(self._grafts)).encode()
            grafts = b'", "graftCount": %d, "grafts": %b}' % (self._grafts_seen, shown)
        return b"%b%b%b" % (self._fixed, self.lifecycle.status_at(now_ns).encode(), grafts)


class Runs:
    """All runs that the orchestrator remembers."""

    def __init__(
        self,
        settings: TargetSettings,
        now_ns: Callable[[], int],
        faults: FaultPoint = NO_FAULTS,
    ) -> None:
        """`faults` are those of new lives."""
        self._settings = settings
        self._faults = faults
        self._now_ns = now_ns
        self._anchor = WallAnchor.now()
        self.reset()

    def reset(self) -> None:
        """Forget everything, as if just started with the same seed."""
        self._items: RecentItems[Run] = RecentItems(self._settings.max_runs)
        self._created = 0
        self._lifecycles = LifecycleSource(
            RUN_NOMINAL_MS,
            seed=f"runs:{self._settings.seed}",
            failure_share=FAILURE_SHARE,
            scale=self._settings.lifecycle_scale,
        )

    def __len__(self) -> int:
        return len(self._items)

    def create(self, order: Json) -> Run:
        now_ns = self._now_ns()
        self._created += 1
        key = f"run-{self._created:08d}"
        lifecycle = self._lifecycles.begin(str(order["agentType"]), now_ns)
        if self._faults.armed:
            self._faults.change_life(lifecycle)
        run = Run(key, order, self._anchor.rfc3339_at(now_ns), lifecycle)
        self._items.add(key, run)
        return run

    def find(self, key: str) -> Run | None:
        return self._items.use(key)

    def delete(self, key: str) -> bool:
        return self._items.remove(key) is not None

    def page(self, number: int, size: int, *, newest_first: bool) -> Iterator[Run]:
        return self._items.page(number, size, newest_first=newest_first)
