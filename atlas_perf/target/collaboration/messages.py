"""The JSON messages of the `documented` contract's WebSocket."""

from __future__ import annotations

import json

from atlas_perf.target.answers import Refusal, bad_request
from atlas_perf.target.bodies import Json, json_fields

SUBSCRIBE = "SUBSCRIBE"
TYPES = (SUBSCRIBE, "GRAFT", "PRUNE", "FLAG", "CURSOR_MOVE", "PRESENCE", "CRDT_UPDATE")


def read_message(text: str, run_id: str) -> tuple[str, Json]:
    """The type and payload of a client's message, checked.

    Raises:
        Refusal: 400, naming what is wrong.
    """
    message = json_fields(text)
    kind = message.one_of("type", TYPES)
    payload = message.inside("payload")
    payload.refuse_unless(
        payload.text("runId") == run_id, "runId", "must be the run of this connection"
    )
    payload.text("userId")
    payload.moment("timestamp")
    return kind, payload.plain()


def subscribed(payload: Json, subscribers: int) -> bytes:
    """The acknowledgement: what was said, and how many sessions hear the run now."""
    return _message("SUBSCRIBED", {**payload, "subscribers": subscribers})


def error(refusal: Refusal, text: str) -> bytes:
    """What was wrong with a message, with its payload, by whatever the client knows it again."""
    return _message("ERROR", {**_payload_of(text), **refusal.plain()})


def not_subscribed() -> Refusal:
    return bad_request("nobody hears this session, nor it them: send SUBSCRIBE first", "type")


def _payload_of(text: str) -> Json:
    try:
        return json_fields(text).inside("payload").plain()
    except Refusal:
        return {}


def _message(kind: str, payload: Json) -> bytes:
    return json.dumps({"type": kind, "payload": payload}).encode()
