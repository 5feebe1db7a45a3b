"""The shape of a scenario file's `options`, for type checkers and editors.

Keys are spelt as in k6; `docs/options.md` says what each one does. The loader also reads them in
snake_case, which these types leave out so that a typed file has one spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from typing import Literal, Required, TypedDict

Duration = str | timedelta
"""`"30s"`, `"1m30s"`, `"500ms"` or a `timedelta`; never a bare number, which has no unit."""

ExecutorName = Literal[
    "constant-vus",
    "ramping-vus",
    "shared-iterations",
    "per-vu-iterations",
    "constant-arrival-rate",
    "ramping-arrival-rate",
    "shaped-vus",
    "shaped-arrival-rate",
]

LoadShape = Callable[[float], float | None]
"""Seconds since the scenario began, to virtual users or arrivals in a `timeUnit`; None stops it.

Of `shaped-vus` it must return whole numbers.
"""


class StageOptions(TypedDict):
    """A straight line from the load before it to `target` virtual users, or arrivals."""

    duration: Duration
    target: int


class ThresholdOptions(TypedDict, total=False):
    """A criterion that may end the run early."""

    threshold: Required[str]
    abortOnFail: bool
    delayAbortEval: Duration


class ScenarioOptions(TypedDict, total=False):
    """One workload. Which keys apply depends on the executor."""

    executor: Required[ExecutorName]
    exec: str
    startTime: Duration
    gracefulStop: Duration
    warmUp: Duration
    env: Mapping[str, str]
    tags: Mapping[str, str]
    vus: int
    duration: Duration
    iterations: int
    maxDuration: Duration
    startVUs: int
    stages: Sequence[StageOptions]
    gracefulRampDown: Duration
    rate: int
    startRate: int
    timeUnit: Duration
    preAllocatedVUs: int
    maxVUs: int
    spacing: Literal["uniform", "poisson"]
    whenBusy: Literal["drop", "queue"]
    shape: LoadShape | str
    step: Duration


class ClientCertificateOptions(TypedDict, total=False):
    """What to show servers that ask for a certificate; files in PEM."""

    cert: Required[str | PathLike[str]]
    key: str | PathLike[str]
    password: str
    domains: Sequence[str]


class DnsOptions(TypedDict, total=False):
    """How host names are looked up."""

    ttl: Duration
    select: Literal["first", "random", "roundRobin"]
    policy: Literal["preferIPv4", "preferIPv6", "onlyIPv4", "onlyIPv6", "any"]


class Options(TypedDict, total=False):
    """A scenario file's module-level `options`."""

    vus: int
    duration: Duration
    iterations: int
    stages: Sequence[StageOptions]
    scenarios: Mapping[str, ScenarioOptions]
    warmUp: Duration
    thresholds: Mapping[str, Sequence[str | ThresholdOptions]]
    defaultGates: bool
    excludeWarmUp: bool
    tags: Mapping[str, str]
    setupTimeout: Duration
    teardownTimeout: Duration
    minIterationDuration: Duration
    summaryTrendStats: Sequence[str]
    httpTimeout: Duration
    connectTimeout: Duration
    tlsHandshakeTimeout: Duration
    connectionMaxAge: Duration
    connectionMaxIdle: Duration
    dns: DnsOptions
    maxRedirects: int
    userAgent: str
    insecureSkipTLSVerify: bool
    noConnectionReuse: bool
    noVUConnectionReuse: bool
    noCookiesReset: bool
    throw: bool
    hosts: Mapping[str, str]
    tlsAuth: Sequence[ClientCertificateOptions]
    tlsCAFile: str | PathLike[str]
    proxy: str
    proxyFromEnvironment: bool
    foldUrls: bool
    discardResponseBodies: bool
    traceShare: float
    requestSamples: bool
    batch: int
    batchPerHost: int
