"""What each number of a live page is, shown on hover and on focus."""

from __future__ import annotations

from collections.abc import Mapping

_NEWEST = "in the newest second that all workers have told of"

LIVE_DEFINITIONS: Mapping[str, str] = {
    "live_users": f"Virtual users at work {_NEWEST}, of those that there can be.",
    "live_arrivals": f"Iterations that were begun {_NEWEST}, beside those that the plan made due.",
    "live_iterations": "Iterations that ended so far, with or without an exception.",
    "live_requests": f"Requests that ended {_NEWEST}, well or not, and all so far.",
    "live_latency": f"95 % of the successful requests took less, {_NEWEST}. Of arrival rates it is "
    "the response time, counted from when a request was due (http_req_response_time); else the "
    "service time, from its first byte to its answer's last (http_req_duration).",
    "live_failed": "Requests so far without a response, or with a status that was not expected.",
    "live_sessions": f"WebSockets that are open {_NEWEST}, and how many were opened so far.",
    "live_sent": f"Messages sent over WebSockets {_NEWEST}, and all so far.",
    "live_received": f"Messages received over WebSockets {_NEWEST}, and all so far.",
    "live_round_trip": "95 % of the messages that were answered took less: ws_rtt, from handing a "
    f"message over until its answer was read, {_NEWEST}.",
    "live_sessions_failed": "WebSockets so far that were refused, or ended otherwise than was "
    "expected.",
    "live_lost": "Messages so far that got no answer in time, or whose session ended before.",
    "live_events": f"Events of streams that arrived {_NEWEST}, and all so far.",
    "live_tasks": f"Tasks that ended {_NEWEST}, and all so far.",
    "live_tasks_failed": "Tasks so far that ended otherwise than completed.",
    "live_checks": "Checks so far that were not met.",
    "live_dropped": "Iterations so far that were due and never begun.",
    "live_generator": "The longest that a worker's event loop kept a due callback waiting "
    f"{_NEWEST}, and how many workers live. What arrives meanwhile looks as much slower.",
}
