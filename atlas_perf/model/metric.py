"""Metrics: their kinds, what their values mean, and the built-in ones with k6's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class MetricKind(StrEnum):
    """How samples of a metric add up; k6's four kinds."""

    COUNTER = "counter"  # a sum of non-negative amounts
    GAUGE = "gauge"  # the last value, with its extremes
    RATE = "rate"  # the share of samples that were true
    TREND = "trend"  # a distribution


class Contains(StrEnum):
    """What a metric's numbers are, which decides how they are stored and printed."""

    DEFAULT = "default"  # plain numbers
    TIME = "time"  # nanoseconds inside, milliseconds in thresholds and JSON, as in k6
    DATA = "data"  # bytes


class AcrossWorkers(StrEnum):
    """What a gauge is when several workers report it."""

    LAST = "last"  # whoever set it last
    SUM = "sum"  # each worker holds a part of the whole, e.g. active virtual users
    SUM_KEPT = "sum-kept"  # the same, and the part of a worker that has ended stays


@dataclass(frozen=True, slots=True)
class Metric:
    """A named measurement. Two definitions of one name must be equal."""

    name: str
    kind: MetricKind
    contains: Contains = Contains.DEFAULT
    across_workers: AcrossWorkers = AcrossWorkers.LAST


def _table(*metrics: Metric) -> Mapping[str, Metric]:
    return MappingProxyType({metric.name: metric for metric in metrics})


FORGOTTEN_AWAITS = "forgotten_awaits"

HTTP_PHASES = (
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
)
"""The six phases of one round trip in the order they happen; k6's names."""

HTTP_RESPONSE_TIME = "http_req_response_time"
"""Ours, in the open model only: from a request's intended start to its end, all phases included."""

HTTP_WAITS = ("http_req_pool_wait", "http_req_looking_up")
"""Parts of `http_req_blocked`, ours: for a free connection of the user, and for a name lookup.
Only a request that waited has a sample."""

HTTP_TIMES = (HTTP_RESPONSE_TIME, "http_req_duration", *HTTP_PHASES, *HTTP_WAITS)
"""Trends of one round trip. Unless a selector names an outcome tag (see `model.series`),
they speak of requests that got the response they expected: failures have their own sketch, and so
have requests that were cut off in flight, of which only the age is known."""

WS_PHASES = (
    "ws_looking_up",
    "ws_tcp_connecting",
    "ws_tls_handshaking",
    "ws_upgrading",
)
"""Parts of `ws_connecting`, ours, in the order they happen. Only what happened has a sample."""

WS_RTT = "ws_rtt"
WS_RESPONSE_TIME = "ws_response_time"

WS_TIMES = (
    "ws_connecting",
    *WS_PHASES,
    "ws_session_duration",
    "ws_ping",
    WS_RTT,
    WS_RESPONSE_TIME,
    "ws_reconnecting",
)
"""Trends of WebSocket sessions and of messages that are answered; of failures and of what was cut
off the same holds as for `HTTP_TIMES`."""

INTERRUPTED_TIMES = ("iteration_duration", "group_duration")
"""Trends of what an iteration does as a whole. If it was cut off, only the age is known: it has a
series of its own, tagged as those of the requests are."""

STREAM_TIMES = (
    "sse_duration",
    "sse_time_to_first_event",
    "sse_event_gap",
    "llm_time_to_first_token",
    "llm_inter_token_latency",
    "llm_time_per_output_token",
)
"""Trends of one event stream, and of an AI's answer on one; see docs/streams.md."""

TASK_TIMES = ("task_duration", "task_accept_time", "task_queue_time")
"""Trends of one task, from its submission; see docs/tasks.md."""

TASK_TRENDS = (*TASK_TIMES, "task_polling_error", "task_polls")
"""These, and what they cost and may be off by."""

TASK_COMPLETED = "task_completed"
"""The share of tasks that completed. Of those that the run cut off nobody knows it."""

