"""The result of a run in one versioned value: every report is made from this and nothing else.

Numbers are in the units people read: durations and time metrics in milliseconds or seconds as the
field's name says, rates per second, shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from atlas_perf.errors import ExitCode
from atlas_perf.model.baseline import BaselineReport
from atlas_perf.model.batch import Ledger, StallCause
from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.request_sample import SampleReason
from atlas_perf.model.verdict import Verdict

SCHEMA_VERSION = "1.0"
"""Rises in its first part when a reader of an older version would misread the file."""


class CriterionState(StrEnum):
    """What one threshold came to."""

    PASSED = "passed"
    FAILED = "failed"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """One threshold, judged."""

    selector: str  # as written: http_req_duration{type:ai}
    expression: str  # as written: p(95)<500
    state: CriterionState
    value: float | None  # None: no samples; milliseconds for time metrics
    limit: float
    unit: str  # "ms", "bytes", "per_s", "bytes_per_s" or ""
    default_gate: bool = False  # atlas-perf's own criterion, not the plan's
    aborted_run: bool = False
    reason: str = ""  # one sentence unless it passed by a clear margin
    at_least: bool = False  # `value` is a lower bound: requests were cut off in flight
    over: str = ""  # the phase it is about; empty: the whole run
    over_s: float | None = None  # how long that phase was
    ordered_s: float | None = None  # and how long by the plan; None: iterations decided


@dataclass(frozen=True, slots=True)
class CheckResult:
    name: str
    group: str  # "" or "::outer::inner"
    scenario: str
    passes: int
    fails: int


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """A metric or sub-metric over the whole run.

    `values` has k6's keys: counter `count`, `rate` (per second of the measured window); gauge
    `value`, `min`, `max`; rate `rate`, `passes`, `fails`; trend `count` and the plan's
    `summary_trend_stats`, such as `avg`, `med`, `p(95)`, in milliseconds if it contains time.
    """

    name: str
    kind: MetricKind
    contains: Contains
    values: Mapping[str, float]
    # Cut off in flight: requests, messages, streams and iterations count with their age, tasks in
    # either way, and none is in `count`, `passes` or `fails`.
    censored: int = 0
    at_least: tuple[str, ...] = ()  # the values that are only lower bounds because of them


@dataclass(frozen=True, slots=True)
class EndpointSummary:
    """Requests of one method and name; latencies of the successful ones, in milliseconds.

    Requests that were cut off in flight are in `censored` only, and count with their age in
    latencies.
    """

    scenario: str
    method: str
    name: str
    requests: int
    failed: int
    statuses: Mapping[str, int]  # "200", or "0" for no response -> requests
    errors: Mapping[str, int]  # error code -> requests
    latency_ms: Mapping[str, float]  # avg, p(50), p(95), p(99), max; empty without a success
    censored: int = 0
    latency_at_least: tuple[str, ...] = ()  # the latencies that are only lower bounds
    response_ms: Mapping[str, float] = field(default_factory=dict)  # open model: from when due
    response_at_least: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExceptionSummary:
    scenario: str
    kind: str
    message: str
    file: str
    line: int
    count: int
    traceback: str


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One request by itself, which failed or was among the slowest; times in milliseconds.

    A phase that it never had, or had not come to, is None.
    """

    reason: SampleReason
    scenario: str
    phase: str  # of the load; "" where it has none
    at_s: float  # when it ended, from the run's start
    method: str
    name: str
    url: str
    status: int  # 0: no response
    error: str
    error_code: int
    duration_ms: float
    blocked_ms: float | None
    connecting_ms: float | None
    tls_handshaking_ms: float | None
    sending_ms: float | None
    waiting_ms: float | None
    receiving_ms: float | None
    late_ms: float | None  # open model: how long before the call it was due
    trace_id: str  # of the `traceparent` that went with it; "" without one
    body: str  # the beginning of a failure's answer


