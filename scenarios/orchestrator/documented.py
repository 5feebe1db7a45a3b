"""The `documented` contract: the one that the orchestrator was specified with."""

from __future__ import annotations

from typing import Any

from atlas_perf import VirtualUser

from orchestrator.call import Call, has, has_array
from orchestrator.payloads import new_graft, new_run

DELETES_RUNS = True
ENDED = frozenset({"completed", "failed", "cancelled"})
AI = {"type": "ai"}
"""Tag of the requests that wait for agents; they have thresholds of their own."""


def health() -> Call:
    return Call(
        does="health",
        method="GET",
        path="/actuator/health",
        name="/actuator/health",
        expects=200,
    )


def create_run(vu: VirtualUser) -> Call:
    return Call(
        does="create run",
        method="POST",
        path="/api/runs",
        name="/api/runs",
        expects=201,
        promise=has("id"),
        json=new_run(vu),
    )


def list_runs(*, size: int) -> Call:
    return Call(
        does="list runs",
        method="GET",
        path=f"/api/runs?page=0&size={size}&sort=createdAt,desc",
        name="/api/runs",
        expects=200,
        promise=has_array("content"),
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
        path=f"/api/runs/{run_id}",
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
        path=f"/api/runs/{run_id}/graft",
        name="/api/runs/{id}/graft",
        expects=200,
        json=new_graft(vu.random),
    )


def delete_run(run_id: str) -> Call:
    return Call(
        does="delete run",
        method="DELETE",
        path=f"/api/runs/{run_id}",
        name="/api/runs/{id}",
        expects=204,
    )


def run_id_in(body: Any) -> str:
    return str(body["id"])


def run_has_ended(body: Any) -> bool:
    return body["status"] in ENDED


def run_has_completed(body: Any) -> bool:
    return bool(body["status"] == "completed")
