"""The `deployed` contract: what the orchestrator's own controllers serve today."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from atlas_perf import VirtualUser

from orchestrator.call import Call, Promise, has
from orchestrator.documented import AI, health
from orchestrator.payloads import new_deployed_run, new_pending_graft

__all__ = [
    "DELETES_RUNS",
    "create_run",
    "delete_run",
    "graft_run",
    "health",
    "list_runs",
    "poll_run",
    "run_details",
    "run_has_completed",
    "run_has_ended",
    "run_id_in",
    "unknown_run",
]

DELETES_RUNS = False
ENDED = frozenset({"DONE", "FAILED"})


def create_run(vu: VirtualUser) -> Call:
    return Call(
        does="create run",
        method="POST",
        path="/api/runs",
        name="/api/runs",
        expects=202,
        promise=has("id"),
        json=new_deployed_run(vu.random),
    )


def list_runs(*, size: int) -> Call:  # noqa: ARG001 - this contract knows no pages
    return Call(
        does="list runs",
        method="GET",
        path="/api/runs",
        name="/api/runs",
        expects=200,
        promise=Promise("body is an array", lambda body: isinstance(body, list)),
    )


def run_details(run_id: str) -> Call:
    return Call(
        does="run details",
        method="GET",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=200,
        promise=has("status"),
    )


def unknown_run(run_id: str) -> Call:
    return Call(
        does="unknown run",
        method="GET",
        path=f"/api/runs/{uuid5(NAMESPACE_URL, run_id)}",  # what is no UUID would be a 400
        name="/api/runs/{id}",
        expects=404,
        tags={"deliberate": "404"},
    )


def poll_run(run_id: str) -> Call:
    return Call(
        does="poll run",
        method="GET",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=200,
        promise=has("status"),
        tags=AI,
    )


def graft_run(vu: VirtualUser, run_id: str) -> Call:
    return Call(
        does="graft run",
        method="POST",
        path=f"/api/runs/{run_id}/grafts",
        name="/api/runs/{id}/grafts",
        expects=200,
        json=new_pending_graft(vu.random),
    )


def delete_run(run_id: str) -> Call | None:  # noqa: ARG001 - of the protocol
    return None


def run_id_in(body: Any) -> str:
    return str(body["id"])


def run_has_ended(body: Any) -> bool:
    return body["status"] in ENDED


def run_has_completed(body: Any) -> bool:
    return bool(body["status"] == "DONE")
