"""The test plan: everything a run will do, fixed before the first request.

All durations are nanoseconds, all counts are of the whole run; a worker computes its own share
(`atlas_perf.schedule`). Values here are already validated: the loader and the CLI refuse the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from atlas_perf.model.feed import FeedPlan
from atlas_perf.model.metric import BUILTIN_METRICS, Metric
from atlas_perf.model.phase import LoadPhase
from atlas_perf.units import NS_PER_S

MOST = 10**15
"""Of anything that is counted in a plan: more is a slip of the keyboard, and less than 64 bits."""

LONGEST_RUN_S = 31 * 86_400
"""A batch that speaks of a later second is damaged, so no plan may last as long."""

DEFAULT_GRACEFUL_STOP_NS = 30 * NS_PER_S
DEFAULT_MAX_DURATION_NS = 600 * NS_PER_S
DEFAULT_TREND_STATS = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")


@dataclass(frozen=True, slots=True)
class Stage:
    """A straight line from wherever the load is to `target`, taking `duration_ns`."""

    duration_ns: int
    target: int


@dataclass(frozen=True, slots=True)
class ConstantVUs:
    """`constant-vus`: a fixed number of virtual users iterate until the time is up."""

    vus: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class RampingVUs:
    """`ramping-vus`: the number of virtual users follows the stages."""

    start_vus: int
    stages: tuple[Stage, ...]
    graceful_ramp_down_ns: int = DEFAULT_GRACEFUL_STOP_NS
    step_ns: int = 0  # of a shape: what is held no longer than this is a step of a ramp


@dataclass(frozen=True, slots=True)
class SharedIterations:
    """`shared-iterations`: a fixed number of iterations, taken by whichever user is free."""

    vus: int
    iterations: int
    max_duration_ns: int = DEFAULT_MAX_DURATION_NS


@dataclass(frozen=True, slots=True)
class PerVUIterations:
    """`per-vu-iterations`: each virtual user runs the same number of iterations."""

    vus: int
    iterations: int
    max_duration_ns: int = DEFAULT_MAX_DURATION_NS


class Spacing(StrEnum):
    """How arrivals lie in the area under the curve of their rate."""

    UNIFORM = "uniform"  # evenly
    POISSON = "poisson"  # independently of each other


class WhenBusy(StrEnum):
    """What becomes of an arrival that finds every virtual user busy, and none left to make."""

    DROP = "drop"  # it is counted and never starts, as in k6
    QUEUE = "queue"  # it waits for a user, and its response time includes the wait, as in wrk2


@dataclass(frozen=True, slots=True)
class ConstantArrivalRate:
    """`constant-arrival-rate`: `rate` iterations are due in each time unit, whoever is free."""

    rate: int
    duration_ns: int
    pre_allocated_vus: int
    max_vus: int
    time_unit_ns: int = NS_PER_S
    spacing: Spacing = Spacing.UNIFORM
    when_busy: WhenBusy = WhenBusy.DROP


@dataclass(frozen=True, slots=True)
class RampingArrivalRate:
    """`ramping-arrival-rate`: the rate follows the stages, whose targets are per time unit."""

    stages: tuple[Stage, ...]
    pre_allocated_vus: int
    max_vus: int
    start_rate: int = 0
    time_unit_ns: int = NS_PER_S
    spacing: Spacing = Spacing.UNIFORM
    when_busy: WhenBusy = WhenBusy.DROP


ArrivalRate = ConstantArrivalRate | RampingArrivalRate
"""The open model: iterations begin when they are due, not when a user is done with the last."""

Executor = ConstantVUs | RampingVUs | SharedIterations | PerVUIterations | ArrivalRate

EXECUTOR_NAMES: Mapping[type[Executor], str] = {
    ConstantVUs: "constant-vus",
    RampingVUs: "ramping-vus",
    SharedIterations: "shared-iterations",
    PerVUIterations: "per-vu-iterations",
    ConstantArrivalRate: "constant-arrival-rate",
    RampingArrivalRate: "ramping-arrival-rate",
}


def executor_duration_ns(executor: Executor) -> int:
    """How long the executor starts iterations for, graceful stop not included."""
    match executor:
        case ConstantVUs(duration_ns=duration_ns) | ConstantArrivalRate(duration_ns=duration_ns):
            return duration_ns
        case RampingVUs(stages=stages) | RampingArrivalRate(stages=stages):
            return sum(stage.duration_ns for stage in stages)
        case SharedIterations(max_duration_ns=limit_ns) | PerVUIterations(max_duration_ns=limit_ns):
            return limit_ns


def executor_max_vus(executor: Executor) -> int:
    """The largest number of virtual users the executor ever has at once."""
    match executor:
        case RampingVUs(start_vus, stages):
            return max(start_vus, *(stage.target for stage in stages))
        case ConstantArrivalRate(max_vus=most) | RampingArrivalRate(max_vus=most):
            return most
        case ConstantVUs(vus) | SharedIterations(vus) | PerVUIterations(vus):
            return vus


def planned_arrivals(executor: ArrivalRate) -> int:
    """How many iterations an arrival rate makes due over the whole run, whatever their spacing.

    The area under the rate: as in k6 a constant rate begins with an arrival and a ramp does not,
    so that what is left of the area beside whole arrivals is one more there and none here.
    """
    match executor:
        case ConstantArrivalRate(rate=rate, duration_ns=duration_ns, time_unit_ns=unit_ns):
            return -(-rate * duration_ns // unit_ns)
        case RampingArrivalRate(stages=stages, start_rate=begin, time_unit_ns=unit_ns):
            doubled = 0
            for stage in stages:
                doubled += (begin + stage.target) * stage.duration_ns
                begin = stage.target
            return doubled // (2 * unit_ns)


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """One workload of a plan: which function, under which executor, when."""

    name: str
    executor: Executor
    exec: str = "default"
    start_time_ns: int = 0
    graceful_stop_ns: int = DEFAULT_GRACEFUL_STOP_NS
    warm_up_ns: int = 0  # so much of its beginning is a phase of its own; less than all of it
    env: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def end_ns(self) -> int:
        """Offset from the run's start at which the last iteration may begin."""
        return self.start_time_ns + executor_duration_ns(self.executor)


