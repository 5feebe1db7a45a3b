"""atlas-perf: load tests in plain asyncio, and a verdict that can be trusted.

A scenario file needs only what is exported here; see `docs/scenario-files.md`.
Names are loaded on first use, so that importing the package costs nothing and patches nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlas_perf.protocols.http.bearer import BearerAuth
    from atlas_perf.protocols.http.client import HttpClient
    from atlas_perf.protocols.http.digest import DigestAuth
    from atlas_perf.protocols.http.response import Response
    from atlas_perf.protocols.sse.event_parser import ServerSentEvent
    from atlas_perf.protocols.sse.event_stream import EventStream
    from atlas_perf.protocols.stomp.conversation import Stomp, StompError, connect_stomp
    from atlas_perf.protocols.tasks.task_run import TaskResult
    from atlas_perf.protocols.tasks.watching import Polling, Streaming
    from atlas_perf.protocols.ws.backoff import Backoff
    from atlas_perf.protocols.ws.errors import WebSocketClosed, WebSocketError
    from atlas_perf.protocols.ws.reply import Reply
    from atlas_perf.protocols.ws.web_socket import WebSocket
    from atlas_perf.protocols.ws.ws_client import WsClient
    from atlas_perf.scripting.environment import env
    from atlas_perf.scripting.feeds import Feed, FeedExhausted, feed
    from atlas_perf.scripting.metrics import Counter, Gauge, Rate, Trend
    from atlas_perf.scripting.options import Options, ScenarioOptions, StageOptions
    from atlas_perf.worker.virtual_user import VirtualUser

_HOMES = {
    "Backoff": "atlas_perf.protocols.ws.backoff",
    "BearerAuth": "atlas_perf.protocols.http.bearer",
    "Counter": "atlas_perf.scripting.metrics",
    "Gauge": "atlas_perf.scripting.metrics",
    "DigestAuth": "atlas_perf.protocols.http.digest",
    "Feed": "atlas_perf.scripting.feeds",
    "FeedExhausted": "atlas_perf.scripting.feeds",
    "HttpClient": "atlas_perf.protocols.http.client",
    "EventStream": "atlas_perf.protocols.sse.event_stream",
    "Options": "atlas_perf.scripting.options",
    "Polling": "atlas_perf.protocols.tasks.watching",
    "Rate": "atlas_perf.scripting.metrics",
    "Reply": "atlas_perf.protocols.ws.reply",
    "Response": "atlas_perf.protocols.http.response",
    "ScenarioOptions": "atlas_perf.scripting.options",
    "ServerSentEvent": "atlas_perf.protocols.sse.event_parser",
    "StageOptions": "atlas_perf.scripting.options",
    "Stomp": "atlas_perf.protocols.stomp.conversation",
    "StompError": "atlas_perf.protocols.stomp.conversation",
    "Streaming": "atlas_perf.protocols.tasks.watching",
    "TaskResult": "atlas_perf.protocols.tasks.task_run",
    "Trend": "atlas_perf.scripting.metrics",
    "VirtualUser": "atlas_perf.worker.virtual_user",
    "WebSocket": "atlas_perf.protocols.ws.web_socket",
    "WebSocketClosed": "atlas_perf.protocols.ws.errors",
    "WebSocketError": "atlas_perf.protocols.ws.errors",
    "WsClient": "atlas_perf.protocols.ws.ws_client",
    "connect_stomp": "atlas_perf.protocols.stomp.conversation",
    "env": "atlas_perf.scripting.environment",
    "feed": "atlas_perf.scripting.feeds",
}

__all__ = [
    "Backoff",
    "BearerAuth",
    "Counter",
    "DigestAuth",
    "EventStream",
    "Feed",
    "FeedExhausted",
    "Gauge",
    "HttpClient",
    "Options",
    "Polling",
    "Rate",
    "Reply",
    "Response",
    "ScenarioOptions",
    "ServerSentEvent",
    "StageOptions",
    "Stomp",
    "StompError",
    "Streaming",
    "TaskResult",
    "Trend",
    "VirtualUser",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketError",
    "WsClient",
    "connect_stomp",
    "env",
    "feed",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("atlas-perf")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
