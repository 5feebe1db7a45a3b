"""Single requests that a run tells of by themselves: some that failed, and the slowest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SampleReason(StrEnum):
    """Why a request is told of."""

    FAILED = "failed"
    SLOW = "slow"  # among the slowest of those that did not fail


@dataclass(frozen=True, slots=True)
class RequestSample:
    """One request and what became of it. Times are nanoseconds, -1 for a phase it never had."""

    reason: SampleReason
    scenario: str
    phase: str  # of the load, as its iteration's; "" where the load has none
    at_ns: int  # when it ended, since the run's start
    method: str
    name: str  # as its series'
    url: str  # as it was sent, without user info
    status: int  # 0: no response
    error: str  # why there is no usable response, in words
    error_code: int
    duration_ns: int
    blocked_ns: int
    connecting_ns: int
    tls_handshaking_ns: int
    sending_ns: int
    waiting_ns: int
    receiving_ns: int
    late_ns: int  # in the open model: how long before the call it was due; else -1
    trace_id: str  # that went with it in `traceparent`; "" for none
    body: str  # the beginning of a failure's answer, without what looks like a secret