@dataclass(frozen=True, slots=True)
class StallSummary:
    """Standstills of one worker's event loop, of 100 ms or more each, at one place."""

    cause: StallCause
    file: str  # "" where no place is known
    line: int
    code: str  # the text of that line
    count: int
    total_ms: float
    longest_ms: float
    stack: str  # of the first, from the user's code on


@dataclass(frozen=True, slots=True)
class WorkerSeconds:
    """One worker's health by window: columns of one length, see `Window` and `WorkerSummary`."""

    second: tuple[int, ...] = ()
    loop_lag_max_ms: tuple[float, ...] = ()
    cpu_share: tuple[float, ...] = ()
    loop_cpu_share: tuple[float, ...] = ()
    cpu_wait_share: tuple[float, ...] = ()
    gc_pause_max_ms: tuple[float, ...] = ()
    gc_full_collections: tuple[int, ...] = ()
    open_files: tuple[int, ...] = ()
    throttled_share: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerSummary:
    index: int
    batches: int
    missing_intervals: tuple[int, ...]
    lost: str | None  # why, in words; None for a worker that finished
    cpu_share: float  # CPU seconds per second of the run, 1.0 = one core
    loop_lag_max_ms: float
    peak_rss_bytes: int
    refused_samples: int
    overflowed_samples: int
    loop_cpu_share: float = 0.0  # as `cpu_share`, of the thread that runs the event loop alone
    saturated_share: float = 0.0  # of the run's seconds: that thread used 95 % of a core or more
    cpu_wait_share: float = 0.0  # of the run: that thread was ready and no CPU was free
    own_lag_ms: float = 0.0  # lags of 20 ms or more of its own making, requests being under way
    own_lag_share: float = 0.0  # of the run, spent in these
    own_lags: int = 0
    own_lag_seconds: int = 0  # seconds of the run that had one
    gc_pause_max_ms: float = 0.0
    gc_pause_ms: float = 0.0  # all pauses together
    gc_full_collections: int = 0  # those that walk every object
    peak_open_files: int = 0  # descriptors: sockets, pipes and files
    throttled_ms: float = 0.0  # the CPU limit of its control group held it, or its like, back
    throttled_share: float = 0.0  # of the run
    throttled_seconds: int = 0  # seconds of the run in which it did
    stalls: tuple[StallSummary, ...] = ()
    seconds: WorkerSeconds = field(default_factory=WorkerSeconds)


@dataclass(frozen=True, slots=True)
class Window:
    """One second of the run, over all workers. Latencies are of successful requests, in ms.

    Counts are of the whole window. In very long runs older windows are longer than a second.
    """

    second: int  # the first one, counted from the run's start
    vus: float
    requests: int
    failed_requests: int
    iterations: int
    dropped_iterations: int
    checks_failed: int
    bytes_received: float
    bytes_sent: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    loop_lag_max_ms: float
    cpu_cores: float  # all workers together
    length_s: int = 1
    censored_requests: int = 0  # cut off in flight in this window; in none of its percentiles
    response_p50_ms: float | None = None  # open model: from when a request was due
    response_p95_ms: float | None = None
    response_p99_ms: float | None = None
    lag_p99_ms: float | None = None  # open model: by how much the generator began late
    phases: tuple[str, ...] = ()  # of the load, by the plan; those that share time with the window
    loop_cpu_share_max: float = 0.0  # of the worker whose event loop's thread was busiest
    cpu_wait_share_max: float = 0.0  # of the worker that waited longest for a CPU
    steal_cores: float = 0.0  # what the hypervisor gave to others
    gc_pause_max_ms: float = 0.0
    gc_full_collections: int = 0
    open_files: int = 0  # of all workers together
    time_wait: int = 0  # connections of this machine that are closed and hold their port yet
    throttled_share_max: float = 0.0  # in which a CPU limit held the generator back
    planned_arrivals: int = 0  # of arrival rates: due in this window by the plan
    started_arrivals: int = 0  # and begun in it, whenever they were due
    requests_per_s: float = 0.0  # what a worker sent of several seconds at one go spread over them
    ws_sessions_open: float = 0.0  # at the window's end
    ws_sessions_failed: int = 0
    ws_msgs_sent: int = 0
    ws_msgs_received: int = 0
    ws_msgs_lost: int = 0  # got no answer in time
    ws_rtt_p50_ms: float | None = None  # of messages that were answered
    ws_rtt_p95_ms: float | None = None
    ws_rtt_p99_ms: float | None = None
    sse_events: int = 0  # of event streams
    tasks_ended: int = 0
    tasks_failed: int = 0  # those that ended otherwise than completed