TASKS_CENSORED = "tasks_censored"
"""How many tasks the run cut off."""

OUTCOME_TRENDS = frozenset(
    {*HTTP_TIMES, *WS_TIMES, *STREAM_TIMES, "llm_output_tokens_per_second", *TASK_TRENDS}
)
"""Trends that speak, unless a selector names an outcome tag, of what came to the outcome that was
wished for, and beside which the ages of what was cut off are kept."""

BUILTIN_METRICS: Mapping[str, Metric] = _table(
    Metric("vus", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM),
    Metric("vus_max", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM_KEPT),
    Metric("iterations", MetricKind.COUNTER),
    Metric("iteration_duration", MetricKind.TREND, Contains.TIME),
    # Ours: true for each iteration that ended in an exception. k6 only logs those.
    Metric("iteration_failed", MetricKind.RATE),
    # Ours: requests and other coroutines that the scenario made and never ran.
    Metric(FORGOTTEN_AWAITS, MetricKind.COUNTER),
    # Ours, in the open model only: the generator's lateness, and waiting for a free user.
    Metric("iteration_lag", MetricKind.TREND, Contains.TIME),
    Metric("iteration_wait", MetricKind.TREND, Contains.TIME),
    Metric("dropped_iterations", MetricKind.COUNTER),
    Metric("checks", MetricKind.RATE),
    Metric("group_duration", MetricKind.TREND, Contains.TIME),
    Metric("http_reqs", MetricKind.COUNTER),
    Metric("http_req_failed", MetricKind.RATE),
    # Ours: in flight when their time was up. They are in neither of the two above.
    Metric("http_reqs_censored", MetricKind.COUNTER),
    *(Metric(name, MetricKind.TREND, Contains.TIME) for name in HTTP_TIMES),
    Metric("ws_sessions", MetricKind.COUNTER),
    # Ours, from here on, where k6 has no such name.
    Metric("ws_session_failed", MetricKind.RATE),
    Metric("ws_sessions_open", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM),
    Metric("ws_reconnects", MetricKind.COUNTER),
    Metric("ws_msgs_sent", MetricKind.COUNTER),
    Metric("ws_msgs_received", MetricKind.COUNTER),
    Metric("ws_msgs_unread", MetricKind.COUNTER),
    Metric("ws_rtt_failed", MetricKind.RATE),
    Metric("ws_msgs_lost", MetricKind.COUNTER),
    Metric("ws_msgs_late", MetricKind.COUNTER),
    Metric("ws_msgs_duplicate", MetricKind.COUNTER),
    Metric("ws_msgs_out_of_order", MetricKind.COUNTER),
    # In flight when their time was up. They are in neither of the four above.
    Metric("ws_msgs_censored", MetricKind.COUNTER),
    *(Metric(name, MetricKind.TREND, Contains.TIME) for name in WS_TIMES),
    *(Metric(name, MetricKind.TREND, Contains.TIME) for name in STREAM_TIMES),
    Metric("sse_events", MetricKind.COUNTER),
    Metric("sse_bytes", MetricKind.COUNTER, Contains.DATA),
    Metric("sse_stalls", MetricKind.COUNTER),
    Metric("sse_malformed", MetricKind.COUNTER),
    Metric("llm_output_tokens", MetricKind.COUNTER),
    Metric("llm_output_tokens_per_second", MetricKind.TREND),
    *(Metric(name, MetricKind.TREND, Contains.TIME) for name in TASK_TIMES),
    Metric("task_polling_error", MetricKind.TREND, Contains.TIME),
    Metric("task_polls", MetricKind.TREND),
    Metric(TASK_COMPLETED, MetricKind.RATE),
    Metric("tasks_ended", MetricKind.COUNTER),
    Metric(TASKS_CENSORED, MetricKind.COUNTER),
    Metric("data_sent", MetricKind.COUNTER, Contains.DATA),
    Metric("data_received", MetricKind.COUNTER, Contains.DATA),
)