@dataclass(frozen=True, slots=True)
class ThresholdPlan:
    """A criterion as written; `judge` parses and validates it before the run."""

    selector: str  # metric{tag:value}
    expression: str  # p(95)<500
    abort_on_fail: bool = False
    delay_abort_eval_ns: int = 0
    place: str = field(default="", compare=False)  # api.py:12; empty for a flag's


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What to show servers that ask who is there; files in PEM, read when the run starts."""

    cert: str
    key: str  # the file of `cert` again if it holds both
    password: str | None = field(default=None, repr=False)
    domains: tuple[str, ...] = ()  # `api.example`, `*.example`; none: all servers


@dataclass(frozen=True, slots=True)
class DnsOptions:
    """How host names are looked up, and which of their addresses a connection goes to."""

    ttl_ns: int | None = 300 * NS_PER_S  # 0: for every connection anew; None: once for ever
    select: str = "roundRobin"  # or first, random
    policy: str = "preferIPv4"  # or preferIPv6, onlyIPv4, onlyIPv6, any


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Requests may go to these hosts only: `api.example`, `*.example`, `10.0.0.0/8`."""

    patterns: tuple[str, ...]
    place: str  # where it is written: atlas-perf.toml


@dataclass(frozen=True, slots=True)
class RateCeiling:
    """A run that makes more requests in a second is ended."""

    per_s: float
    place: str


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How every virtual user speaks HTTP unless a request says otherwise; k6's options."""

    timeout_ns: int = 60 * NS_PER_S
    max_redirects: int = 10
    user_agent: str | None = None  # None: atlas-perf/<version>
    insecure_skip_tls_verify: bool = False
    no_connection_reuse: bool = False
    no_vu_connection_reuse: bool = False
    no_cookies_reset: bool = False
    throw: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)  # host[:port] -> address[:port]
    tls_auth: tuple[ClientCertificate, ...] = ()
    tls_ca_file: str | None = None  # trusted besides the system's authorities
    proxy: str | None = None  # http://[user:password@]host[:port], for every request
    proxy_from_environment: bool = False  # HTTP_PROXY, HTTPS_PROXY, NO_PROXY
    fold_urls: bool = True
    discard_response_bodies: bool = False
    batch: int = 20  # requests of one `batch` call at once
    batch_per_host: int = 6  # connections of one user to one host, as browsers have
    allowed_hosts: tuple[AllowedHosts, ...] = ()  # a host must be in each; none: any host
    connect_timeout_ns: int | None = None  # name lookup, TCP and a proxy's tunnel
    tls_handshake_timeout_ns: int | None = None
    connection_max_age_ns: int | None = None
    connection_max_idle_ns: int | None = None
    dns: DnsOptions = field(default_factory=DnsOptions)
    trace_share: float | None = None  # of requests whose traces are recorded; None: no traceparent
    request_samples: bool = True  # tell of some failures and of the slowest by themselves


@dataclass(frozen=True, slots=True)
class TestPlan:
    """Everything that is decided before a run begins."""

    __test__ = False  # pytest: this is no test class

    name: str  # of the scenario file, e.g. "api"
    file: str
    file_sha256: str
    scenarios: tuple[ScenarioPlan, ...]
    thresholds: tuple[ThresholdPlan, ...] = ()
    default_gates: bool = True
    metrics: tuple[Metric, ...] = ()  # the file's own
    feeds: tuple[FeedPlan, ...] = ()  # in the order the file makes them
    tags: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    http: HttpOptions = field(default_factory=HttpOptions)
    seed: int = 0
    processes: int = 1
    setup_timeout_ns: int = 60 * NS_PER_S
    teardown_timeout_ns: int = 60 * NS_PER_S
    min_iteration_duration_ns: int = 0  # shorter iterations are padded to this; 0: none are
    summary_trend_stats: tuple[str, ...] = DEFAULT_TREND_STATS
    rate_ceiling: RateCeiling | None = None
    keep_samples: bool = False  # some output wants every sample, not only the sketches
    exclude_warm_up: bool = True  # from all that does not ask for it by name
    has_setup: bool = False  # the file does something before the load
    has_teardown: bool = False  # and after it

    @property
    def end_ns(self) -> int:
        """Offset from the run's start at which the last iteration of any scenario may begin."""
        return max(scenario.end_ns for scenario in self.scenarios)

    @property
    def all_metrics(self) -> Mapping[str, Metric]:
        """Every metric of the run by its name: the built-in ones and the file's own."""
        return {**BUILTIN_METRICS, **{metric.name: metric for metric in self.metrics}}

    @property
    def uncounted_phase(self) -> LoadPhase | None:
        """The phase whose samples are left out of totals unless a selector names a phase."""
        warms_up = any(scenario.warm_up_ns for scenario in self.scenarios)
        return LoadPhase.WARM_UP if warms_up and self.exclude_warm_up else None

    @property
    def max_vus(self) -> int:
        return sum(executor_max_vus(scenario.executor) for scenario in self.scenarios)
