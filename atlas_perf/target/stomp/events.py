"""What a client of the `deployed` contract may say to a run, and the event that it becomes."""

from __future__ import annotations

import re

from atlas_perf.target.bodies import Fields, Json, json_fields

ACTIONS = ("graft", "prune", "flag", "join", "leave", "cursor", "ping")

_APP = re.compile(r"/app/runs/([^/]+)/([a-z]+)")

_EVENT_TYPES = {
    "graft": "GRAFT",
    "prune": "PRUNE",
    "flag": "FLAG",
    "join": "USER_JOIN",
    "leave": "USER_LEAVE",
    "cursor": "CURSOR_MOVE",
    "ping": "PONG",
}


def action_of(destination: str, run_id: str) -> str | None:
    """The action that a destination names, or None if it names none of this run."""
    match = _APP.fullmatch(destination)
    if match is None or match[1] != run_id or match[2] not in ACTIONS:
        return None
    return match[2]


def topic_of(run_id: str) -> str:
    """Where all events of a run go."""
    return f"/topic/runs/{run_id}/collaboration"


def event_type(action: str) -> str:
    return _EVENT_TYPES[action]


def read_data(action: str, body: bytes, now_unix_ms: int) -> Json:
    """The event's data out of what was sent.

    Mutations come back as they are. Of a cursor only `nodeId` does, as in the field: a client
    knows its own again by a `nodeId` that nobody else sends.

    Raises:
        Refusal: 400 naming what is wrong.
    """
    if action in ("join", "leave"):
        return {}
    said = json_fields(body)
    if action == "ping":
        return _pong(said, now_unix_ms)
    if action == "cursor":
        return {"nodeId": said.text("nodeId")}
    if action == "graft":
        said.text("after")
        said.text("agentName")
    else:
        said.text("stepId")
    return said.plain()


def _pong(said: Fields, now_unix_ms: int) -> Json:
    sent = said.moment("timestamp") if said.has("timestamp") else now_unix_ms
    return {"clientTimestamp": sent, "serverTimestamp": now_unix_ms}
