"""What a contract has to offer, and the choice of one by name.

Two contracts exist in the field. Each is a module of this folder with the functions below; the
scenarios know nothing else of paths, payloads, expected statuses and the shape of answers.
"""

from __future__ import annotations

from typing import Any, Protocol

from atlas_perf import VirtualUser

from orchestrator import deployed, documented, documented_collaboration, stomp_collaboration
from orchestrator.call import Call
from orchestrator.collaboration import Collaboration


class Contract(Protocol):
    """The functions of a contract module."""

    def health(self) -> Call: ...

    def create_run(self, vu: VirtualUser) -> Call: ...

    def list_runs(self, *, size: int) -> Call:
        """The newest runs, at most `size`."""
        ...

    def run_details(self, run_id: str) -> Call:
        """A run that exists."""
        ...

    def unknown_run(self, vu: VirtualUser) -> Call:
        """A run that never existed: 404 is the right answer."""
        ...

    def poll_run(self, run_id: str) -> Call:
        """The same request as for details, made to see whether the agents have finished: which
        statuses say so are those that `vu.task` knows."""
        ...

    def graft_run(self, vu: VirtualUser, run_id: str) -> Call: ...

    def delete_run(self, run_id: str) -> Call | None:
        """None where nothing can be deleted."""
        ...

    def review_run(self, vu: VirtualUser, run_id: str) -> Call | None:
        """What is done to a run where nothing can be deleted; None where it can."""
        ...

    def stream_path(self, run_id: str) -> str | None:
        """Where a run's events are streamed; None where they are not."""
        ...

    def run_id_in(self, body: Any) -> str:
        """The id in a right answer to `create_run`."""
        ...

    def submit_task(self, vu: VirtualUser, task_type: str | None = None) -> Call: ...

    def task_status(self, task_id: str) -> Call: ...

    def task_queue(self, vu: VirtualUser) -> Call:
        """What waits for the user's agent, or whatever comes closest to it."""
        ...

    def execute_task(self, vu: VirtualUser, task_id: str) -> Call | None:
        """None where nobody reports executions."""
        ...

    def cancel_task(self, task_id: str) -> Call | None:
        """None where nothing can be cancelled."""
        ...

    def task_id_in(self, body: Any) -> str:
        """The id in a right answer to `submit_task`."""
        ...


CONTRACTS: dict[str, Contract] = {"documented": documented, "deployed": deployed}


def contract_named(name: str) -> Contract:
    """The contract of this name.

    Raises:
        ValueError: if there is none.
    """
    if name not in CONTRACTS:
        known = ", ".join(CONTRACTS)
        raise ValueError(f"CONTRACT={name} names no contract of the orchestrator: choose {known}")
    return CONTRACTS[name]


COLLABORATIONS: dict[str, Collaboration] = {
    "documented": documented_collaboration,
    "deployed": stomp_collaboration,
}


def collaboration_named(name: str) -> Collaboration:
    """How people work together under the contract of this name.

    Raises:
        ValueError: if there is none.
    """
    if name not in COLLABORATIONS:
        known = ", ".join(COLLABORATIONS)
        raise ValueError(f"CONTRACT={name} has no collaboration to speak: choose {known}")
    return COLLABORATIONS[name]
