"""Single requests in the units people read."""

from __future__ import annotations

from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.summary import RequestSummary
from atlas_perf.units import NS_PER_MS, NS_PER_S


def request_summary(sample: RequestSample) -> RequestSummary:
    """Nanoseconds become milliseconds, and -1 becomes None."""
    return RequestSummary(
        reason=sample.reason,
        scenario=sample.scenario,
        phase=sample.phase,
        at_s=sample.at_ns / NS_PER_S,
        method=sample.method,
        name=sample.name,
        url=sample.url,
        status=sample.status,
        error=sample.error,
        error_code=sample.error_code,
        duration_ms=sample.duration_ns / NS_PER_MS,
        blocked_ms=_ms(sample.blocked_ns),
        connecting_ms=_ms(sample.connecting_ns),
        tls_handshaking_ms=_ms(sample.tls_handshaking_ns),
        sending_ms=_ms(sample.sending_ns),
        waiting_ms=_ms(sample.waiting_ns),
        receiving_ms=_ms(sample.receiving_ns),
        late_ms=_ms(sample.late_ns),
        trace_id=sample.trace_id,
        body=sample.body,
    )


def _ms(duration_ns: int) -> float | None:
    return None if duration_ns < 0 else duration_ns / NS_PER_MS