@dataclass(frozen=True, slots=True)
class PhaseSummary:
    """One phase of one scenario's load, in seconds from the run's start."""

    scenario: str
    phase: str  # warm-up, ramp, steady or ramp-down
    begin_s: float
    end_s: float
    ordered_s: float | None  # how long by the plan; None: iterations decided
    counted: bool = True  # False: left out wherever no phase is named


@dataclass(frozen=True, slots=True)
class Facts:
    """What the run was made with and on: enough to refuse comparing unlike runs later."""

    tool_version: str
    python: str
    uvloop: str
    platform: str
    cpu_model: str
    cpu_count: int
    target: str  # base URL, without credentials
    environment: str  # embedded, embedded with faults, local, staging, production or ""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the generator measures at one rate of a server that takes no time."""

    rate_per_s: float  # requests due per second, evenly spaced
    service_p50_ms: float
    service_p95_ms: float
    service_p99_ms: float
    response_p50_ms: float
    response_p95_ms: float
    response_p99_ms: float
    lag_p99_ms: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the generator itself can do on this machine, measured against a null server on it."""

    processes: int
    connections: int
    cores: int  # that these processes and the null server shared
    payload_bytes: int  # of each answer's body
    max_per_s: float  # requests answered per second, asked for without a pause
    worker_cores: float  # CPU of all workers at that rate
    server_cores: float  # CPU of the null server at that rate
    floors: tuple[Floor, ...]  # by rising rate, at least one


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """What became of one `--out`."""

    name: str  # kind=target, without credentials
    complete: bool  # all that was measured went there
    note: str  # one sentence; empty where there is nothing to say
    seconds: int = 0  # of the run that there were to deliver; 0 for an output of single samples
    lost_seconds: int = 0  # of these, those that did not arrive
    merged_seconds: int = 0  # those that arrived together with others, as the receiver was slow


@dataclass(frozen=True, slots=True)
class Summary:
    """One run, measured and judged."""

    name: str
    file: str
    file_sha256: str
    started_at: str  # RFC 3339
    measured_s: float  # window that rates are computed over: without setup, teardown, warm-up
    verdict: Verdict
    exit_code: ExitCode
    reasons: tuple[str, ...]  # sentences behind the verdict, the decisive one first
    facts: Facts
    plan: Mapping[str, object]  # the resolved plan in plain values
    thresholds: tuple[ThresholdResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    metrics: Mapping[str, MetricSummary] = field(default_factory=dict)  # sub-metrics included
    endpoints: tuple[EndpointSummary, ...] = ()
    exceptions: tuple[ExceptionSummary, ...] = ()
    requests: tuple[RequestSummary, ...] = ()  # some failures of each kind, then the slowest
    ledger: Mapping[str, Ledger] = field(default_factory=dict)
    workers: tuple[WorkerSummary, ...] = ()
    windows: tuple[Window, ...] = ()
    phases: tuple[PhaseSummary, ...] = ()
    calibration: Calibration | None = None  # of the generator, right before the run, if asked for
    baselines: BaselineReport | None = None  # of its scenario; None: there are none, or unasked
    outputs: tuple[OutputSummary, ...] = ()
    schema_version: str = SCHEMA_VERSION
